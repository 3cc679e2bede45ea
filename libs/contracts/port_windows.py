"""How long ports take: what estimates, mails and reminders say alike (S14, S15)."""

from typing import Final

# From so many numbers on a request is bulk.
BULK_LINES: Final = 50
_USUAL_WEEKS: Final = (4, 6)
_BULK_WEEKS: Final = (6, 8)


def is_bulk(line_count: int) -> bool:
    return line_count >= BULK_LINES


def weeks_of(line_count: int) -> tuple[int, int]:
    """The least and the most, where a losing carrier has no window of its own."""
    return _BULK_WEEKS if is_bulk(line_count) else _USUAL_WEEKS
