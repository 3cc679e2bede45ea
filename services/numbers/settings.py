"""What numbers reads from its environment."""

from pydantic import SecretStr, field_validator

from libs.common.settings import ServiceSettings
from services.numbers.integrations.telephony import read_secrets


class Settings(ServiceSettings):
    """`call_secrets` sign the calls that are told over HTTP; without them none are taken so.

    Base64 of 24 bytes or more, `whsec_` before it or not; two with a comma while one takes the
    other's place.
    """

    call_secrets: SecretStr | None = None

    @field_validator("call_secrets")
    @classmethod
    def _are_secrets(cls, secrets: SecretStr | None) -> SecretStr | None:
        if secrets is not None:
            read_secrets(secrets.get_secret_value())
        return secrets
