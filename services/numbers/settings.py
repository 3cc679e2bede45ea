"""What numbers reads from its environment."""

from pydantic import Field, HttpUrl, SecretStr, field_validator

from libs.common.settings import SHORTEST_SECRET, ServiceSettings
from services.numbers.integrations.telephony import read_secrets


class Settings(ServiceSettings):
    """`call_secrets` sign the calls that are told over HTTP; without them none are taken so.

    Base64 of 24 bytes or more, `whsec_` before it or not; two with a comma while one takes the
    other's place.

    `public_url` is where browsers reach the export routes, `download_secret` signs their links;
    `cors_origins` are the origins of pages that may fetch exports, with commas, as at the gateway.
    """

    call_secrets: SecretStr | None = None
    public_url: HttpUrl
    download_secret: SecretStr = Field(min_length=SHORTEST_SECRET)
    allow_fictional_numbers: bool = False
    cors_origins: str = ""

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @field_validator("call_secrets")
    @classmethod
    def _are_secrets(cls, secrets: SecretStr | None) -> SecretStr | None:
        if secrets is not None:
            read_secrets(secrets.get_secret_value())
        return secrets
