"""The settings of the console."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the console alone; each field is one environment variable."""

    model_config = SettingsConfigDict(env_prefix="BATON_", env_file=".env", extra="ignore")

    board_rows: int = Field(100, ge=10, le=1000, description="How many leads the live board shows.")
