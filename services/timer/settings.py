"""What the timer reads from the environment: nothing yet beside what all services share (BATON_SETTLE is one of those)."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the timer alone; each field would be one environment variable."""

    model_config = SettingsConfigDict(env_prefix="BATON_", env_file=".env", extra="ignore")
