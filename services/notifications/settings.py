"""What notifications reads from its environment."""

from datetime import timedelta

from pydantic import Field

from libs.common.settings import ServiceSettings
from services.notifications.use_cases.telling import Limits


class Settings(ServiceSettings):
    """Where our support team is written to; without an address it is not.

    How long ported lines, first calls and the like gather before one message tells them, and how
    many mails a person gets in an hour: the last of them gathers what is more.
    """

    support_address: str | None = None
    gather_minutes: int = Field(default=10, ge=0)
    mails_per_hour: int = Field(default=20, ge=2)

    @property
    def gather_for(self) -> timedelta:
        return timedelta(minutes=self.gather_minutes)

    @property
    def limits(self) -> Limits:
        return Limits(
            mails_per_hour=self.mails_per_hour, support_address=self.support_address or None
        )
