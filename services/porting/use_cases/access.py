"""Which request or port-out a caller may change: unknown and not theirs are the same."""

from collections.abc import Sequence
from datetime import UTC, datetime

from libs.common.caller import Caller, Member, Role
from libs.common.database import Connection
from libs.common.sight import sight_of
from services.porting.domain.actions import (
    PortRequestAction,
    actions_with,
)
from services.porting.domain.lines import LineState
from services.porting.domain.port_out_actions import port_out_actions_for
from services.porting.domain.port_outs import PortOut
from services.porting.domain.refusals.port_outs import PortOutNotPossible, PortOutUnknown
from services.porting.domain.refusals.requests import (
    NotTheRequester,
    PortRequestNotPossible,
    PortRequestUnknown,
    VersionConflict,
)
from services.porting.domain.refusals.support_cases import SupportCaseUnknown
from services.porting.domain.requests import PortRequest
from services.porting.domain.support_cases import SupportCase
from services.porting.store import letters, lines, port_outs, requests, support_cases
from services.porting.store.lines import Line


async def lock_own_request(
    connection: Connection, caller: Caller, request_id: str
) -> PortRequest:
    request = await requests.lock_request(connection, request_id)
    if request is None or not _sees(caller, request):
        raise PortRequestUnknown().at("input", "portRequestId")
    return request


async def lock_as_requester(
    connection: Connection, caller: Caller, request_id: str
) -> PortRequest:
    """For whoever made or submitted it, for administrators and for support."""
    request = await lock_own_request(connection, caller, request_id)
    if (
        isinstance(caller, Member)
        and caller.role is not Role.ADMINISTRATOR
        and caller.member_id not in {request.requester_id, request.submitted_by}
    ):
        raise NotTheRequester().at("input", "portRequestId")
    return request


async def find_own_lines(
    connection: Connection, caller: Caller, request_id: str, numbers: Sequence[str]
) -> dict[str, Line]:
    """By number, of a request that the caller may change; a line in another company is unknown."""
    sight = sight_of(caller)
    found = await lines.find_named_lines(connection, request_id, numbers)
    return {
        number: line
        for number, line in found.items()
        if sight is not None and sight.has_any_company([line.company_id])
    }


async def find_own_states(
    connection: Connection, caller: Caller, request_id: str, numbers: Sequence[str]
) -> dict[str, LineState]:
    found = await find_own_lines(connection, caller, request_id, numbers)
    return {number: line.state for number, line in found.items()}


async def expect_request_version(
    connection: Connection, caller: Caller, request_id: str, version: int | None
) -> None:
    """Keeps the request from others, where the caller says what version they looked at."""
    if version is None:
        return
    request = await lock_own_request(connection, caller, request_id)
    if request.version != version:
        raise VersionConflict().at("input", "expectedVersion")


async def lock_own_draft(
    connection: Connection, caller: Caller, request_id: str
) -> PortRequest:
    request = await lock_own_request(connection, caller, request_id)
    if not request.is_draft:
        raise await request_not_possible(connection, caller, request)
    return request


async def request_not_possible(
    connection: Connection, caller: Caller, request: PortRequest
) -> PortRequestNotPossible:
    """With what the caller can do instead."""
    actions = await find_actions(connection, caller, request)
    return PortRequestNotPossible(request.status, actions).at("input", "portRequestId")


async def find_actions(
    connection: Connection, caller: Caller, request: PortRequest
) -> tuple[PortRequestAction, ...]:
    """What the graph's `availableActions` lists for the same request."""
    letter = await letters.find_standing_letter(connection, request.id)
    present = None
    if not isinstance(caller, Member) or not (request.is_draft or request.is_final):
        present = await lines.count_lines(connection, request.id)
    return actions_with(caller, request, letter, present)


async def lock_own_port_out(
    connection: Connection, caller: Caller, port_out_id: str
) -> PortOut:
    sight = sight_of(caller)
    port_out = await port_outs.lock_port_out(connection, port_out_id)
    if (
        port_out is None
        or sight is None
        or sight.account_id not in (None, port_out.account_id)
    ):
        raise PortOutUnknown().at("input", "portOutId")
    return port_out


async def expect_port_out_version(
    connection: Connection, caller: Caller, port_out_id: str, version: int | None
) -> None:
    if version is None:
        return
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if port_out.version != version:
        raise VersionConflict().at("input", "expectedVersion")


async def lock_own_case(connection: Connection, caller: Caller, case_id: str) -> SupportCase:
    case = await support_cases.lock_case(connection, case_id)
    if case is None or not _sees_case(caller, case):
        raise SupportCaseUnknown().at("input", "supportCaseId")
    return case


async def expect_case_version(
    connection: Connection, caller: Caller, case_id: str, version: int | None
) -> None:
    if version is None:
        return
    case = await lock_own_case(connection, caller, case_id)
    if case.version != version:
        raise VersionConflict().at("input", "expectedVersion")


def port_out_not_possible(caller: Caller, port_out: PortOut) -> PortOutNotPossible:
    actions = port_out_actions_for(caller, port_out, datetime.now(UTC))
    return PortOutNotPossible(port_out.status, actions).at("input", "portOutId")


def _sees(caller: Caller, request: PortRequest) -> bool:
    sight = sight_of(caller)
    return (
        sight is not None
        and sight.account_id in (None, request.account_id)
        and (sight.company_ids is None or request.company_id in sight.company_ids)
        and sight.requester_id in (None, request.requester_id)
    )


def _sees_case(caller: Caller, case: SupportCase) -> bool:
    """As the store's lists: one's companies', and one's own wherever they belong."""
    sight = sight_of(caller)
    if sight is None or not sight.has_account(case.account_id):
        return False
    if sight.requester_id is not None:
        return case.requester_id == sight.requester_id
    is_own = isinstance(caller, Member) and case.requester_id == caller.member_id
    return is_own or sight.company_ids is None or case.company_id in sight.company_ids
