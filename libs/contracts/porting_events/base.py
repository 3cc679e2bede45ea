"""What every fact of porting about a port request begins with."""

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from libs.common.events import Fact

LINES_PER_EVENT: Final = 500


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PortRequestFact(Fact):
    """`subject` is the port request. Carries counts of its lines by state, never the lines.

    An internal one is left out of the history that customers read.
    """

    is_internal: ClassVar[bool] = False
    account_id: str
    company_id: str
    requester_id: str
    name: str
    status: str
    line_counts: dict[str, int]


class LineBatchFact(PortRequestFact):
    """Lines of one transition travel in batches: this is number `batch` (from 1) of `of`."""

    batch: int
    of: int
