"""What we tell a carrier and what it says: the same words for every carrier."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import Subscriber


class Telling(StrEnum):
    """What we tell; a supplement is an order again, with what was corrected."""

    ORDER = "ORDER"
    SUPPLEMENT = "SUPPLEMENT"
    CANCELLATION = "CANCELLATION"


class MessageDirection(StrEnum):
    TOLD = "OUT"
    HEARD = "IN"


class MessageState(StrEnum):
    """What we tell is `waiting`, then `sent`; what we hear is `waiting`, then worked."""

    WAITING = "waiting"
    SENT = "sent"
    DONE = "done"
    BY_HAND = "by_hand"
    APPLIED = "applied"
    NOTED = "noted"
    IGNORED = "ignored"
    REFUSED = "refused"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class MessageRecord:
    """What went between us and a carrier, and what became of it. `raw` has no PIN."""

    id: str
    direction: MessageDirection
    kind: str
    carrier: str | None
    reference: str
    order_version: int | None
    port_request_id: str | None
    numbers: Sequence[str] | None
    raw: str | None
    state: MessageState
    reason: str | None
    times: int
    attempts: int
    confirmed_at: datetime | None
    recorded_at: datetime
    next_attempt_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """`version` and `reference` together are what a carrier takes once."""

    reference: str
    version: int
    numbers: tuple[PhoneNumber, ...]

    @property
    def key(self) -> str:
        return f"{self.reference}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class Order(Cancellation):
    """`pin` is in memory while it is told, and nowhere else."""

    letter_reference: str
    subscriber: Subscriber = field(repr=False)
    pin: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """`numbers` None means all of the order; `version` None that the carrier does not echo it."""

    message_id: str
    reference: str
    said_at: datetime
    version: int | None = None
    numbers: tuple[PhoneNumber, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted(_Said):
    """The carrier has it and looks at it; nothing is promised yet."""

    kind: Literal["ACCEPTED"] = "ACCEPTED"


@dataclass(frozen=True, kw_only=True)
class FirmDateGiven(_Said):
    firm_date: date
    kind: Literal["FIRM_DATE"] = "FIRM_DATE"


@dataclass(frozen=True, kw_only=True)
class Rejected(_Said):
    """`code` is the carrier's own, or ours; `text` its words."""

    code: str
    text: str
    kind: Literal["REJECTED"] = "REJECTED"


@dataclass(frozen=True, kw_only=True)
class ActivationStarted(_Said):
    kind: Literal["ACTIVATION"] = "ACTIVATION"


@dataclass(frozen=True, kw_only=True)
class Ported(_Said):
    ported_at: datetime
    kind: Literal["PORTED"] = "PORTED"


@dataclass(frozen=True, kw_only=True)
class Cancelled(_Said):
    kind: Literal["CANCELLED"] = "CANCELLED"


@dataclass(frozen=True, kw_only=True)
class ConflictRaised(_Said):
    code: str
    text: str
    kind: Literal["CONFLICT"] = "CONFLICT"


CarrierMessage: TypeAlias = (
    Accepted
    | FirmDateGiven
    | Rejected
    | ActivationStarted
    | Ported
    | Cancelled
    | ConflictRaised
)

# A later word takes back an earlier one of these: what comes late is listed as ignored. The
# others stay true however late they come.
TAKEN_BACK: Final = frozenset({"FIRM_DATE", "REJECTED", "CANCELLED", "CONFLICT"})
