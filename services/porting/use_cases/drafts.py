"""Filling a draft: naming it, its warnings; in any order with the rest."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.porting_events.requests import DraftChanged
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.refusals.accounts import AccountHasNoCard
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.requests import CompanyUnknown, NameMissing
from services.porting.domain.requests import LONGEST_NAME, PortRequest, PortRequestStatus
from services.porting.store import copies, lines, requests
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.recording import about, save


async def create_request(
    connection: Connection, caller: Member, *, company_id: str, name: str
) -> str:
    trimmed = " ".join(name.split())
    faults: list[Refusal] = []
    if not trimmed:
        faults.append(NameMissing().at("input", "name"))
    if len(trimmed) > LONGEST_NAME:
        faults.append(TextTooLong(LONGEST_NAME).at("input", "name"))
    company_names = await copies.find_company_names(connection, caller.account_id)
    if company_id not in company_names or not caller.has_company(company_id):
        faults.append(CompanyUnknown().at("input", "companyId"))
    account = await copies.find_account(connection, caller.account_id)
    if account is None or not account.card_on_file:
        faults.append(AccountHasNoCard().at("input"))
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
    return request.id


async def acknowledge_warnings(connection: Connection, caller: Member, request_id: str) -> str:
    """Who was told, and when, not to cancel the old service before the port (S27, S28)."""
    request = await lock_own_draft(connection, caller, request_id)
    await save_draft(
        connection,
        replace(
            request,
            warnings_acknowledged_at=datetime.now(UTC),
            warnings_acknowledged_by=caller.member_id,
        ),
    )
    return request.id


async def save_draft(connection: Connection, request: PortRequest) -> None:
    counts = await lines.count_lines(connection, request.id)
    await save(connection, request, about(DraftChanged, request, counts))
