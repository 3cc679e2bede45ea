"""How old a signature may be: 90 days, or what the losing carrier takes."""

from collections.abc import Iterable
from datetime import timedelta

from services.porting.domain.letter_pages import Page
from services.porting.domain.losing_carriers import find_losing_carrier


def max_age_of(pages: Iterable[Page]) -> timedelta:
    """The shortest of what the pages' losing carriers take."""
    return timedelta(
        days=min(
            find_losing_carrier(page.losing_carrier).letter_max_age_days for page in pages
        )
    )
