"""Preferences: what a member or a company chose to hear, how soon, and at which hours."""

import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from typing import Final, TypeAlias

from libs.contracts.refusals import Refusal
from services.notifications.domain.preference_refusals import (
    FeedIsNotGathered,
    NeededByLaw,
    NotATime,
    QuietHoursEndAtOnce,
    UnknownTimeZone,
)
from services.notifications.domain.who_is_told import BY_LAW, Channel, EventGroup


class Pace(StrEnum):
    AT_ONCE = "at_once"
    DAILY = "daily"
    OFF = "off"


class Locale(StrEnum):
    ENGLISH = "en"
    CANADIAN_FRENCH = "fr-CA"


Place: TypeAlias = tuple[EventGroup, Channel]
Choices: TypeAlias = Mapping[Place, Pace]

# Every place of the grid, in the order in which it is shown.
PLACES: Final[Sequence[Place]] = tuple(
    (group, channel) for group in EventGroup for channel in Channel
)


@dataclass(frozen=True, kw_only=True)
class ChoiceWish:
    """Without a pace the default holds again."""

    group: EventGroup
    channel: Channel
    pace: Pace | None

    @property
    def place(self) -> Place:
        return self.group, self.channel


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    begins: time
    ends: time


@dataclass(frozen=True, kw_only=True)
class Habits:
    locale: Locale = Locale.ENGLISH
    time_zone: str = "UTC"
    quiet_hours: QuietHours | None = None
    digest_at: time = time(8)
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class HabitsWish:
    """As it was given; None stays as it is. Quiet hours begin and end together."""

    locale: Locale | None = None
    time_zone: str | None = None
    quiet_hours: tuple[str, str] | None = None
    ends_quiet_hours: bool = False
    digest_at: str | None = None


def refuse_choices(wishes: Iterable[ChoiceWish]) -> Iterator[Refusal]:
    for place, wish in enumerate(wishes):
        path = ("input", "choices", str(place), "delivery")
        if wish.pace is None:
            continue
        if wish.group in BY_LAW and wish.pace is not Pace.AT_ONCE:
            yield NeededByLaw().at(*path)
        elif wish.channel is Channel.FEED and wish.pace is Pace.DAILY:
            yield FeedIsNotGathered().at(*path)


def change_habits(habits: Habits, wish: HabitsWish) -> tuple[Habits, list[Refusal]]:
    """With the faults of the wish; where there are any, the habits are not to be kept."""
    faults: list[Refusal] = []
    zone = wish.time_zone
    if zone is not None and zone not in zoneinfo.available_timezones():
        faults.append(UnknownTimeZone().at("input", "timeZone"))
    digest_at = _read_time(wish.digest_at, ("input", "digestAt"), faults)
    quiet = None if wish.ends_quiet_hours else habits.quiet_hours
    if wish.quiet_hours is not None:
        begins, ends = (
            _read_time(given, ("input", "quietHours", name), faults)
            for given, name in zip(wish.quiet_hours, ("from", "until"), strict=True)
        )
        if begins is not None and ends is not None:
            quiet = QuietHours(begins=begins, ends=ends)
            if begins == ends:
                faults.append(QuietHoursEndAtOnce().at("input", "quietHours", "until"))
    changed = replace(
        habits,
        locale=wish.locale or habits.locale,
        time_zone=zone or habits.time_zone,
        quiet_hours=quiet,
        digest_at=digest_at or habits.digest_at,
    )
    return changed, faults


def _read_time(given: str | None, path: tuple[str, ...], faults: list[Refusal]) -> time | None:
    if given is None:
        return None
    try:
        hours, minutes = given.split(":")
        return time(int(hours), int(minutes))
    except ValueError:
        faults.append(NotATime().at(*path))
        return None
