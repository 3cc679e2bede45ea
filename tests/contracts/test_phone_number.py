"""Telephone numbers: what is taken for one, and in which form it is kept."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber

WRITINGS = (
    "+12127365000",
    "12127365000",
    "2127365000",
    "212-736-5000",
    "(212) 736-5000",
    "212.736.5000",
    "+1 212 736 5000",
    " 1 (212)736-5000 ",
    "+1-212-736-5000",
)


@pytest.mark.parametrize("text", WRITINGS)
def test_any_national_writing_is_the_same_number(text):
    assert PhoneNumber.parse(text) == "+12127365000"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "hello", "+", "911", "555-0100", "0127365000", "1127365000", "2120365000",
        "2121365000", "2911365000", "2112365000", "212736500", "21273650000", "+1212736500",
        "+121273650000", "212736500O", "+1 212 736 5000 x12", "442079460958", "=2127365000",
        "\uff0b12127365000\uff10", "2" * 41,
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InvalidPhoneNumberError):
        PhoneNumber.parse(text)


@pytest.mark.parametrize("text", ["1.80555E+10", "1,80555E+10", "2.12737e+09", "1.8E10"])
def test_a_number_that_a_spreadsheet_rounded_is_explained(text):
    with pytest.raises(InvalidPhoneNumberError, match="spreadsheet"):
        PhoneNumber.parse(text)


def test_the_sentence_does_not_repeat_what_was_written():
    with pytest.raises(InvalidPhoneNumberError) as refused:
        PhoneNumber.parse("secret 1234")
    assert "1234" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("+44 20 7946 0958", "+442079460958"), ("+61 2 9123 4567", "+61291234567")],
)
def test_other_countries_are_written_with_their_code(text, number):
    assert PhoneNumber.parse(text) == number


@pytest.mark.parametrize(
    ("number", "national"),
    [("+12127365000", "(212) 736-5000"), ("+442079460958", "020 7946 0958")],
)
def test_the_national_format_is_for_a_persons_eye(number, national):
    assert PhoneNumber(number).national_format == national


class Holder(BaseModel):
    number: PhoneNumber


def test_a_model_parses_and_writes_it():
    held = Holder.model_validate({"number": "(212) 736-5000"})
    assert isinstance(held.number, PhoneNumber)
    assert held.model_dump_json() == '{"number":"+12127365000"}'


digits = st.text("0123456789", min_size=10, max_size=10)


@given(digits)
def test_a_north_american_number_is_kept_as_it_is_or_refused(text):
    try:
        number = PhoneNumber.parse(text)
    except InvalidPhoneNumberError:
        return
    assert number == f"+1{text}"
    assert phonenumbers.is_possible_number(phonenumbers.parse(number))
    assert PhoneNumber.parse(number.national_format) == number


@example("+200000000000")
@example("+/10000000")
@given(st.text(max_size=50) | st.from_regex(r"\A\+?[0-9 ().-]{3,20}\Z"))
def test_whatever_is_parsed_parses_to_itself(text):
    try:
        number = PhoneNumber.parse(text)
    except InvalidPhoneNumberError:
        return
    assert number.startswith("+")
    assert number[1:].isascii()
    assert number[1:].isdigit()
    assert PhoneNumber.parse(number) == number
