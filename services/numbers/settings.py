"""What numbers reads from its environment."""

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from libs.common.settings import ServiceSettings
from services.numbers.integrations.telephony import read_secrets
from services.numbers.use_cases.quarantines import Retention


class Settings(ServiceSettings):
    """`call_secrets` sign the calls that are told over HTTP; without them none are taken so.

    Base64 of 24 bytes or more, `whsec_` before it or not; two with a comma while one takes the
    other's place. How many days a number stays in the tab of the disabled, and then in quarantine.
    """

    call_secrets: SecretStr | None = None
    disabled_days: int = Field(default=30, ge=1)
    quarantine_days: int = Field(default=30, ge=1)

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
