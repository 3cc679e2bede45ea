"""What is wrong with a support case before it is opened or written to."""

from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.contracts.refusals import Refusal
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.requests import CompanyUnknown
from services.porting.domain.refusals.support_cases import (
    AccountUnknown,
    MessageMissing,
    SubjectMissing,
)
from services.porting.domain.support_cases import LONGEST_MESSAGE, LONGEST_SUBJECT
from services.porting.store import copies


async def faults_of_place(
    connection: Connection, caller: Member | Support, account_id: str, company_id: str | None
) -> list[Refusal]:
    is_foreign = isinstance(caller, Member) and caller.account_id != account_id
    if is_foreign or await copies.find_account(connection, account_id) is None:
        return [AccountUnknown().at("input", "accountId")]
    if company_id is None:
        return []
    names = await copies.find_company_names(connection, account_id)
    if company_id in names and (isinstance(caller, Support) or caller.has_company(company_id)):
        return []
    return [CompanyUnknown().at("input", "companyId")]


def faults_of_subject(subject: str) -> list[Refusal]:
    trimmed = " ".join(subject.split())
    if not trimmed:
        return [SubjectMissing().at("input", "subject")]
    if len(trimmed) > LONGEST_SUBJECT:
        return [TextTooLong(LONGEST_SUBJECT).at("input", "subject")]
    return []


def faults_of_body(body: str, field: str) -> list[Refusal]:
    if not body.strip():
        return [MessageMissing().at("input", field)]
    if len(body.strip()) > LONGEST_MESSAGE:
        return [TextTooLong(LONGEST_MESSAGE).at("input", field)]
    return []
