"""Events as numbers records them: states of inventory numbers, each at its next version."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from libs.common.events import Event, Fact, make_event
from libs.common.ids import new_id
from libs.contracts.number_events import NumberPortedIn
from libs.contracts.phone_number import PhoneNumber

ACCOUNT = new_id("acc")
COMPANY = new_id("co")


def describe_ported_in(phone_number: PhoneNumber) -> Fact:
    return NumberPortedIn(
        account_id=ACCOUNT,
        company_id=COMPANY,
        tracking_number=phone_number,
        state="AWAITING_FIRST_CALL",
        port_request_id="pr_01jdqk2r8ce5qv1m4b4m2a9x7e",
        ported_at=datetime.now(UTC),
    )


class Numbers:
    """Inventory numbers of which each next event is made in turn."""

    def __init__(self, how_many: int) -> None:
        self._facts = [
            (new_id("num"), describe_ported_in(PhoneNumber(f"+1212555{place:04d}")))
            for place in range(how_many)
        ]
        self._events = self._make()

    def next_events(self, how_many: int) -> list[Event]:
        return [next(self._events) for _ in range(how_many)]

    def _make(self) -> Iterator[Event]:
        for version in count(1):
            for subject, fact in self._facts:
                yield make_event(
                    fact,
                    subject=subject,
                    sequence=version,
                    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                    time=datetime.now(UTC),
                )
