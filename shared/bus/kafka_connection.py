"""Connection options of the Kafka clients, from the settings."""

import ssl
from typing import Any

from shared.base.settings import Settings


def connection_options(settings: Settings) -> dict[str, Any]:
    """The options of every aiokafka client: servers, protocol, and SASL or TLS where the protocol needs them."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password,
        }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ssl_cafile or None)
    return options
