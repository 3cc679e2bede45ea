"""What every carrier's adapter can do, and how it says that it could not.

CarrierFault
    CarrierUnreachable    no answer, or none that says anything: told again under the same key
    CallbackRefused       not signed by the carrier, or too long ago: 401, nothing is stored
    CallbackUnreadable    signed, but not what was agreed: 422, nothing is stored
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from services.porting.domain.carriers import Cancellation, CarrierMessage, Order, Rejected


class CarrierFault(Exception):
    """`reason` is one word for the log; never what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CarrierUnreachable(CarrierFault):
    pass


class CallbackRefused(CarrierFault):
    pass


class CallbackUnreadable(CarrierFault):
    pass


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The carrier took it. That is no promise: only a change or an error that it shows is.

    `last_modified` is the carrier's mark of the order's state; `sent` what was told, without PIN.
    """

    last_modified: str
    sent: str


@dataclass(frozen=True)
class ByHand:
    """Nothing was sent: a person tells the carrier, and records what it says."""


@dataclass(frozen=True, kw_only=True)
class TurnedDown:
    """The carrier's answer itself is a rejection."""

    rejection: Rejected
    sent: str
    answer: str


Answer: TypeAlias = Taken | ByHand | TurnedDown


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A message and its text as it came."""

    message: CarrierMessage
    raw: str


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """What the carrier shows of an order: everything that it has said so far."""

    last_modified: str
    is_over: bool
    said: Sequence[Heard]


class Carrier(Protocol):
    """A losing carrier, or whoever speaks with it for us.

    Telling the same key twice is telling once. Raises `CarrierUnreachable`.
    """

    @property
    def name(self) -> str: ...

    async def send_order(self, order: Order) -> Answer: ...

    async def send_supplement(self, order: Order) -> Answer: ...

    async def send_cancellation(self, cancellation: Cancellation) -> Answer: ...

    async def look_at(self, reference: str) -> OrderState: ...

    def check_callback(self, headers: Mapping[str, str]) -> None:
        """What can be refused before the body is read. Raises `CallbackRefused`."""

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Heard:
        """Raises `CallbackRefused` or `CallbackUnreadable`."""

    async def close(self) -> None: ...
