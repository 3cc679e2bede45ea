"""What every service reads from its environment; each adds its own fields below these."""

from enum import StrEnum
from typing import Final, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.common.tokens import DEVELOPMENT_ISSUER

# Characters: a shorter one could be guessed from one signature.
SHORTEST_SECRET: Final = 32


class Profile(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


def explain(error: ValidationError) -> list[str]:
    """What is wrong with the environment, by name: a value may be a secret."""
    return [
        f"{'.'.join(map(str, fault['loc'])).upper() or 'SETTINGS'}: {fault['msg']}"
        for fault in error.errors()
    ]


class ServiceSettings(BaseSettings):
    """`database_url` logs in as the service's role, `migrations_url` as the tables' owner.

    Without `metrics_secret` there is no /metrics in production.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    profile: Profile = Profile.PRODUCTION
    host: str = "127.0.0.1"
    listen_port: int = 8000
    database_url: SecretStr
    migrations_url: SecretStr
    amqp_url: SecretStr
    jwks_url: HttpUrl
    jwt_issuer: str
    jwt_audience: str
    otel_exporter_otlp_endpoint: HttpUrl | None = None
    gateway_secret: SecretStr | None = Field(default=None, min_length=SHORTEST_SECRET)
    metrics_secret: SecretStr | None = Field(default=None, min_length=SHORTEST_SECRET)

    @model_validator(mode="after")
    def _stand_firm_in_production(self) -> Self:
        if self.profile is not Profile.PRODUCTION:
            return self
        if self.jwt_issuer == DEVELOPMENT_ISSUER:
            raise ValueError("JWT_ISSUER: the development issuer is refused in production")
        if self.gateway_secret is None:
            raise ValueError("GATEWAY_SECRET is required in production")
        return self
