"""Locks, PINs and identifiers of a port-out shield, as rules alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.refusals import Refusal, UserErrorCode
from services.porting.domain.history import shown_actor
from services.porting.domain.pins import Pin
from services.porting.domain.port_out_pins import (
    BLOCKED_FOR,
    MOST_TRIES,
    PinTries,
    hash_pin,
    is_pin_right,
    read_new_pin,
    read_stated_pin,
)
from services.porting.domain.port_out_shield import (
    COOLING_OFF,
    LockState,
    PortOutLock,
    is_same_identifier,
    longest_of,
    new_identifier,
)
from tests.porting.builders import phone

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_lock(number_id: str | None = "num_1") -> PortOutLock:
    number = phone(1) if number_id else None
    return PortOutLock(
        number_id=number_id, tracking_number=number, locked_at=NOON, locked_by="member:mem_1"
    )


def test_an_unlocking_keeps_closed_until_it_has_cooled_off():
    lock = a_lock().unlocking(NOON, "member:mem_2", COOLING_OFF)
    assert lock.state_at(NOON + COOLING_OFF - SECOND) is LockState.UNLOCKING
    assert lock.is_closed_at(NOON + COOLING_OFF - SECOND)
    assert lock.state_at(NOON + COOLING_OFF) is LockState.UNLOCKED
    assert not lock.is_closed_at(NOON + COOLING_OFF)


def test_asking_again_makes_it_open_neither_later_nor_earlier():
    once = a_lock().unlocking(NOON, "member:mem_2", COOLING_OFF)
    assert once.unlocking(NOON + SECOND, "member:mem_3", SECOND) == once


def test_locking_again_takes_a_pending_unlock_back_and_keeps_the_lock_as_old_as_it_is():
    lock = a_lock().unlocking(NOON, "member:mem_2", COOLING_OFF)
    assert lock.locked_again(NOON + SECOND, "member:mem_3") == a_lock()


def test_locking_again_after_it_has_opened_is_a_new_lock():
    lock = a_lock().unlocking(NOON, "member:mem_2", COOLING_OFF)
    again = lock.locked_again(NOON + COOLING_OFF, "member:mem_3")
    assert (again.locked_at, again.locked_by) == (NOON + COOLING_OFF, "member:mem_3")
    assert again.state_at(NOON + 9 * COOLING_OFF) is LockState.LOCKED


def test_of_two_locks_the_one_that_holds_longest_counts():
    own, whole = a_lock(), a_lock(None)
    assert longest_of([own.unlocking(NOON, "x", SECOND), whole], NOON) == whole
    assert longest_of([own, whole.unlocking(NOON, "x", SECOND)], NOON) == own
    assert longest_of([own.unlocking(NOON, "x", SECOND)], NOON + SECOND) is None


@pytest.mark.parametrize(
    "text", ["", "123", "12345678901", "12a4", "٤٨٢١", "²³¹⁴", "4 8", "N/A"]
)
def test_a_pin_has_4_to_10_digits(text):
    with pytest.raises(Refusal) as refused:
        read_new_pin(text)
    assert refused.value.code is UserErrorCode.INVALID


@pytest.mark.parametrize(
    "text", ["0000", "1234", "9999999999", "123456", "4321", "8901", "2109", "00-00", "12 34"]
)
def test_a_pin_that_repeats_or_counts_is_refused(text):
    with pytest.raises(Refusal) as refused:
        read_new_pin(text)
    assert refused.value.code is UserErrorCode.PIN_TOO_SIMPLE


@pytest.mark.parametrize("text", ["4821", "0001", "1357", "48 21", "4821-907", "0123456780"])
def test_other_digits_are_a_pin(text):
    assert read_new_pin(text) == Pin("".join(filter(str.isdigit, text)))


def refusal_of(text):
    try:
        read_new_pin(text)
    except Refusal as refusal:
        return refusal.message
    return None


@given(st.text(max_size=12))
def test_a_refused_pin_is_not_repeated(text):
    """Whatever was written, the sentence is the same."""
    assert refusal_of(text) in {None, refusal_of("x"), refusal_of("1111")}


def test_a_hash_tells_the_right_pin_from_others_and_shows_none():
    pin_hash = hash_pin(Pin("482190"))
    assert pin_hash.startswith("$argon2id$")
    assert "482190" not in pin_hash
    assert pin_hash != hash_pin(Pin("482190"))
    assert is_pin_right(Pin("482190"), pin_hash)
    assert is_pin_right(Pin(" 48-21 90"), pin_hash)
    for wrong in ("482191", "48219", "4821900", "0482190", "48219O", "٤٨٢١٩٠", "x" * 4_000):
        assert not is_pin_right(Pin(wrong), pin_hash)


@pytest.mark.parametrize("text", [None, "", "  ", "n/a", "No PIN  required"])
def test_a_carrier_that_writes_no_pin_has_stated_none(text):
    assert read_stated_pin(text) is None


def test_five_wrong_pins_block_for_a_day_and_then_all_are_heard_again():
    tries = PinTries()
    for left in range(MOST_TRIES, 0, -1):
        assert tries.left_at(NOON) == left
        assert tries.blocked_until_at(NOON) is None
        tries = tries.after_wrong(NOON)
    assert tries.left_at(NOON) == 0
    assert tries.blocked_until_at(NOON) == NOON + BLOCKED_FOR
    assert tries.left_at(NOON + BLOCKED_FOR - SECOND) == 0
    assert tries.left_at(NOON + BLOCKED_FOR) == MOST_TRIES
    assert tries.after_wrong(NOON + BLOCKED_FOR).wrong == 1


@given(st.lists(st.timedeltas(timedelta(hours=-1), timedelta(hours=30)), max_size=40))
def test_no_day_hears_more_than_five_wrong_pins(pauses):
    tries, at, heard = PinTries(), NOON, []
    for pause in pauses:
        at = max(at, at + pause)
        if tries.left_at(at):
            tries = tries.after_wrong(at)
            heard.append(at)
    for early, late in zip(heard, heard[MOST_TRIES:], strict=False):
        assert late - early >= BLOCKED_FOR


@pytest.mark.requirement("S72")
def test_an_identifier_is_known_however_a_carrier_writes_it():
    assert is_same_identifier("pl 0012 3456-7890", "PL001234567890")
    assert is_same_identifier("001234567890", "PL001234567890")
    assert not is_same_identifier("1234567890", "PL001234567890")
    assert not is_same_identifier("٠٠١٢٣٤٥٦٧٨٩٠", "PL001234567890")
    assert is_same_identifier(new_identifier(), "PL001234567890") is False
    assert len(new_identifier()) == len("PL001234567890")


def test_customers_are_told_that_support_acted_and_not_who():
    assert shown_actor("member:mem_1") == "mem_1"
    assert shown_actor("support:grace|7") == "support"
    assert shown_actor("system") == "system"
