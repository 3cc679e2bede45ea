"""The characters of the emulated carrier: what each says of an order, when, and how often."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Visit:
    """An order, or a supplement to one, as it comes in."""

    is_supplement: bool
    pin: str | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that the carrier says `after` so many of its hours.

    `calls_back` false: it only shows, to who asks. `delays` are when each copy of the callback
    leaves, in hours after it was said; more than one is a carrier that repeats itself.
    """

    after: float
    type: str
    said: Mapping[str, Any] = field(default_factory=dict)
    calls_back: bool = True
    delays: Sequence[float] = (0.0,)


Character = Callable[[Visit, Random], list[Step]]


def _prompt(_visit: Visit, _random: Random) -> list[Step]:
    return [
        Step(after=0.2, type="accepted"),
        Step(after=1, type="firm_date", said={"firmDate": _today()}),
        Step(after=2, type="activation"),
        Step(after=3, type="ported", said=PORTED_NOW),
    ]


def _slow(visit: Visit, random: Random) -> list[Step]:
    return [replace(step, after=step.after * 4) for step in _prompt(visit, random)]


def _silent(_visit: Visit, _random: Random) -> list[Step]:
    return []


def _rejects_pin(visit: Visit, random: Random) -> list[Step]:
    if visit.is_supplement and visit.pin:
        return _prompt(visit, random)
    return [Step(after=0.2, type="accepted"), Step(after=1, type="rejected", said=WRONG_PIN)]


def _changes_date(visit: Visit, random: Random) -> list[Step]:
    first = Step(after=0.5, type="firm_date", said={"firmDate": _today() + timedelta(days=3)})
    accepted, *rest = _prompt(visit, random)
    return [accepted, first, *rest]


def _answers_twice_and_out_of_order(visit: Visit, random: Random) -> list[Step]:
    return [
        replace(step, delays=(random.uniform(0, 4), random.uniform(0, 4)))
        for step in _prompt(visit, random)
    ]


def _date_in_two_hours(visit: Visit, random: Random) -> list[Step]:
    """A date that leaves nobody time: today, two hours from now."""
    _accepted, firm, activation, ported = _prompt(visit, random)
    at = (datetime.now(UTC) + timedelta(hours=2)).date()
    return [
        replace(firm, after=0.2, said={"firmDate": at}),
        replace(activation, after=2.2),
        replace(ported, after=2.4),
    ]


def _says_200_then_rejects(visit: Visit, random: Random) -> list[Step]:
    """Its 200 to a supplement is worth as little, and it calls nobody: only who looks, sees."""
    if visit.is_supplement and visit.pin:
        return _prompt(visit, random)
    return [Step(after=1, type="rejected", said=WRONG_PIN, calls_back=False)]


# Filled in with the moment in which it is said.
PORTED_NOW: Final = {"portedAt": "now"}
WRONG_PIN: Final = {"code": "7435", "text": "PIN missing or not valid on this account"}
CHARACTERS: Final[Mapping[str, Character]] = {
    "prompt": _prompt,
    "slow": _slow,
    "silent": _silent,
    "rejects_pin": _rejects_pin,
    "changes_date": _changes_date,
    "answers_twice_and_out_of_order": _answers_twice_and_out_of_order,
    "date_in_two_hours": _date_in_two_hours,
    "says_200_then_rejects": _says_200_then_rejects,
}


def _today() -> date:
    return datetime.now(UTC).date()
