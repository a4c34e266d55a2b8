"""Settings that every service reads from the environment (prefix BATON_), once, at the start."""

import os
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.base.errors import CannotStart


class Settings(BaseSettings):
    """Settings that all services share; each field is one environment variable."""

    model_config = SettingsConfigDict(env_prefix="BATON_", env_file=".env", extra="ignore")

    data_dir: Path = Field(
        Path("baton-data"),
        description="Where embedded mode keeps its SQLite files and keys.",
    )
    bus: Literal["embedded", "kafka"] = Field("embedded", description="What carries events between services.")
    database_url: str = Field(
        "",
        description="postgresql+asyncpg://... for the wide form; empty: SQLite files.",
    )
    kafka_bootstrap_servers: str = Field("", description="Brokers, host:port, comma separated.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Protocol to the brokers."
    )
    kafka_sasl_mechanism: str = Field("SCRAM-SHA-512", description="SASL mechanism, when the protocol is SASL.")
    kafka_sasl_username: str = Field("", description="SASL user.")
    kafka_sasl_password: str = Field("", description="SASL password.")
    kafka_ssl_cafile: str = Field("", description="Certificate authority of the brokers, a PEM file.")
    kafka_topic_prefix: str = Field("baton", description="Topics are named PREFIX.leads and so on.")
    kafka_partitions: int = Field(
        6,
        ge=1,
        le=1000,
        description="Partitions of a topic when it is created; choose it up front.",
    )
    kafka_replication: int = Field(
        1,
        ge=1,
        le=9,
        description="Replicas of a topic when it is created; 3 in production.",
    )
    kafka_fetch_wait: int = Field(
        10,
        ge=1,
        le=5000,
        description="Longest wait of a fetch at the broker, milliseconds.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        "",
        description="How people and senders reach this installation; empty: http://host:port.",
    )
    url: str = Field("", description="Where commands find a live system.")
    admin_key: str = Field("", description="The API key that commands use.")
    clock: Literal["database", "row"] = Field("database", description="Where business time comes from.")
    settle: timedelta = Field(
        timedelta(seconds=2),
        description="How long the timer waits after the due instant before it declares a breach.",
    )
    secret_keys: str = Field("", description="Keys to seal and sign, newest first, comma separated.")
    agreement: str = Field("", description="An agreement file that becomes the next draft at the start.")
    log_format: Literal["json", "text"] = Field("json", description="How to log.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What to log.")

    @field_validator("settle", mode="before")
    @classmethod
    def _seconds(cls, value: object) -> object:
        """Accept `2 s`, `500 ms` and plain seconds."""
        if isinstance(value, str):
            text = value.strip()
            try:
                if text.endswith("ms"):
                    return timedelta(milliseconds=float(text[:-2]))
                return timedelta(seconds=float(text.removesuffix("s")))
            except (ValueError, OverflowError) as error:
                raise ValueError(f"{text!r} is no duration; write 2s or 500ms") from error
        return value

    @field_validator("public_url", "url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in ("http", "https") and parts.hostname):
            raise ValueError(f"{value!r} is no URL; write https://host")
        return value

    @property
    def embedded(self) -> bool:
        """Whether everything runs in one process on SQLite files."""
        return self.bus == "embedded"

    def require_one_width(self) -> None:
        """Refuse a mix of the embedded form (SQLite) and the wide form (Kafka, PostgreSQL). Raises CannotStart."""
        if self.embedded and self.database_url:
            raise CannotStart(
                "BATON_BUS is embedded but BATON_DATABASE_URL is set; set BATON_BUS=kafka too, or unset the URL."
            )
        if not self.embedded and not self.database_url.startswith("postgresql+asyncpg://"):
            raise CannotStart("BATON_BUS is kafka, so BATON_DATABASE_URL must be set to postgresql+asyncpg://...")
        if not self.embedded and not self.kafka_bootstrap_servers:
            raise CannotStart("BATON_BUS is kafka, so BATON_KAFKA_BOOTSTRAP_SERVERS must name at least one broker.")


S = TypeVar("S", bound=BaseSettings)


def load(cls: type[S], **overrides: object) -> S:
    """Read a settings class from the environment. Raises CannotStart naming the setting that is unusable."""
    try:
        return cls(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "BATON_" + "_".join(str(part) for part in first["loc"]).upper()
        raise CannotStart(f"The setting {name} is unusable: {first['msg'].removeprefix('Value error, ')}.") from error


def refuse_unknown(*classes: type[BaseSettings]) -> None:
    """Stop the start when the environment holds a BATON_ name that no settings class knows. Raises CannotStart."""
    known = {f"BATON_{name}".upper() for cls in classes for name in cls.model_fields}
    for name in sorted(os.environ):
        if name.startswith("BATON_") and name not in known and not name.startswith("BATON_TEST_"):
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise CannotStart(f"The setting {name} is unknown.{hint}")
