"""PINs: what an answer to "what is the transfer PIN?" says (S56, S57)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class PinAnswer(StrEnum):
    """All that is told of a PIN to anybody but the port desk at the moment of use."""

    GIVEN = "GIVEN"
    NOT_NEEDED = "NOT_NEEDED"
    MISSING = "MISSING"


_NO_PIN_ANSWERS: Final = frozenset({"NO PIN REQUIRED", "N/A"})
LONGEST_PIN: Final = 32


@dataclass(frozen=True)
class Pin:
    """A secret: it does not show when it is printed, logged or compared in a failing test."""

    digits: str = field(repr=False)


def read_pin_answer(text: str) -> tuple[PinAnswer, Pin | None]:
    """`NO PIN REQUIRED` and `N/A` in any case mean that there is none; `0000` is a real PIN."""
    trimmed = " ".join(text.split())
    if not trimmed:
        return PinAnswer.MISSING, None
    if trimmed.upper() in _NO_PIN_ANSWERS:
        return PinAnswer.NOT_NEEDED, None
    return PinAnswer.GIVEN, Pin(trimmed)


def is_pin(pin: Pin) -> bool:
    """Carriers' PINs are 4 to 15 digits, some have letters: only what can be none is refused."""
    return len(pin.digits) <= LONGEST_PIN and pin.digits.isascii() and pin.digits.isprintable()
