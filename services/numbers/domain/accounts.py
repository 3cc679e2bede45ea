"""An account with its companies and members, and what a new one must be."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from libs.common.caller import Role
from libs.contracts.company_names import company_key
from libs.contracts.refusals import Refusal
from services.numbers.domain.refusals import (
    AdministratorMissing,
    CompanyNamedTwice,
    CompanyUnknown,
    EmailMalformed,
    LoginGivenTwice,
    TextMalformed,
    TextMissing,
    TextTooLong,
    TooMany,
)

MOST_COMPANIES: Final = 1000
MOST_MEMBERS: Final = 1000
_LONGEST_NAME: Final = 200
# Some characters become eighteen without their Unicode form, and an index takes 2,704 bytes.
_LONGEST_KEY_BYTES: Final = 2_000
_LONGEST_EMAIL: Final = 254
_LONGEST_LOGIN: Final = 256
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`changed_at`, then `sequence`, tell which of two is the newer."""

    card_on_file: bool
    balance_current: bool
    in_good_standing: bool
    in_trial: bool
    changed_at: datetime
    sequence: int = 0

    def follows(self, other: Self) -> bool:
        return (self.changed_at, self.sequence) > (other.changed_at, other.sequence)


@dataclass(frozen=True, kw_only=True)
class Account:
    """`disabled_by` is a member's id or "support"."""

    id: str
    version: int
    name: str
    standing: Standing
    disabled_at: datetime | None = None
    disabled_by: str | None = None

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, kw_only=True)
class Company:
    id: str
    account_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """`login_issuer` and `login_subject` are the token's `iss` and `sub`.

    An administrator has every company: `company_ids` is empty.
    """

    id: str
    account_id: str
    name: str
    email: str
    role: Role
    company_ids: tuple[str, ...]
    login_issuer: str
    login_subject: str
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class NewMember:
    """`companies` are names out of the same input."""

    name: str
    email: str
    role: Role
    companies: tuple[str, ...]
    login_issuer: str
    login_subject: str


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    name: str
    card_on_file: bool
    balance_current: bool
    in_good_standing: bool
    in_trial: bool
    companies: tuple[str, ...]
    members: tuple[NewMember, ...]


def clean_text(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def faults_of_name(name: str, *path: str) -> list[Refusal]:
    """Of an account, a company or a person."""
    faults = [*_text_faults(name, _LONGEST_NAME, *path)]
    if not faults and len(company_key(name).encode()) > _LONGEST_KEY_BYTES:
        return [TextTooLong(_LONGEST_NAME).at("input", *path)]
    return faults


def faults_of_email(email: str, *path: str) -> list[Refusal]:
    if len(email) <= _LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email):
        return []
    return [EmailMalformed().at("input", *path)]


def faults_of_login(issuer: str, subject: str, *path: str) -> list[Refusal]:
    return [
        *_text_faults(issuer, _LONGEST_LOGIN, *path, "loginIssuer"),
        *_text_faults(subject, _LONGEST_LOGIN, *path, "loginSubject"),
    ]


def find_faults(new: NewAccount) -> list[Refusal]:
    """Everything that is wrong, each with its place in the input."""
    return [
        *faults_of_name(new.name, "name"),
        *_company_faults(new.companies),
        *_member_list_faults(new),
    ]


def _text_faults(text: str, longest: int, *path: str) -> Iterator[Refusal]:
    if not company_key(text):
        yield TextMissing().at("input", *path)
    elif len(text) > longest:
        yield TextTooLong(longest).at("input", *path)
    elif not clean_text(text).isprintable():
        yield TextMalformed().at("input", *path)


def _company_faults(names: Sequence[str]) -> Iterator[Refusal]:
    if len(names) > MOST_COMPANIES:
        yield TooMany("companies", MOST_COMPANIES).at("input", "companies")
        return
    seen: set[str] = set()
    for index, name in enumerate(names):
        path = ("companies", str(index), "name")
        yield from faults_of_name(name, *path)
        key = company_key(name)
        if key in seen:
            yield CompanyNamedTwice().at("input", *path)
        seen.add(key)


def _member_list_faults(new: NewAccount) -> Iterator[Refusal]:
    if len(new.members) > MOST_MEMBERS:
        yield TooMany("members", MOST_MEMBERS).at("input", "members")
        return
    if not any(member.role is Role.ADMINISTRATOR for member in new.members):
        yield AdministratorMissing().at("input", "members")
    known = {company_key(name) for name in new.companies}
    logins: set[tuple[str, str]] = set()
    for index, member in enumerate(new.members):
        path = ("members", str(index))
        yield from _member_faults(member, known, path)
        login = (member.login_issuer, member.login_subject)
        if login in logins:
            yield LoginGivenTwice().at("input", *path, "loginSubject")
        logins.add(login)


def _member_faults(
    member: NewMember, known: set[str], path: tuple[str, ...]
) -> Iterator[Refusal]:
    yield from faults_of_name(member.name, *path, "name")
    yield from faults_of_login(member.login_issuer, member.login_subject, *path)
    yield from faults_of_email(member.email, *path, "email")
    for place, name in enumerate(member.companies):
        if company_key(name) not in known:
            yield CompanyUnknown().at("input", *path, "companies", str(place))
