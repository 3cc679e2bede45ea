"""Every event type: who says it, on which exchange, and which services do something with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from libs.common.broker import Queue
from libs.common.consumer import Consumes, Ignored
from libs.common.events import Fact
from libs.contracts.number_events import NUMBER_EVENTS
from libs.contracts.number_reports import NUMBER_REPORTS
from libs.contracts.porting_events.registry import PORTING_EVENTS, PORTING_REPORTS
from libs.contracts.topology import EVENTS, REPORTS, TOPOLOGY
from services.notifications.consumers import consumes as notifications_consumes
from services.numbers.consumers import CONSUMES as NUMBERS_CONSUMES
from services.porting.consumers import CONSUMES as PORTING_CONSUMES

# Whose contract it is: what a service says, and what it hears from outside.
_SAID: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "porting": PORTING_EVENTS,
    "numbers": NUMBER_EVENTS,
}
_HEARD: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "porting": PORTING_REPORTS,
    "numbers": NUMBER_REPORTS,
}
OWNERS: Final = tuple(_SAID)


@dataclass(frozen=True, kw_only=True)
class EventType:
    """`owner` says it, or hears it from outside; `consumers` are services by their queue."""

    fact: type[Fact]
    owner: str
    exchange: str
    consumers: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.fact.type

    @property
    def comes_in(self) -> bool:
        return self.exchange == REPORTS

    @property
    def description(self) -> str:
        """Its own docstring: one that is inherited tells of another class."""
        return clean_text(self.fact.__dict__.get("__doc__") or "")

    @property
    def sentence(self) -> str:
        """When it is said, in one line."""
        return self.description.split("\n\n")[0].replace("\n", " ")


def list_event_types() -> list[EventType]:
    """In the order of the registries: each owner's events, then what it hears."""
    hearers = _find_hearers()
    return [
        EventType(
            fact=fact,
            owner=owner,
            exchange=exchange,
            consumers={
                queue.name: service
                for queue, service, heard in hearers
                if fact in heard and queue.exchange == exchange and is_bound(queue, fact.type)
            },
        )
        for owner in OWNERS
        for exchange, facts in ((EVENTS, _SAID[owner]), (REPORTS, _HEARD[owner]))
        for fact in facts
    ]


def is_bound(queue: Queue, routing_key: str) -> bool:
    """As a topic exchange matches: `*` is one word, `#` any number of them."""
    return any(re.fullmatch(_pattern(key), routing_key) for key in queue.keys)


def clean_text(text: str) -> str:
    """A docstring without its indentation."""
    return re.sub(r"\n[ ]+", "\n", text).strip()


def _pattern(key: str) -> str:
    if key == "#":
        return r".*"
    words = [r"[^.]+" if word == "*" else re.escape(word) for word in key.split(".")]
    return r"\.".join(words).replace(r"\.\#", r"(\.[^.]+)*").replace(r"\#\.", r"([^.]+\.)*")


def _find_hearers() -> list[tuple[Queue, str, frozenset[type[Fact]]]]:
    queues = {queue.name: queue for queue in TOPOLOGY.queues}
    all_consumes: Mapping[str, Sequence[Consumes]] = {
        "porting": PORTING_CONSUMES,
        "numbers": NUMBERS_CONSUMES,
        "notifications": notifications_consumes(lambda _changes: None),
    }
    return [
        (queues[consumes.queue], service, _find_heard(consumes))
        for service, consumed in all_consumes.items()
        for consumes in consumed
    ]


def _find_heard(consumes: Consumes) -> frozenset[type[Fact]]:
    """Without what its queue brings and nobody looks at."""
    return frozenset(
        fact
        for subscription in consumes.subscriptions
        if not isinstance(subscription, Ignored)
        for fact in subscription.facts
    )
