"""The settings of the notifier."""

from email.headerregistry import Address
from email.utils import parseaddr

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the notifier alone; each field is one environment variable."""

    model_config = SettingsConfigDict(env_prefix="BATON_", env_file=".env", extra="ignore")

    smtp_host: str = Field("", description="The mail server; without it mails wait and are tried again.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_username: str = Field("", description="User, when it asks for one.")
    smtp_password: str = Field("", description="Password, when it asks for one.")
    smtp_starttls: bool | None = Field(None, description="STARTTLS: true, false, or empty for whenever it is offered.")
    smtp_tls: bool = Field(False, description="TLS from the first byte (port 465).")
    smtp_from: str = Field("Baton <baton@localhost>", description="Who the mails are from.")

    @field_validator("smtp_starttls", mode="before")
    @classmethod
    def _offered(cls, value: object) -> object:
        """Read an empty value as: whenever the server offers it."""
        return None if value == "" else value

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        """Refuse a sender that is not a valid address."""
        name, address = parseaddr(value)
        try:
            usable = bool(Address(name, addr_spec=address).domain)
        except Exception as error:
            raise ValueError("it is not an address, like `Baton <baton@example.com>`") from error
        if not usable:
            raise ValueError("it is not an address, like `Baton <baton@example.com>`")
        return value
