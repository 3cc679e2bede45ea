"""What a letter covers, may say and becomes, without a database."""

from dataclasses import fields, replace
from random import Random
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letter_faults import faults_of_fields, find_missing, is_printable
from services.porting.domain.letter_pages import content_for, hash_content, pages_of
from services.porting.domain.letters import (
    IGNORED,
    NEXT_STATES,
    Letter,
    LetterEvent,
    LetterLine,
    LetterState,
    LosingAccount,
    ServiceAddress,
    Subscriber,
    is_email,
)
from services.porting.domain.pins import PinAnswer
from tests.porting.builders import a_subscriber, phone

NUMBERS = [phone(place) for place in range(5)]
OTHER = {str: "another", bool: False, PhoneNumber: phone(99), type(None): phone(98)}


def next_state(event: LetterEvent, state: LetterState) -> LetterState | None:
    """The same state for what is ignored; None for what is refused."""
    return state if state in IGNORED[event] else NEXT_STATES[event].get(state)


def a_letter(**changes) -> Letter:
    letter = Letter(
        id="ltr_1",
        port_request_id="pr_1",
        state=LetterState.DRAFT,
        subscriber=a_subscriber(),
        pin_answers={"pr_1": PinAnswer.NOT_NEEDED},
    )
    return replace(letter, **changes)


def letter_lines(*numbers, **changes) -> list[LetterLine]:
    return [LetterLine(id=f"ln_{each}", tracking_number=each, **changes) for each in numbers]


def hash_of(subscriber: Subscriber, numbers) -> str:
    return hash_content(content_for(a_letter(subscriber=subscriber), letter_lines(*numbers)))


def places(refusals) -> list[tuple[str, ...]]:
    return [(refusal.code, *refusal.path[1:]) for refusal in refusals]


def test_the_same_letter_in_another_order_has_the_same_hash():
    mixed = Random(1).sample(NUMBERS, len(NUMBERS))
    assert hash_of(a_subscriber(), mixed) == hash_of(a_subscriber(), NUMBERS)


@pytest.mark.requirement("S55")
def test_one_number_more_or_less_is_another_letter():
    hashes = {hash_of(a_subscriber(), NUMBERS[:count]) for count in range(1, 6)}
    assert len(hashes) == 5


@pytest.mark.parametrize("field", [each.name for each in fields(Subscriber)])
def test_every_part_of_the_subscriber_is_covered(field):
    before = a_subscriber()
    value = getattr(before, field)
    address = replace(before.service_address, street="2 Side Street")
    other = (
        address
        if field == "service_address"
        else not value
        if isinstance(value, bool)
        else OTHER[type(value)]
    )
    changed = replace(before, **{field: other})
    assert hash_of(changed, NUMBERS) != hash_of(before, NUMBERS)


@pytest.mark.parametrize("field", [each.name for each in fields(ServiceAddress)])
def test_every_part_of_the_address_is_covered(field):
    before = a_subscriber()
    address = replace(before.service_address, **{field: "another"})
    changed = replace(before, service_address=address)
    assert hash_of(changed, NUMBERS) != hash_of(before, NUMBERS)


def test_a_fresh_pin_needs_no_new_signature():
    answers = ({}, {"pr_1": PinAnswer.NOT_NEEDED}, {"pr_1": PinAnswer.GIVEN})
    covered = letter_lines(*NUMBERS)
    contents = [content_for(a_letter(pin_answers=each), covered) for each in answers]
    assert contents[0] == contents[1] == contents[2]


@pytest.mark.parametrize("event", list(LetterEvent))
def test_what_is_ignored_leads_nowhere(event):
    assert not set(NEXT_STATES[event]) & IGNORED[event]
    for state in LetterState:
        following = next_state(event, state)
        assert following is NEXT_STATES[event].get(
            state, state if state in IGNORED[event] else None
        )


@given(st.lists(st.sampled_from(list(LetterEvent)), max_size=30))
def test_whatever_happens_and_however_often_a_letter_stays_on_the_path(events):
    letter = a_letter()
    signatures = 0
    for event in events:
        following = next_state(event, letter.state)
        if following is None:
            continue
        if letter.state is LetterState.SUPERSEDED:
            assert following is LetterState.SUPERSEDED
        signatures += following is LetterState.SIGNED and letter.state is not following
        letter = replace(letter, state=following)
    assert signatures <= 1


def test_each_line_is_on_the_account_that_names_it():
    further = LosingAccount(
        id="la_1",
        losing_carrier="Bell",
        account_number="B-2",
        billing_number=phone(200),
        tracking_numbers=(NUMBERS[1],),
    )
    letter = a_letter(accounts=(further,))
    covered = [
        *letter_lines(NUMBERS[0], NUMBERS[1]),
        *letter_lines(NUMBERS[2], account_number="B-2"),
        *letter_lines(NUMBERS[3], account_number="C-3", pin_answer=PinAnswer.GIVEN),
    ]
    pages = {
        page.account_number: [line.tracking_number for line in page.lines]
        for page in pages_of(letter, covered)
    }
    assert pages == {"A-1": [NUMBERS[0]], "B-2": [NUMBERS[1], NUMBERS[2]], "C-3": [NUMBERS[3]]}


def test_an_account_without_lines_has_no_page_and_lacks_nothing():
    letter = a_letter(accounts=(LosingAccount(id="la_1"),))
    pages = pages_of(letter, letter_lines(*NUMBERS))
    assert len(pages) == 1
    assert list(find_missing(letter, pages)) == []


