"""What an invoice's text shows of its request: tolerant of writing, exact about words."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.invoice_hints import read_hints
from services.porting.domain.letters import Subscriber
from services.porting.use_cases import letters
from tests.porting.builders import (
    VAULT,
    a_draft,
    a_line,
    a_subscriber,
    fill_lines,
    found_house,
    letter_changes,
    phone,
)
from tests.porting.files import a_pdf, a_picture
from tests.porting.test_documents import attached

NUMBER = PhoneNumber("+12125550100")
SUBSCRIBER = a_subscriber(account_number="4711-08 15")
INVOICE = """
OLD TELECOM                              Invoice 2026-11
Acme Dental, L.L.C.                      Account no. 4711 0815
1 MAIN ST.
ALBANY NY 12207-1234                     (212) 555-0100
"""


@pytest.mark.parametrize(
    "written",
    [
        "212-555-0100",
        "(212) 555-0100",
        "(212)555-0100",
        "212.555.0100",
        "212 555 0100",
        "2125550100",
        "1-212-555-0100",
        "+1 212 555 0100",
        "+12125550100",
        "1 (212) 555-0100",
        "212/555-0100",
        "212-555-\n0100",
        "Tel.:212-555-0100;",
    ],
)
def test_a_number_is_found_in_any_common_writing(written):
    hints = read_hints(f"for {written} due", [NUMBER], None)
    assert (hints.numbers_found, hints.numbers_total) == (1, 1)


@pytest.mark.parametrize(
    "written", ["212-555-0101", "92125550100", "21255501005", "212-555", "212-5550-100x1"]
)
def test_another_number_is_not_found(written):
    assert read_hints(written, [NUMBER], None).numbers_not_found == (NUMBER,)


def test_a_number_of_another_country_is_found_by_its_national_digits():
    number = PhoneNumber("+442079460018")
    assert read_hints("London 020 7946 0018", [number], None).numbers_found == 1
    assert read_hints("London 020 7946 0019", [number], None).numbers_found == 0


def test_a_matching_invoice_has_nothing_to_remark():
    hints = read_hints(INVOICE, [NUMBER], SUBSCRIBER)
    assert (hints.name_found, hints.address_found, hints.account_number_found) == (
        True,
        True,
        True,
    )
    assert hints.remarks == ()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Acme Dental Inc.", "Acme Dental Inc"),
        ("ACNE Dental LLC", "ACNE Dental LLC"),
        ("Acme M Dental LLC", "Acme M Dental LLC"),
    ],
)
def test_a_word_of_the_name_that_differs_is_named(written, said):
    text = INVOICE.replace("Acme Dental, L.L.C.", written)
    hints = read_hints(text, [NUMBER], SUBSCRIBER)
    assert hints.name_found is False
    assert hints.remarks == (f"It says “{said}” where the letter says “Acme Dental LLC”.",)


def test_a_middle_initial_that_the_invoice_lacks_is_named():
    subscriber = a_subscriber(name="Ada M. Lovelace", account_number="4711-0815")
    text = INVOICE.replace("Acme Dental, L.L.C.", "Ada Lovelace")
    assert read_hints(text, [], subscriber).remarks == (
        "It says “Ada Lovelace” where the letter says “Ada M. Lovelace”.",
    )


@pytest.mark.parametrize(
    ("street", "written"),
    [
        ("1 Main Street", "1 Main St"),
        ("1 North Main Street, Suite 5", "1 N. MAIN ST STE 5"),
        ("12 Saint John's Avenue", "12 St Johns Ave"),
        ("7 Lake-View Boulevard", "7 lake view blvd"),
    ],
)
def test_a_street_is_found_as_postal_services_abbreviate_it(street, written):
    address = replace(SUBSCRIBER.service_address, street=street)
    text = INVOICE.replace("1 MAIN ST.", written)
    hints = read_hints(text, [], replace(SUBSCRIBER, service_address=address))
    assert hints.address_found is True


def test_each_part_of_the_address_that_is_missing_is_named():
    text = INVOICE.replace("ALBANY NY 12207-1234", "").replace("1 MAIN", "2 MAIN")
    hints = read_hints(text, [], SUBSCRIBER)
    assert hints.address_found is False
    assert hints.remarks == (
        "It says “2 MAIN ST” where the letter says “1 Main Street”.",
        "The city Albany is not in it.",
        "The postal code 12207 is not in it.",
    )


@pytest.mark.parametrize("written", ["4711-0815", "47110815", "4711 08 15", "4711.08.15"])
def test_an_account_number_is_found_whatever_stands_between(written):
    text = INVOICE.replace("4711 0815", written)
    assert read_hints(text, [], SUBSCRIBER).account_number_found is True


@pytest.mark.parametrize("written", ["4711-08155", "94711-0815", "4711-0816", "x4711-0815"])
def test_another_account_number_is_not_found(written):
    hints = read_hints(INVOICE.replace("4711 0815", written), [], SUBSCRIBER)
    assert hints.account_number_found is False


@pytest.mark.requirement("S30")
def test_a_scan_gives_no_hints():
    hints = read_hints(" \n", [NUMBER], SUBSCRIBER)
    assert (hints.has_text, hints.numbers_found, hints.name_found) == (False, None, None)


def test_without_a_letter_only_numbers_are_compared():
    hints = read_hints(INVOICE, [NUMBER], None)
    assert (hints.numbers_found, hints.name_found, hints.remarks) == (1, None, ())


def test_what_the_letter_does_not_say_yet_is_not_compared():
    hints = read_hints(INVOICE, [NUMBER], Subscriber(name="Acme Dental LLC"))
    assert (hints.name_found, hints.address_found, hints.account_number_found) == (
        True,
        None,
        None,
    )
    assert hints.remarks == ()


def test_the_first_twenty_missing_numbers_are_named():
    hints = read_hints(INVOICE, [phone(place) for place in range(50)], None)
    assert len(hints.numbers_not_found) == 20


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_gives_hints(text, name):
    read_hints(text, [NUMBER], a_subscriber(name=name, account_number=name))


def test_a_large_invoice_is_read_whole():
    random = Random(1)
    words = [
        random.choice(["Acme", "Dental", "1", "Main", "4711", "212", "555"])
        for _ in range(200_000)
    ]
    text = " ".join([*words, phone(9_999).national_format])

    hints = read_hints(text, [phone(place) for place in range(10_000)], SUBSCRIBER)

    # The last, and 212 555 4711, which the words happen to make.
    assert hints.numbers_found == 2


PREFLIGHT = """query ($id: ID!) { portRequest(id: $id) { preflight {
  hasText numbersFound numbersTotal numbersNotFound nameFound addressFound
  accountNumberFound remarks
} documents { edges { node { hints { hasText } } } } } }"""


async def test_a_draft_is_told_before_submission_what_its_invoice_shows(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    assert await preflight(door, house.administrator, request_id) is None
    invoice = a_pdf(
        "Acme Dental, LLC", "1 Main St", "Albany NY 12207", "Acct A 1", "212 555 0100"
    )
    await attached(door, house.administrator, request_id, invoice)
    lines = [a_line(house.dental, phone(100)), a_line(house.garage, phone(101))]
    await fill_lines(database, house.administrator, request_id, lines)
    before = await preflight(door, house.administrator, request_id)
    assert (before["numbersFound"], before["nameFound"]) == (1, None)

    async with database.transaction(house.administrator) as connection:
        await letters.prepare_letter(
            connection, house.administrator, request_id, VAULT, letter_changes()
        )

    assert await preflight(door, house.administrator, request_id) == {
        "hasText": True,
        "numbersFound": 1,
        "numbersTotal": 2,
        "numbersNotFound": [phone(101)],
        "nameFound": True,
        "addressFound": True,
        "accountNumberFound": True,
        "remarks": [],
    }
    seen_by_manager = await preflight(door, house.manager, request_id)
    assert (seen_by_manager["numbersTotal"], seen_by_manager["numbersNotFound"]) == (1, [])


async def test_a_scan_or_screenshot_is_taken_and_says_nothing(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    for content in (a_pdf(), a_picture()):
        await attached(door, house.administrator, request_id, content)
        found = await preflight(door, house.administrator, request_id)
        assert (found["hasText"], found["numbersFound"]) == (False, None)


async def preflight(door, caller, request_id):
    answer = await door.see(caller, PREFLIGHT, id=request_id)
    return answer["portRequest"]["preflight"]
