"""What porting says to everybody, and what it is told from outside: every type, written out."""

from typing import Final

from libs.common.events import Fact
from libs.contracts.porting_events.desk import (
    CarrierOrdersChanged,
    FirmDateRequested,
    PortClaimed,
    PortReleased,
)
from libs.contracts.porting_events.letters import LetterSigned
from libs.contracts.porting_events.lines import LinesApproved, LinesPorted, LinesReadied
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutChecklistChanged,
    PortOutConfirmed,
    PortOutPorted,
    PortOutReceived,
    PortOutReported,
    PortOutScheduled,
)
from libs.contracts.porting_events.requests import (
    ActionRequired,
    DraftChanged,
    LinesPreconfigured,
    PortApproved,
    PortAuthorized,
    PortCompleted,
    PortSentToCarrier,
    PortSubmitted,
    ReviewStarted,
)

PORTING_EVENTS: Final[tuple[type[Fact], ...]] = (
    DraftChanged,
    PortSubmitted,
    PortAuthorized,
    LetterSigned,
    LinesReadied,
    ReviewStarted,
    ActionRequired,
    LinesPreconfigured,
    PortClaimed,
    PortReleased,
    CarrierOrdersChanged,
    FirmDateRequested,
    PortSentToCarrier,
    LinesApproved,
    PortApproved,
    LinesPorted,
    PortCompleted,
    PortOutReceived,
    PortOutAuthorized,
    PortOutScheduled,
    PortOutPorted,
    PortOutChecklistChanged,
    PortOutConfirmed,
)
PORTING_REPORTS: Final[tuple[type[Fact], ...]] = (PortOutReported,)
