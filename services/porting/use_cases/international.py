"""Requests that our support team makes for an account: Australian and British numbers (S11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Member, Role, Support
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.requests import DraftChanged
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.countries import Country, country_of
from services.porting.domain.line_rules import NewLine
from services.porting.domain.lines import LineState
from services.porting.domain.refusals.accounts import AccountHasNoCard, AccountIsDisabled
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.lines import (
    ForwardingLoop,
    LinesMissing,
    NumberClaimed,
    NumberIsOurs,
    NumberNamedTwice,
    NumberOfAnotherCountry,
    TextMissing,
    TooManyLines,
)
from services.porting.domain.refusals.requests import CompanyUnknown
from services.porting.domain.refusals.support_cases import AccountUnknown, MemberUnknown
from services.porting.domain.requests import PortRequest, PortRequestStatus
from services.porting.store import copies, lines, obstacles, requests
from services.porting.use_cases.drafts import faults_of_name, trim_name
from services.porting.use_cases.recording import about, save
from services.porting.use_cases.support_cases import SUPPORT, open_case_of_request

MOST_LINES: Final = 1_000
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, kw_only=True)
class LineWish:
    """A number as the desk writes it down for a customer."""

    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str


async def create_request_for(
    connection: Connection,
    caller: Support,
    *,
    account_id: str,
    company_id: str,
    requester_id: str | None,
    country: Country,
    name: str,
    wishes: Sequence[LineWish],
) -> str:
    """A draft of the account, for its people to complete, sign and submit.

    Where no requester is named, it is the account's first administrator.
    """
    account = await copies.find_account(connection, account_id)
    if account is None:
        raise AccountUnknown().at("input", "accountId")
    trimmed = trim_name(name)
    faults = faults_of_name(trimmed)
    if company_id not in await copies.find_company_names(connection, account_id):
        faults.append(CompanyUnknown().at("input", "companyId"))
    if not account.card_on_file:
        faults.append(AccountHasNoCard().at("input", "accountId"))
    if account.is_disabled:
        faults.append(AccountIsDisabled().at("input", "accountId"))
    requester = await _find_requester(connection, account_id, company_id, requester_id)
    if requester is None:
        faults.append(MemberUnknown().at("input", "requesterId"))
    faults += _faults_of_wishes(wishes, country)
    faults += await _faults_of_taken(connection, wishes)
    refuse_all(faults)
    assert requester is not None
    now = datetime.now(UTC)
    request = PortRequest(
        id=new_id("pr"),
        account_id=account_id,
        company_id=company_id,
        requester_id=requester.member_id,
        requester_name=await copies.find_member_name(connection, requester.member_id),
        name=trimmed,
        status=PortRequestStatus.DRAFT,
        status_since=now,
        created_at=now,
        version=0,
        country=country,
        made_by_support=caller.login.subject,
    )
    await requests.add_request(connection, request)
    await lines.replace_lines(
        connection, request.id, account_id, [_line(wish, company_id) for wish in wishes]
    )
    counts = {LineState.ADDED: len(wishes)}
    await save(connection, request, about(DraftChanged, request, counts))
    await open_case_of_request(connection, request, opened_by=SUPPORT)
    return request.id


async def _find_requester(
    connection: Connection, account_id: str, company_id: str, member_id: str | None
) -> Member | None:
    wanted = member_id or await copies.find_first_administrator(connection, account_id)
    member = await copies.find_member(connection, wanted) if wanted else None
    if (
        member is None
        or member.account_id != account_id
        or member.role is Role.VIEWER
        or not member.has_company(company_id)
    ):
        return None
    return member


def _line(wish: LineWish, company_id: str) -> NewLine:
    return NewLine(
        id=new_id("ln"),
        tracking_number=wish.tracking_number,
        forwarding_number=wish.forwarding_number,
        name=wish.name.strip(),
        source=wish.source.strip(),
        company_id=company_id,
    )


def _faults_of_wishes(wishes: Sequence[LineWish], country: Country) -> list[Refusal]:
    """What is wrong with the numbers by themselves, each at its place."""
    if not wishes:
        return [LinesMissing().at("input", "lines")]
    if len(wishes) > MOST_LINES:
        return [TooManyLines(MOST_LINES).at("input", "lines")]
    faults: list[Refusal] = []
    ported = {wish.tracking_number for wish in wishes}
    seen: set[str] = set()
    for index, wish in enumerate(wishes):
        place = ("input", "lines", str(index))
        number = wish.tracking_number
        if country_of(number) is not country:
            faults.append(NumberOfAnotherCountry(number).at(*place, "trackingNumber"))
        if number in seen:
            faults.append(NumberNamedTwice(number).at(*place, "trackingNumber"))
        seen.add(number)
        if wish.forwarding_number in ported:
            loop = ForwardingLoop(wish.forwarding_number)
            faults.append(loop.at(*place, "forwardingNumber"))
        for field, text in (("name", wish.name), ("source", wish.source)):
            if not text.strip():
                faults.append(TextMissing().at(*place, field))
            elif len(text) > _LONGEST_TEXT:
                faults.append(TextTooLong(_LONGEST_TEXT).at(*place, field))
    return faults


async def _faults_of_taken(
    connection: Connection, wishes: Sequence[LineWish]
) -> list[Refusal]:
    """Numbers that we, or another request, have; and forwarding that would loop."""
    named = {wish.tracking_number for wish in wishes}
    forwarding = {wish.forwarding_number for wish in wishes}
    taken = await obstacles.find_taken_numbers(connection, sorted(named | forwarding))
    forwarded_to = await obstacles.find_forwarded_to(connection, sorted(named))
    faults: list[Refusal] = []
    for index, wish in enumerate(wishes):
        place = ("input", "lines", str(index))
        number = wish.tracking_number
        if number in taken:
            refusal = NumberIsOurs if taken[number] else NumberClaimed
            faults.append(refusal(number).at(*place, "trackingNumber"))
        if number in forwarded_to:
            faults.append(ForwardingLoop(number).at(*place, "trackingNumber"))
        if wish.forwarding_number in taken:
            loop = ForwardingLoop(wish.forwarding_number)
            faults.append(loop.at(*place, "forwardingNumber"))
    return faults
