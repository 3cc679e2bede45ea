"""What notifications reads from its environment."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from libs.common.settings import Profile, ServiceSettings
from libs.common.vault import read_keys
from services.notifications.use_cases.telling import Limits


class Settings(ServiceSettings):
    """`webhook_keys` seal secrets: 64 hexadecimal digits each, with commas, the newest first.

    `webhook_loopback` lets receivers be on this machine, over http, for development.
    """

    # Where our support team is written to; without an address it is not.
    support_address: str | None = None
    # How long ported lines, first calls and the like gather before one message tells them.
    gather_minutes: int = Field(default=10, ge=0)
    # How many mails a person gets in an hour: the last of them gathers what is more.
    mails_per_hour: int = Field(default=20, ge=2)

    webhook_keys: SecretStr
    webhook_loopback: bool = False
    # How long a receiver may take for all of its answer (Standard Webhooks: 15 to 30 s).
    webhook_timeout_s: float = Field(default=20, ge=15, le=30)
    # How long two secrets sign after one has taken the other's place.
    webhook_overlap_hours: int = Field(default=24, ge=1)

    @property
    def gather_for(self) -> timedelta:
        return timedelta(minutes=self.gather_minutes)

    @property
    def limits(self) -> Limits:
        return Limits(
            mails_per_hour=self.mails_per_hour, support_address=self.support_address or None
        )

    @property
    def webhook_overlap(self) -> timedelta:
        return timedelta(hours=self.webhook_overlap_hours)

    @field_validator("webhook_keys")
    @classmethod
    def _are_keys(cls, keys: SecretStr) -> SecretStr:
        read_keys(keys.get_secret_value())
        return keys

    @model_validator(mode="after")
    def _send_nothing_to_ourselves(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.webhook_loopback:
            raise ValueError("WEBHOOK_LOOPBACK is refused in production")
        return self
