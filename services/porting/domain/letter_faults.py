"""What is wrong with a letter as it was filled in, and what is missing before it is signed."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

from libs.contracts.refusals import Refusal
from services.porting.domain.letter_pages import Page, is_canadian
from services.porting.domain.letters import (
    Letter,
    LosingAccount,
    ServiceAddress,
    Subscriber,
    is_email,
)
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.letters import (
    BillingNumberPorts,
    InvalidEmail,
    NotPrintable,
    NumberOnTwoAccounts,
    PinMissing,
    PostOfficeBox,
    ResellerMissing,
    TooManyAccounts,
    ValueMissing,
)

LONGEST_TEXT: Final = 200
# Each is a page, and is compared with each line when PINs are forgotten.
MOST_ACCOUNTS: Final = 200
# What the letter's font has: Latin, Greek, Cyrillic, punctuation and currencies. No control
# characters, and none that turn the direction of a text.
_PRINTABLE: Final = re.compile(
    "[\u0020-\u007e\u00a0-\u00ac\u00ae-\u024f\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c"
    "\u038e-\u03a1\u03a3-\u045f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20ba\u20bd-\u20bf]*"
)
Place = tuple[str, ...]


def is_printable(text: str) -> bool:
    return _PRINTABLE.fullmatch(unicodedata.normalize("NFC", text)) is not None


def faults_of_text(text: str, place: Place, longest: int = LONGEST_TEXT) -> Iterator[Refusal]:
    if len(text) > longest:
        yield TextTooLong(longest).at("input", *place)
    elif not is_printable(text):
        yield NotPrintable().at("input", *place)


def faults_of_fields(
    subscriber: Subscriber, accounts: Sequence[LosingAccount]
) -> Iterator[Refusal]:
    """Of what is filled in, each at its field; what is empty may be filled in later (S58)."""
    for place, text in _texts_of(subscriber).items():
        yield from faults_of_text(text, place)
    if subscriber.service_address.is_post_office_box:
        yield PostOfficeBox().at("input", "serviceAddress", "street")
    email = subscriber.authorized_person_email
    if email and not (is_email(email) and is_printable(email)):
        yield InvalidEmail().at("input", "authorizedPersonEmail")
    if len(accounts) > MOST_ACCOUNTS:
        yield TooManyAccounts(MOST_ACCOUNTS).at("input", "losingAccounts")
        return
    named: set[str] = set()
    for index, account in enumerate(accounts):
        place = ("losingAccounts", str(index))
        yield from faults_of_text(account.losing_carrier, (*place, "losingCarrier"))
        yield from faults_of_text(account.account_number, (*place, "accountNumber"))
        for position, number in enumerate(account.tracking_numbers):
            if number in named:
                yield NumberOnTwoAccounts().at(
                    "input", *place, "trackingNumbers", str(position)
                )
            named.add(number)


def find_missing(letter: Letter, pages: Sequence[Page]) -> Iterator[Refusal]:
    """What a letter needs before anybody can sign it (47 CFR 64.1130), at its field."""
    subscriber = letter.subscriber
    optional = {("serviceAddress", "street2"), ("reseller",), *_PAGE_PLACES}
    for place, text in _texts_of(subscriber).items():
        if place not in optional and not text.strip():
            yield ValueMissing().at("input", *place)
    if subscriber.is_business is None:
        yield ValueMissing().at("input", "isBusiness")
    if not subscriber.authorized_person_email:
        yield ValueMissing().at("input", "authorizedPersonEmail")
    for page in pages:
        yield from _find_missing_on(page)
    if not subscriber.reseller.strip() and any(is_canadian(page.lines) for page in pages):
        yield ResellerMissing().at("input", "reseller")
    if subscriber.is_partial:
        yield from _faults_of_partial_port(subscriber, pages)


_PAGE_PLACES: Final = frozenset({("losingCarrier",), ("accountNumber",)})


def _find_missing_on(page: Page) -> Iterator[Refusal]:
    if not page.losing_carrier.strip():
        yield ValueMissing().at("input", *page.place, "losingCarrier")
    if not page.account_number.strip():
        yield ValueMissing().at("input", *page.place, "accountNumber")
    elif not is_printable(page.account_number):
        # A number list may name an account in any script.
        yield NotPrintable().at("input", *page.place, "accountNumber")
    if page.billing_number is None:
        yield ValueMissing().at("input", *page.place, "billingNumber")
    if not page.is_pin_answered:
        yield PinMissing().at("input", *page.place, "pinAnswer")


def _faults_of_partial_port(
    subscriber: Subscriber, pages: Sequence[Page]
) -> Iterator[Refusal]:
    """Where the main number leaves, those that stay need another that stays."""
    leaving = {line.tracking_number for page in pages for line in page.lines}
    billing = {page.billing_number for page in pages}
    remaining = subscriber.remaining_billing_number
    if remaining is None and billing & leaving:
        yield ValueMissing().at("input", "remainingBillingNumber")
    if remaining is not None and remaining in leaving:
        yield BillingNumberPorts().at("input", "remainingBillingNumber")


def _texts_of(subscriber: Subscriber) -> Mapping[Place, str]:
    """In the order of the form; the e-mail address has rules of its own."""
    address = subscriber.service_address
    return {
        ("subscriberName",): subscriber.name,
        **{place: getattr(address, name) for place, name in _ADDRESS.items()},
        ("authorizedPerson",): subscriber.authorized_person,
        ("authorizedPersonTitle",): subscriber.authorized_person_title,
        ("losingCarrier",): subscriber.losing_carrier,
        ("accountNumber",): subscriber.account_number,
        ("reseller",): subscriber.reseller,
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_ADDRESS: Final[Mapping[Place, str]] = {
    ("serviceAddress", _camel(each.name)): each.name for each in fields(ServiceAddress)
}
