"""The port-out PIN: what may be one, how it is kept, and how often it may be tried."""

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Self

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from services.porting.domain.pins import Pin, PinAnswer, read_pin_answer
from services.porting.domain.refusals.port_out_shields import PinTooSimple, PortOutPinMalformed

SHORTEST: Final = 4
LONGEST: Final = 10
MOST_TRIES: Final = 5
# 5 guesses a day at 10,000 PINs or more: half of them take almost three years.
BLOCKED_FOR: Final = timedelta(hours=24)

# Argon2id as OWASP's password storage cheat sheet has it: 19 MiB, two passes, one lane.
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32


def read_new_pin(text: str) -> Pin:
    """Raises a refusal that does not repeat what was written."""
    digits = _digits_of(text)
    if digits is None:
        raise PortOutPinMalformed(SHORTEST, LONGEST)
    if _is_simple(digits):
        raise PinTooSimple
    return Pin(digits)


def read_stated_pin(text: str | None) -> Pin | None:
    """As a gaining carrier writes it; None where it says that there is none."""
    answer, pin = read_pin_answer(text or "")
    return pin if answer is PinAnswer.GIVEN else None


def hash_pin(pin: Pin) -> str:
    """Takes long by intent: 50 ms of a processor, away from the event loop."""
    return Argon2id(
        salt=os.urandom(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=1,
        memory_cost=_MEMORY_KIB,
    ).derive_phc_encoded(pin.digits.encode())


def is_pin_right(stated: Pin, pin_hash: str) -> bool:
    """Compares in constant time; takes as long as `hash_pin`."""
    digits = _digits_of(stated.digits)
    if digits is None:
        return False
    try:
        Argon2id.verify_phc_encoded(digits.encode(), pin_hash)
    except InvalidKey:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class PinTries:
    """Wrong ones, over all reports that name any number of the account."""

    wrong: int = 0
    last_wrong_at: datetime | None = None

    def wrong_at(self, at: datetime) -> int:
        """Those that still count: a day without a wrong one forgets them."""
        if self.last_wrong_at is None or at - self.last_wrong_at >= BLOCKED_FOR:
            return 0
        return self.wrong

    def left_at(self, at: datetime) -> int:
        return MOST_TRIES - self.wrong_at(at)

    def blocked_until_at(self, at: datetime) -> datetime | None:
        """None while there are tries left."""
        if self.left_at(at) or self.last_wrong_at is None:
            return None
        return self.last_wrong_at + BLOCKED_FOR

    def after_wrong(self, at: datetime) -> Self:
        return replace(self, wrong=self.wrong_at(at) + 1, last_wrong_at=at)


def _digits_of(text: str) -> str | None:
    """Blanks and hyphens between the digits are how it is written, not what it is."""
    digits = text.replace(" ", "").replace("-", "")
    is_pin = digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= LONGEST
    return digits if is_pin else None


def _is_simple(digits: str) -> bool:
    """0000 and 1234, at any length and from any digit on, up or down: what is tried first."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return len(steps) == 1 and steps <= {0, 1, 9}
