"""Opening a support case, writing to it, closing it."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

from libs.common.caller import Caller, Member, Support
from libs.common.database import Connection, after_commit
from libs.common.ids import new_id
from libs.common.outbox import record
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.support_cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    MessagePosted,
    SupportCaseFact,
)
from libs.contracts.refusals import Refusal, Refused, refuse_all
from services.porting.domain.refusals.support_cases import (
    CaseNotPossible,
    NothingToCancel,
    TooManyNumbers,
)
from services.porting.domain.requests import PortRequest
from services.porting.domain.support_cases import (
    MOST_NUMBERS,
    CaseMessage,
    CaseNote,
    CaseState,
    SupportCase,
)
from services.porting.store import copies, support_cases
from services.porting.use_cases.access import lock_own_case, lock_own_request
from services.porting.use_cases.cancelling import cancel_request
from services.porting.use_cases.case_faults import (
    faults_of_body,
    faults_of_place,
    faults_of_subject,
)

log = logging.getLogger(__name__)

# Customers read this name on what our people write.
DESK: Final = "Support"
SUPPORT: Final = "support"

CaseSaid = TypeVar("CaseSaid", bound=SupportCaseFact)


async def open_case_of_request(
    connection: Connection, request: PortRequest, *, opened_by: str
) -> SupportCase:
    """The one case that is made with each request (S69)."""
    return await _open(
        connection,
        account_id=request.account_id,
        company_id=request.company_id,
        requester_id=request.requester_id,
        port_request_id=request.id,
        made_with_request=True,
        subject=request.name,
        numbers=(),
        opened_by=opened_by,
    )


async def open_case(
    connection: Connection,
    caller: Member | Support,
    *,
    account_id: str | None,
    company_id: str | None,
    port_request_id: str | None,
    subject: str,
    body: str,
    numbers: Sequence[PhoneNumber],
    requests_cancellation: bool,
) -> str:
    """With its first message. A request that it names decides account and company (S70)."""
    request = None
    if port_request_id is not None:
        request = await lock_own_request(connection, caller, port_request_id)
    faults = [*faults_of_subject(subject), *faults_of_body(body, "message")]
    if len(set(numbers)) > MOST_NUMBERS:
        faults.append(TooManyNumbers().at("input", "numbers"))
    if requests_cancellation and request is None:
        faults.append(NothingToCancel().at("input", "portRequestId"))
    if request is not None:
        owner, company_id = request.account_id, request.company_id
    else:
        owner = account_id or (caller.account_id if isinstance(caller, Member) else "")
        faults += await faults_of_place(connection, caller, owner, company_id)
    refuse_all(faults)
    case = await _open(
        connection,
        account_id=owner,
        company_id=company_id,
        requester_id=caller.member_id
        if isinstance(caller, Member)
        else request and request.requester_id,
        port_request_id=port_request_id,
        made_with_request=False,
        subject=" ".join(subject.split()),
        numbers=tuple(sorted(set(numbers))),
        opened_by=_author_of(caller),
    )
    await _post(connection, caller, case, body, requests_cancellation=requests_cancellation)
    if requests_cancellation:
        await _cancel(connection, caller, case)
    return case.id


async def post_message(
    connection: Connection,
    caller: Member | Support,
    case_id: str,
    body: str,
    *,
    requests_cancellation: bool,
) -> str:
    """Whoever writes to a closed case opens it again."""
    case = await lock_own_case(connection, caller, case_id)
    faults = faults_of_body(body, "message")
    if requests_cancellation and case.port_request_id is None:
        faults.append(NothingToCancel().at("input", "requestsCancellation"))
    refuse_all(faults)
    if case.state is CaseState.CLOSED:
        reopened = case.moved_to(CaseState.OPEN, datetime.now(UTC))
        case = await _save(
            connection,
            reopened,
            _about(CaseReopened, reopened, reopened_by=_author_of(caller)),
        )
    await _post(connection, caller, case, body, requests_cancellation=requests_cancellation)
    if requests_cancellation:
        await _cancel(connection, caller, case)
    return case.id


async def post_internal_note(
    connection: Connection, caller: Support, case_id: str, body: str
) -> str:
    """No event tells of it: what the desk says to itself stays with the desk."""
    case = await lock_own_case(connection, caller, case_id)
    refuse_all(faults_of_body(body, "note"))
    note = CaseNote(
        id=new_id("note"),
        case_id=case.id,
        written_by=caller.login.subject,
        written_at=datetime.now(UTC),
        body=body.strip(),
    )
    await support_cases.add_note(connection, case.account_id, note)
    return case.id


async def close_case(connection: Connection, caller: Support, case_id: str) -> str:
    case = await lock_own_case(connection, caller, case_id)
    if case.state is CaseState.CLOSED:
        raise CaseNotPossible(case.state, ()).at("input", "supportCaseId")
    closed = case.moved_to(CaseState.CLOSED, datetime.now(UTC))
    await _save(connection, closed, _about(CaseClosed, closed, closed_by=_author_of(caller)))
    return case.id


async def _open(
    connection: Connection, *, opened_by: str, numbers: tuple[PhoneNumber, ...], **known: Any
) -> SupportCase:
    now = datetime.now(UTC)
    number = await support_cases.next_number(connection)
    case = SupportCase(
        id=new_id("case"),
        reference=f"PL-{now.year}-{number:06}",
        numbers=numbers,
        state=CaseState.OPEN,
        state_since=now,
        opened_at=now,
        opened_by=opened_by,
        version=0,
        **known,
    )
    await support_cases.add_case(connection, case)
    opened = _about(
        CaseOpened,
        case,
        opened_by=opened_by,
        made_with_request=case.made_with_request,
        number_count=len(numbers),
    )
    return await _save(connection, case, opened)


async def _post(
    connection: Connection,
    caller: Member | Support,
    case: SupportCase,
    body: str,
    *,
    requests_cancellation: bool,
) -> None:
    message = CaseMessage(
        id=new_id("msg"),
        case_id=case.id,
        written_by=caller.member_id if isinstance(caller, Member) else caller.login.subject,
        written_by_support=isinstance(caller, Support),
        author_name=await copies.find_member_name(connection, caller.member_id)
        if isinstance(caller, Member)
        else DESK,
        written_at=datetime.now(UTC),
        body=body.strip(),
        requests_cancellation=requests_cancellation,
    )
    await support_cases.add_message(connection, case.account_id, message)
    kind: Literal["member", "support"] = "support" if isinstance(caller, Support) else "member"
    posted = _about(
        MessagePosted,
        case,
        message_id=message.id,
        author=_author_of(caller),
        author_kind=kind,
        length=len(message.body),
        requests_cancellation=requests_cancellation,
    )
    await _save(connection, case, posted)


async def _cancel(connection: Connection, caller: Member | Support, case: SupportCase) -> None:
    """As by the command itself (S69): a message that may not cancel is not posted either."""
    assert case.port_request_id is not None
    try:
        await cancel_request(
            connection, caller, case.port_request_id, f"Asked for in {case.reference}."
        )
    except Refusal as refusal:
        raise refusal.at("input", "requestsCancellation") from refusal
    except Refused as refused:
        place = ("input", "requestsCancellation")
        raise Refused(each.at(*place) for each in refused.refusals) from refused


async def _save(
    connection: Connection, case: SupportCase, fact: SupportCaseFact
) -> SupportCase:
    """To be called while the case's row is locked."""
    version = await record(connection, case.id, case.version, fact)
    saved = replace(case, version=version)
    await support_cases.save_case(connection, saved)
    after_commit(
        lambda: log.info(
            "a support case went on",
            extra={
                "action": fact.type.rpartition(".v")[0],
                "case_id": case.id,
                "port_request_id": case.port_request_id,
                "version": version,
            },
        )
    )
    return saved


def _about(fact: type[CaseSaid], case: SupportCase, **said: Any) -> CaseSaid:
    return fact(
        account_id=case.account_id,
        company_id=case.company_id,
        requester_id=case.requester_id,
        port_request_id=case.port_request_id,
        reference=case.reference,
        state=case.state,
        **said,
    )


def _author_of(caller: Caller) -> str:
    """As the outside is told: our people have no names there."""
    return caller.member_id if isinstance(caller, Member) else SUPPORT
