"""What a letter covers, and what it may say, without a database."""

from dataclasses import fields, replace
from random import Random
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import (
    ServiceAddress,
    Subscriber,
    hash_document,
    is_email,
    says_no_pin,
)
from tests.porting.builders import a_subscriber, phone

NUMBERS = [phone(place) for place in range(5)]
OTHER = {str: "another", bool: False, PhoneNumber: phone(99)}


def test_the_same_letter_in_another_order_has_the_same_hash():
    mixed = Random(1).sample(NUMBERS, len(NUMBERS))
    assert hash_document(a_subscriber(), mixed) == hash_document(a_subscriber(), NUMBERS)


@pytest.mark.requirement("S55")
def test_one_number_more_or_less_is_another_letter():
    hashes = {hash_document(a_subscriber(), NUMBERS[:count]) for count in range(1, 6)}
    assert len(hashes) == 5


@pytest.mark.parametrize("field", [each.name for each in fields(Subscriber)])
def test_every_part_of_the_subscriber_is_covered(field):
    before = a_subscriber()
    value = getattr(before, field)
    address = replace(before.service_address, street="2 Side Street")
    other = address if field == "service_address" else OTHER[type(value)]
    changed = replace(before, **{field: other})
    assert hash_document(changed, NUMBERS) != hash_document(before, NUMBERS)


@pytest.mark.parametrize("field", [each.name for each in fields(ServiceAddress)])
def test_every_part_of_the_address_is_covered(field):
    before = a_subscriber()
    address = replace(before.service_address, **{field: "another"})
    changed = replace(before, service_address=address)
    assert hash_document(changed, NUMBERS) != hash_document(before, NUMBERS)


@pytest.mark.requirement("S57")
@pytest.mark.parametrize("text", ["NO PIN REQUIRED", " no pin  required ", "n/a", "N/A "])
def test_no_pin_is_said_in_any_case(text):
    assert says_no_pin(text)


@pytest.mark.requirement("S57")
@pytest.mark.parametrize("text", ["", "0000", "1234", "NA", "none"])
def test_anything_else_is_no_answer_or_a_pin(text):
    assert not says_no_pin(text)


@pytest.mark.parametrize(
    "street",
    ["PO Box 12", "P.O. Box 12", "p o box 12", "POBOX 7", "PO BOX12", "Post Office Box 1"],
)
def test_a_post_office_box_is_known_in_any_writing(street):
    address = replace(a_subscriber().service_address, street=street)
    assert address.is_post_office_box


@pytest.mark.parametrize(
    "street", ["1 Boxwood Road", "Popo Boxer Street 1", "12 Depot Box Ln"]
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
