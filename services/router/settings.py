"""The router's own settings: none yet besides those that all services share."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the router alone; each field is one environment variable."""

    model_config = SettingsConfigDict(env_prefix="BATON_", env_file=".env", extra="ignore")
