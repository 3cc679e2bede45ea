"""The port desk as a carrier: a person tells, listens and records; nothing is sent from here."""

from collections.abc import Mapping
from typing import Final

from services.porting.domain.carriers import Cancellation, Order
from services.porting.integrations.carriers.protocol import (
    Answer,
    ByHand,
    CallbackRefused,
    CarrierUnreachable,
    Heard,
    OrderState,
)


class Desk:
    name: Final = "desk"

    async def send_order(self, order: Order) -> Answer:  # noqa: ARG002 - a person reads it
        return ByHand()

    async def send_supplement(self, order: Order) -> Answer:  # noqa: ARG002
        return ByHand()

    async def send_cancellation(
        self,
        cancellation: Cancellation,  # noqa: ARG002
    ) -> Answer:
        return ByHand()

    async def look_at(self, reference: str) -> OrderState:  # noqa: ARG002
        raise CarrierUnreachable("a person looks")

    def check_callback(self, headers: Mapping[str, str]) -> None:  # noqa: ARG002
        raise CallbackRefused("nobody calls a desk back")

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Heard:  # noqa: ARG002
        raise CallbackRefused("nobody calls a desk back")

    async def close(self) -> None:
        """Holds nothing."""
