"""Hearing of porting's ports: what ties an account, kept as small copies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from libs.common.database import Connection
from libs.common.events import Event
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutCancelled,
    PortOutConfirmed,
    PortOutDisputed,
    PortOutDisputeRefused,
    PortOutFact,
    PortOutPorted,
    PortOutReceived,
    PortOutRejected,
    PortOutReturned,
)
from libs.contracts.porting_events.requests import PortSubmitted
from services.numbers.domain.ports_under_way import (
    LeavingNews,
    LeavingState,
    PortRequestNews,
)
from services.numbers.store import ports_under_way as store

# Who disputes that a number left is not through with its port-out.
STATES_AFTER: Final[Mapping[type[PortOutFact], LeavingState]] = {
    PortOutReceived: LeavingState.LEAVING,
    PortOutAuthorized: LeavingState.LEAVING,
    PortOutRejected: LeavingState.STAYED,
    PortOutCancelled: LeavingState.STAYED,
    PortOutPorted: LeavingState.LEFT,
    PortOutDisputed: LeavingState.LEAVING,
    PortOutDisputeRefused: LeavingState.LEFT,
    PortOutReturned: LeavingState.STAYED,
    PortOutConfirmed: LeavingState.CONFIRMED,
}


async def keep_port_requests(connection: Connection, events: Sequence[Event]) -> None:
    """Of each request its submission, or its end."""
    news = []
    for event in events:
        assert isinstance(event.fact, PortRequestFact)
        news.append(
            PortRequestNews(
                port_request_id=event.subject,
                account_id=event.fact.account_id,
                is_open=isinstance(event.fact, PortSubmitted),
                version=event.sequence,
            )
        )
    await store.keep_port_requests(connection, news)


async def keep_leaving_numbers(connection: Connection, events: Sequence[Event]) -> None:
    await store.keep_leaving_numbers(
        connection, [news for event in events for news in _news_of_port_out(event)]
    )


async def find_going_numbers(connection: Connection, event: Event) -> list[PhoneNumber]:
    """Those of the fact that go on leaving: of the others a later fact has come first."""
    assert isinstance(event.fact, PortOutFact)
    numbers = event.fact.tracking_numbers
    staying = await store.find_staying_numbers(connection, event.subject, numbers)
    return [number for number in numbers if number not in staying]


def _news_of_port_out(event: Event) -> Iterator[LeavingNews]:
    """A fact is about the numbers that it names: the port-out's others stay as they are."""
    fact = event.fact
    assert isinstance(fact, PortOutFact)
    numbers = fact.tracking_numbers
    if isinstance(fact, PortOutConfirmed):
        numbers = [fact.tracking_number]
    for number in numbers:
        yield LeavingNews(
            port_out_id=event.subject,
            account_id=fact.account_id,
            phone_number=number,
            state=STATES_AFTER[type(fact)],
            version=event.sequence,
        )
