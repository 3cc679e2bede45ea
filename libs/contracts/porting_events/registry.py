"""What porting says to everybody, and what it is told from outside: every type, written out."""

from typing import Final

from libs.common.events import Fact
from libs.contracts.porting_events.letters import (
    LetterDeclined,
    LetterExpired,
    LetterSealed,
    LetterSent,
    LetterSigned,
    LetterSuperseded,
    LetterViewed,
    PinUsed,
)
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
    PortDeclined,
    PortSentToCarrier,
    PortSubmitted,
    ReviewStarted,
)
from libs.contracts.porting_events.support_cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    MessagePosted,
)

PORTING_EVENTS: Final[tuple[type[Fact], ...]] = (
    DraftChanged,
    PortSubmitted,
    PortAuthorized,
    LetterSent,
    LetterViewed,
    PortDeclined,
    LetterSigned,
    LetterDeclined,
    LetterExpired,
    LetterSuperseded,
    LetterSealed,
    PinUsed,
    LinesReadied,
    ReviewStarted,
    ActionRequired,
    LinesPreconfigured,
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
    CaseOpened,
    MessagePosted,
    CaseClosed,
    CaseReopened,
)
PORTING_REPORTS: Final[tuple[type[Fact], ...]] = (PortOutReported,)
