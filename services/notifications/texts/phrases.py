"""Phrases: dates, counts and telephone numbers as each language writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import babel.dates

from libs.contracts.phone_number import PhoneNumber
from services.notifications.texts.catalogue import FAULTS, ROLES, Locale

# Carriers' days are Eastern ones; so are instants for readers of whom we know no other zone.
EASTERN: Final = "America/New_York"
_CALENDARS: Final = {Locale.EN: "en_US", Locale.FR_CA: "fr_CA"}
_AND: Final = {Locale.EN: "and", Locale.FR_CA: "et"}
_MORE: Final = {Locale.EN: "more", Locale.FR_CA: "de plus"}


@dataclass(frozen=True)
class Phrases:
    """Instants as clocks of `time_zone` show them; one that is unknown counts as Eastern."""

    locale: Locale
    time_zone: str = EASTERN

    def name_day(self, text: str) -> str:
        """Of an ISO date, or of an ISO instant."""
        is_instant = "T" in text
        on = self._at(text).date() if is_instant else date.fromisoformat(text)
        return babel.dates.format_date(on, "long", locale=_CALENDARS[self.locale])

    def name_moment(self, text: str) -> str:
        calendar, at = _CALENDARS[self.locale], self._at(text)
        day = babel.dates.format_date(at, "long", locale=calendar)
        hour = babel.dates.format_time(at.time(), "short", locale=calendar)
        zone = babel.dates.get_timezone_name(at, "short", locale=calendar)
        return f"{day}, {hour} {zone}"

    def count(self, count: int, one: str, many: str) -> str:
        is_one = count in {0, 1} if self.locale is Locale.FR_CA else count == 1
        return f"{count} {one if is_one else many}"

    def list_numbers(self, numbers: Sequence[str], count: int | None = None) -> str:
        """`count` is how many there are, where not all are named."""
        shown = [PhoneNumber(number).national_format for number in numbers]
        if left := (count or len(shown)) - len(shown):
            shown.append(f"{left} {_MORE[self.locale]}")
        *first, last = shown
        return f"{', '.join(first)} {_AND[self.locale]} {last}" if first else last

    def name_role(self, role: str) -> str:
        return ROLES[role][self.locale]

    def explain_fault(self, code: str) -> str:
        """Nothing for a code that has no sentence."""
        return FAULTS.get(code, {}).get(self.locale, "")

    def _at(self, text: str) -> datetime:
        try:
            zone = ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo(EASTERN)
        return datetime.fromisoformat(text).astimezone(zone)
