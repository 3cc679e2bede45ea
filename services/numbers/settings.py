"""What numbers reads from its environment."""

from datetime import timedelta

from pydantic import Field

from libs.common.settings import ServiceSettings
from services.numbers.use_cases.quarantines import Retention


class Settings(ServiceSettings):
    """How many days a number stays in the tab of the disabled, and then in quarantine."""

    disabled_days: int = Field(default=30, ge=1)
    quarantine_days: int = Field(default=30, ge=1)

    @property
    def retention(self) -> Retention:
        return Retention(
            disabled=timedelta(days=self.disabled_days),
            quarantined=timedelta(days=self.quarantine_days),
        )
