"""Filling a draft: its name, company and warnings; in any order with the rest."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.porting_events.requests import DraftChanged
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.refusals.accounts import AccountHasNoCard, AccountIsDisabled
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.requests import CompanyUnknown, NameMissing
from services.porting.domain.requests import LONGEST_NAME, PortRequest, PortRequestStatus
from services.porting.domain.warnings import ALL_WARNINGS
from services.porting.store import copies, lines, requests, support_cases
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.recording import about, save
from services.porting.use_cases.support_cases import open_case_of_request


async def create_request(
    connection: Connection, caller: Member, *, company_id: str, name: str
) -> str:
    """A card is needed to begin (S5), the rest of an account's standing to submit."""
    trimmed = trim_name(name)
    faults = [
        *faults_of_name(trimmed),
        *await faults_of_company(connection, caller, company_id),
    ]
    account = await copies.find_account(connection, caller.account_id)
    if account is None or not account.card_on_file:
        faults.append(AccountHasNoCard().at("input"))
    elif account.is_disabled:
        faults.append(AccountIsDisabled().at("input"))
    refuse_all(faults)
    now = datetime.now(UTC)
    request = PortRequest(
        id=new_id("pr"),
        account_id=caller.account_id,
        company_id=company_id,
        requester_id=caller.member_id,
        requester_name=await copies.find_member_name(connection, caller.member_id),
        name=trimmed,
        status=PortRequestStatus.DRAFT,
        status_since=now,
        created_at=now,
        version=0,
    )
    await requests.add_request(connection, request)
    await save(connection, request, about(DraftChanged, request, {}))
    await open_case_of_request(connection, request, opened_by=caller.member_id)
    return request.id


async def rename_request(
    connection: Connection, caller: Member, request_id: str, name: str
) -> str:
    request = await lock_own_draft(connection, caller, request_id)
    trimmed = trim_name(name)
    refuse_all(faults_of_name(trimmed))
    await save_draft(connection, replace(request, name=trimmed))
    return request.id


async def change_company(
    connection: Connection, caller: Member, request_id: str, company_id: str
) -> str:
    """Whoever sees the new company only sees the request and its case from now on."""
    # Cases are locked before their request, here as where a message asks to cancel.
    await support_cases.move_cases(connection, request_id, company_id)
    request = await lock_own_draft(connection, caller, request_id)
    refuse_all(await faults_of_company(connection, caller, company_id))
    await save_draft(connection, replace(request, company_id=company_id))
    return request.id


async def acknowledge_warnings(connection: Connection, caller: Member, request_id: str) -> str:
    """Who was told what, and when (S13, S27, S28)."""
    request = await lock_own_draft(connection, caller, request_id)
    await save_draft(
        connection,
        replace(
            request,
            warnings_acknowledged=ALL_WARNINGS,
            warnings_acknowledged_at=datetime.now(UTC),
            warnings_acknowledged_by=caller.member_id,
        ),
    )
    return request.id


async def save_draft(connection: Connection, request: PortRequest) -> None:
    counts = await lines.count_lines(connection, request.id)
    await save(connection, request, about(DraftChanged, request, counts))


def trim_name(name: str) -> str:
    return " ".join(name.split())


def faults_of_name(trimmed: str) -> list[Refusal]:
    if not trimmed:
        return [NameMissing().at("input", "name")]
    if len(trimmed) > LONGEST_NAME:
        return [TextTooLong(LONGEST_NAME).at("input", "name")]
    return []


async def faults_of_company(
    connection: Connection, caller: Member, company_id: str
) -> list[Refusal]:
    """What is not the caller's is unknown."""
    names = await copies.find_company_names(connection, caller.account_id)
    if company_id in names and caller.has_company(company_id):
        return []
    return [CompanyUnknown().at("input", "companyId")]
