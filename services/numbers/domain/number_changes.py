"""What a customer may change of a number that rings: until its port, and after it."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Final

from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal
from services.numbers.domain.refusals import (
    ForwardingNotAllowed,
    NothingToChange,
    NumberCannotBeChanged,
    TextMalformed,
    TextMissing,
    TextTooLong,
)
from services.numbers.domain.tracking_numbers import NumberState, TrackingNumber

MOST_NUMBERS: Final = 1_000
LONGEST_TEXT: Final = 200
UNCHANGEABLE: Final = frozenset(
    {NumberState.DISABLED, NumberState.QUARANTINED, NumberState.RELEASED}
)
# Line breaks and what no text has; joined pictures are made with characters of category Cf.
_MALFORMED: Final = frozenset({"Cc", "Cs"})


@dataclass(frozen=True, kw_only=True)
class NumberChanges:
    """None leaves it as it is."""

    forwarding_number: PhoneNumber | None = None
    name: str | None = None
    source: str | None = None
    company_id: str | None = None

    def apply_to(self, number: TrackingNumber) -> TrackingNumber:
        """One version up, or the very same where nothing is new.

        Raises `NumberCannotBeChanged`.
        """
        if not can_be_changed(number):
            raise NumberCannotBeChanged(number.state)
        given = {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None
        }
        changed = replace(number, **given)
        return number if changed == number else replace(changed, version=number.version + 1)

    def names_changed(self, before: TrackingNumber) -> list[str]:
        return [
            field.name
            for field in fields(self)
            if getattr(self, field.name) not in {None, getattr(before, field.name)}
        ]


def can_be_changed(number: TrackingNumber) -> bool:
    return number.state not in UNCHANGEABLE


def clean_changes(changes: NumberChanges) -> NumberChanges:
    """Names without spaces around them."""
    return replace(
        changes,
        name=None if changes.name is None else changes.name.strip(),
        source=None if changes.source is None else changes.source.strip(),
    )


def find_faults(changes: NumberChanges, *, allow_fictional: bool) -> Iterator[Refusal]:
    """What is wrong whatever the number, each with its place in the input."""
    if changes == NumberChanges():
        yield NothingToChange().at("input")
    for field, text in (("name", changes.name), ("source", changes.source)):
        if text is not None:
            yield from _find_text_faults(text, field)
    forwarding = changes.forwarding_number
    if forwarding is not None and (
        forwarding.is_premium or (forwarding.is_fictional and not allow_fictional)
    ):
        yield ForwardingNotAllowed().at("input", "forwardingNumber")


def _find_text_faults(text: str, field: str) -> Iterator[Refusal]:
    if not text:
        yield TextMissing().at("input", field)
    elif len(text) > LONGEST_TEXT:
        yield TextTooLong(LONGEST_TEXT).at("input", field)
    elif any(unicodedata.category(letter) in _MALFORMED for letter in text):
        yield TextMalformed().at("input", field)
