"""What numbers reads from its environment."""

from datetime import timedelta

from pydantic import Field, HttpUrl, SecretStr, field_validator

from libs.common.settings import SHORTEST_SECRET, ServiceSettings
from services.numbers.integrations.telephony import read_secrets
from services.numbers.use_cases.quarantines import Retention


class Settings(ServiceSettings):
    """Where browsers reach the export routes, and what signs their links.

    `cors_origins` are the origins of pages that may fetch exports, with commas, as at the gateway.

    `call_secrets` sign the calls that are told over HTTP; without them none are taken so.
    Base64 of 24 bytes or more, `whsec_` before it or not; two with a comma while one takes the
    other's place.

    How many days a number stays in the tab of the disabled, and then in quarantine.
    """

    public_url: HttpUrl
    download_secret: SecretStr = Field(min_length=SHORTEST_SECRET)
    allow_fictional_numbers: bool = False
    cors_origins: str = ""
    call_secrets: SecretStr | None = None
    disabled_days: int = Field(default=30, ge=1)
    quarantine_days: int = Field(default=30, ge=1)

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @property
    def retention(self) -> Retention:
        return Retention(
            disabled=timedelta(days=self.disabled_days),
            quarantined=timedelta(days=self.quarantine_days),
        )

    @field_validator("call_secrets")
    @classmethod
    def _are_secrets(cls, secrets: SecretStr | None) -> SecretStr | None:
        if secrets is not None:
            read_secrets(secrets.get_secret_value())
        return secrets