@pytest.mark.requirement("S56")
def test_each_losing_account_needs_an_answer_about_its_pin():
    further = LosingAccount(
        id="la_1",
        losing_carrier="Bell",
        account_number="B-2",
        billing_number=phone(200),
        tracking_numbers=(NUMBERS[1],),
    )
    letter = a_letter(accounts=(further,), pin_answers={})
    missing = find_missing(letter, pages_of(letter, letter_lines(NUMBERS[0], NUMBERS[1])))
    assert places(missing) == [
        ("PIN_ANSWER_REQUIRED", "pinAnswer"),
        ("PIN_ANSWER_REQUIRED", "losingAccounts", "0", "pinAnswer"),
    ]


@pytest.mark.requirement("S56")
def test_answers_for_each_line_answer_for_their_account():
    letter = a_letter(pin_answers={})
    covered = letter_lines(*NUMBERS, pin_answer=PinAnswer.NOT_NEEDED)
    assert list(find_missing(letter, pages_of(letter, covered))) == []


@pytest.mark.parametrize("text", ["\u8d26\u6237", "12\u202e34", "12\x0734"])
def test_an_account_number_of_a_line_that_no_letter_can_show_is_refused(text):
    letter = a_letter(pin_answers={})
    answered = {"account_number": text, "pin_answer": PinAnswer.NOT_NEEDED}
    missing = find_missing(letter, pages_of(letter, letter_lines(NUMBERS[0], **answered)))
    assert places(missing) == [("INVALID", "lines", "accountNumber")]


def test_a_letter_has_at_most_200_losing_accounts():
    accounts = [LosingAccount(id=f"la_{each}") for each in range(201)]
    assert list(faults_of_fields(a_subscriber(), accounts[:200])) == []
    assert places(faults_of_fields(a_subscriber(), accounts)) == [
        ("TOO_LONG", "losingAccounts")
    ]


@pytest.mark.requirement("S52", "S58")
def test_an_empty_letter_may_be_kept_and_lacks_everything():
    letter = a_letter(subscriber=Subscriber(), pin_answers={})
    assert list(faults_of_fields(letter.subscriber, ())) == []
    missing = find_missing(letter, pages_of(letter, letter_lines(NUMBERS[0])))
    assert [place[1:] for place in places(missing)] == [
        ("subscriberName",),
        ("serviceAddress", "street"),
        ("serviceAddress", "city"),
        ("serviceAddress", "state"),
        ("serviceAddress", "postalCode"),
        ("serviceAddress", "country"),
        ("authorizedPerson",),
        ("authorizedPersonTitle",),
        ("isBusiness",),
        ("authorizedPersonEmail",),
        ("losingCarrier",),
        ("accountNumber",),
        ("billingNumber",),
        ("pinAnswer",),
    ]


def test_a_canadian_number_needs_the_reseller():
    letter = a_letter()
    covered = letter_lines(PhoneNumber("+14165550100"))
    assert places(find_missing(letter, pages_of(letter, covered))) == [
        ("REQUIRED", "reseller")
    ]
    named = replace(letter, subscriber=a_subscriber(reseller="Bell"))
    assert list(find_missing(named, pages_of(named, covered))) == []


def test_a_main_number_that_leaves_others_behind_needs_another():
    leaving = letter_lines(phone(100), NUMBERS[0])

    def missing(**changes) -> list[tuple[str, ...]]:
        letter = a_letter(subscriber=a_subscriber(is_partial=True, **changes))
        return places(find_missing(letter, pages_of(letter, leaving)))

    assert missing() == [("REQUIRED", "remainingBillingNumber")]
    assert missing(remaining_billing_number=NUMBERS[0]) == [
        ("INVALID", "remainingBillingNumber")
    ]
    assert missing(remaining_billing_number=phone(77)) == []


@pytest.mark.parametrize("text", ["株式会社", "a\tb", "a\u202eb", "\x00", "a\u200bb", "ﷺ"])
def test_what_no_letter_can_show_is_refused(text):
    assert not is_printable(text)
    faults = faults_of_fields(a_subscriber(name=text), ())
    assert places(faults) == [("INVALID", "subscriberName")]


@pytest.mark.parametrize("text", ["Dvořák & Søn, Inc. #1", "O’Neill – “Bros”", "Αθήνα", "Жук"])  # noqa: RUF001
def test_european_names_can_be_shown(text):
    assert is_printable(text)


@pytest.mark.parametrize(
    "street",
    [
        "PO Box 12", "P.O. Box 12", "p o box 12", "POBOX 7", "PO BOX12", "Post Office Box 1",
        "P O Box", "POB 12", "P.O.B. 12", "pob #12",
    ],
)  # fmt: skip
def test_a_post_office_box_is_known_in_any_writing_and_on_either_line(street):
    address = a_subscriber().service_address
    assert replace(address, street=street).is_post_office_box
    assert replace(address, street2=street).is_post_office_box


@pytest.mark.parametrize(
    "street",
    [
        "1 Boxwood Road",
        "Popo Boxer Street 1",
        "12 Depot Box Ln",
        "9 Box Hill Road",
        "Pob Lane 1",
    ],
)
def test_a_street_that_sounds_like_one_is_none(street):
    address = replace(a_subscriber().service_address, street=street)
    assert not address.is_post_office_box


@pytest.mark.parametrize("text", ["", "ada", "ada@", "@example.com", "a b@c.de", "a@b@c.de"])
def test_what_is_no_e_mail_address_is_refused(text):
    assert not is_email(text)


@given(st.emails().filter(lambda text: '"' not in text))
def test_an_e_mail_address_is_one(text):
    assert is_email(text)


def test_a_long_text_costs_nothing():
    started = perf_counter()
    assert not is_email("a@" + "." * 1_000_000 + "@")
    assert perf_counter() - started < 1
