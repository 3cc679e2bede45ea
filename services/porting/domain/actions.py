"""What a caller can do next with a request or a port-out, so that no client repeats the states."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from libs.common.caller import Caller, Member, Role, Support
from services.porting.domain.port_outs import PortOutStatus
from services.porting.domain.requests import PortRequest, PortRequestStatus


class PortRequestAction(StrEnum):
    EDIT = "EDIT"
    SIGN = "SIGN"
    SUBMIT = "SUBMIT"
    AUTHORIZE = "AUTHORIZE"
    SEND_TO_CARRIER = "SEND_TO_CARRIER"
    RECORD_FIRM_DATE = "RECORD_FIRM_DATE"
    RECORD_PORTED = "RECORD_PORTED"


class PortOutAction(StrEnum):
    AUTHORIZE = "AUTHORIZE"
    SCHEDULE = "SCHEDULE"
    RECORD_PORTED_OUT = "RECORD_PORTED_OUT"
    CONFIRM = "CONFIRM"


_REQUESTERS: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.CLIENT_MANAGER})
_AT_THE_CARRIER: Final = frozenset(
    {
        PortRequestStatus.WITH_CARRIER,
        PortRequestStatus.APPROVED,
        PortRequestStatus.PORTING,
        PortRequestStatus.CANCEL_REQUESTED,
    }
)
_PORT_OUT_ACTIONS_OF_SUPPORT: Final[Mapping[PortOutStatus, tuple[PortOutAction, ...]]] = {
    PortOutStatus.AUTHORIZED: (PortOutAction.SCHEDULE, PortOutAction.RECORD_PORTED_OUT),
    PortOutStatus.SCHEDULED: (PortOutAction.RECORD_PORTED_OUT,),
}
_PORT_OUT_ACTIONS_OF_ADMINISTRATORS: Final[
    Mapping[PortOutStatus, tuple[PortOutAction, ...]]
] = {
    PortOutStatus.RECEIVED: (PortOutAction.AUTHORIZE,),
    PortOutStatus.PORTED_OUT: (PortOutAction.CONFIRM,),
}


def actions_for(caller: Caller, request: PortRequest) -> tuple[PortRequestAction, ...]:
    if isinstance(caller, Support):
        return _actions_of_support(request)
    if not isinstance(caller, Member) or caller.role not in _REQUESTERS:
        return ()
    if request.is_draft:
        return (PortRequestAction.EDIT, PortRequestAction.SIGN, PortRequestAction.SUBMIT)
    if (
        request.status is PortRequestStatus.AWAITING_AUTHORIZATION
        and caller.role is Role.ADMINISTRATOR
        and caller.member_id != request.submitted_by
    ):
        return (PortRequestAction.AUTHORIZE,)
    return ()


def _actions_of_support(request: PortRequest) -> tuple[PortRequestAction, ...]:
    if request.status is PortRequestStatus.IN_REVIEW and request.preconfigured_at:
        return (PortRequestAction.SEND_TO_CARRIER,)
    if request.status in _AT_THE_CARRIER:
        return (PortRequestAction.RECORD_FIRM_DATE, PortRequestAction.RECORD_PORTED)
    return ()


def port_out_actions_for(caller: Caller, status: PortOutStatus) -> tuple[PortOutAction, ...]:
    if isinstance(caller, Support):
        return _PORT_OUT_ACTIONS_OF_SUPPORT.get(status, ())
    if isinstance(caller, Member) and caller.role is Role.ADMINISTRATOR:
        return _PORT_OUT_ACTIONS_OF_ADMINISTRATORS.get(status, ())
    return ()
