"""The page of who is told what, printed from the table that telling reads."""

from collections.abc import Iterator
from typing import Final

from services.notifications.domain.who_is_told import (
    WHO_IS_TOLD,
    Channel,
    Telling,
    To,
)

_HEAD: Final = """# Who is told what

Printed by `make snapshots` from `services/notifications/domain/who_is_told.py`. A member in several
columns is told once on each channel; nobody hears of a company that is not theirs, and viewers get
no mail. What cannot be switched off reaches accounts that are disabled as well. Signers and support
are no members and choose nothing.

| Message | Group | Feed and mail | Feed | Mail | Urgent | May be switched off |
|---|---|---|---|---|---|---|
"""
_COLUMNS: Final = (
    frozenset(Channel),
    frozenset({Channel.FEED}),
    frozenset({Channel.MAIL}),
)


def print_message_page() -> str:
    return _HEAD + "".join(f"| {' | '.join(_cells(each))} |\n" for each in WHO_IS_TOLD)


def _cells(telling: Telling) -> Iterator[str]:
    yield f"`{telling.message}`"
    yield telling.group.replace("_", "-")
    for channels in _COLUMNS:
        yield ", ".join(_words(to) for to in telling.to if to.channels == channels)
    yield "yes" if telling.is_urgent else ""
    yield "" if telling.is_by_law else "yes"


def _words(to: To) -> str:
    return f"{to.audience} where {to.where.words}" if to.where else to.audience.value
