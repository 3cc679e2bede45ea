"""Waiting: what a thing waits for, read from the facts about it.

A thing is a request, a letter, a line, a number or a port-out; it waits for one thing at a time.
Of two facts the newer one holds, whatever the order they come in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, cast

from libs.common.events import Event
from libs.contracts.number_events import NumberFact
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.letters import LetterFact
from libs.contracts.porting_events.lines import NamedLine
from libs.contracts.porting_events.port_outs import PortOutFact
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import SCHEDULES

_OF_REQUESTS: Final = (
    Message.DRAFT_IDLE,
    Message.AUTHORIZATION_WAITING,
    Message.PORT_PAST_WINDOW,
)
_OF_NUMBERS: Final = (Message.NOT_CALLED_YET, Message.PORTED_OUT_NOT_DISABLED)
_FIRM: Final = SCHEDULES[Message.FIRM_DATE_NEAR]


class _Versioned(Protocol):
    @property
    def thing(self) -> str: ...
    @property
    def version(self) -> int: ...


class _NamesLines(Protocol):
    lines: Sequence[NamedLine]


_OfThing = TypeVar("_OfThing", bound=_Versioned)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a thing waits for from this version on; None where for nothing."""

    thing: str
    version: int
    awaits: Message | None
    account_id: str
    company_ids: tuple[str, ...]
    port_request_id: str | None


@dataclass(frozen=True, kw_only=True)
class HeardRequest:
    """A request as of this version."""

    id: str
    version: int
    account_id: str
    company_id: str
    requester_id: str
    name: str
    status: str


def newest_of(found: Iterable[_OfThing]) -> list[_OfThing]:
    """Of each thing the one with the highest version."""
    newest: dict[str, _OfThing] = {}
    for each in found:
        known = newest.get(each.thing)
        if known is None or known.version < each.version:
            newest[each.thing] = each
    return list(newest.values())


def requests_in(events: Iterable[Event]) -> list[HeardRequest]:
    """Each once, as the newest of the facts about it says."""
    newest: dict[str, HeardRequest] = {}
    for event in events:
        fact = event.fact
        known = newest.get(event.subject)
        if isinstance(fact, PortRequestFact) and (
            known is None or known.version < event.sequence
        ):
            newest[event.subject] = HeardRequest(
                id=event.subject,
                version=event.sequence,
                account_id=fact.account_id,
                company_id=fact.company_id,
                requester_id=fact.requester_id,
                name=fact.name,
                status=fact.status,
            )
    return list(newest.values())


def waiting_in(events: Iterable[Event]) -> list[Waiting]:
    """Of each thing the newest."""
    return newest_of(each for event in events for each in _waiting(event))


def _waiting(event: Event) -> Iterator[Waiting]:
    match event.fact:
        case PortRequestFact() as fact:
            awaits = _by_status(_OF_REQUESTS, fact.status)
            yield _of_request(event, fact, event.subject, awaits)
            yield from _waiting_parts(event, fact)
        case NumberFact() as fact:
            yield Waiting(
                thing=event.subject,
                version=event.sequence,
                awaits=_by_status(_OF_NUMBERS, fact.state),
                account_id=fact.account_id,
                company_ids=(fact.company_id,),
                port_request_id=fact.port_request_id,
            )
        case PortOutFact() as fact:
            yield Waiting(
                thing=event.subject,
                version=event.sequence,
                awaits=_by_status((Message.PORT_OUT_ANSWER_DUE,), fact.status),
                account_id=fact.account_id,
                company_ids=tuple(fact.company_ids),
                port_request_id=None,
            )
        case _:
            pass


def _waiting_parts(event: Event, fact: PortRequestFact) -> Iterator[Waiting]:
    """A request's letters and lines, each as far as this fact begins or ends their waiting."""
    if isinstance(fact, LetterFact):
        schedule = SCHEDULES[Message.LETTER_UNSIGNED]
        if type(fact) in (*schedule.starts, *schedule.ends):
            awaits = _by_fact(Message.LETTER_UNSIGNED, fact)
            yield _of_request(event, fact, fact.letter_id, awaits)
    elif type(fact) in (*_FIRM.starts, *_FIRM.ends):
        awaits = _by_fact(Message.FIRM_DATE_NEAR, fact)
        for line in cast(_NamesLines, fact).lines:
            yield _of_request(event, fact, line.line_id, awaits)


def _of_request(
    event: Event, fact: PortRequestFact, thing: str, awaits: Message | None
) -> Waiting:
    return Waiting(
        thing=thing,
        version=event.sequence,
        awaits=awaits,
        account_id=fact.account_id,
        company_ids=(fact.company_id,),
        port_request_id=event.subject,
    )


def _by_status(messages: Iterable[Message], status: str) -> Message | None:
    return next((each for each in messages if status in SCHEDULES[each].during), None)


def _by_fact(message: Message, fact: PortRequestFact) -> Message | None:
    return message if type(fact) in SCHEDULES[message].starts else None
