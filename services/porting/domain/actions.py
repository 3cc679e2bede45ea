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
    ATTACH_DOCUMENT = "ATTACH_DOCUMENT"
    REVIEW_DOCUMENT = "REVIEW_DOCUMENT"
    SEND_TO_CARRIER = "SEND_TO_CARRIER"
    RECORD_FIRM_DATE = "RECORD_FIRM_DATE"
    RECORD_PORTED = "RECORD_PORTED"
    RECORD_REJECTION = "RECORD_REJECTION"
    RECORD_CONFLICT = "RECORD_CONFLICT"
    START_ACTIVATION = "START_ACTIVATION"
    RECORD_ACTIVATION_FAILURE = "RECORD_ACTIVATION_FAILURE"
    RECORD_NOT_PORTABLE = "RECORD_NOT_PORTABLE"
    RECORD_SNAPBACK = "RECORD_SNAPBACK"
    RECORD_CANCELLATION = "RECORD_CANCELLATION"
    CORRECT_LINES = "CORRECT_LINES"
    DROP_LINES = "DROP_LINES"
    RESUBMIT = "RESUBMIT"
    CANCEL = "CANCEL"


class PortOutAction(StrEnum):
    AUTHORIZE = "AUTHORIZE"
    SCHEDULE = "SCHEDULE"
    RECORD_PORTED_OUT = "RECORD_PORTED_OUT"
    CONFIRM = "CONFIRM"


_REQUESTERS: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.CLIENT_MANAGER})
_S = PortRequestStatus
_A = PortRequestAction
_WORDS_OF_THE_CARRIER: Final = (
    _A.RECORD_FIRM_DATE,
    _A.RECORD_PORTED,
    _A.RECORD_REJECTION,
    _A.RECORD_CONFLICT,
    _A.RECORD_NOT_PORTABLE,
)
_ON_THE_DAY: Final = (_A.START_ACTIVATION, _A.RECORD_ACTIVATION_FAILURE)
_MENDING: Final = (_A.CORRECT_LINES, _A.DROP_LINES, _A.RESUBMIT)
# What can be tried; whether it is possible for one line, that line's state says.
_ACTIONS_OF_SUPPORT: Final[Mapping[PortRequestStatus, tuple[PortRequestAction, ...]]] = {
    _S.DRAFT: (_A.CANCEL,),
    _S.AWAITING_AUTHORIZATION: (_A.CANCEL,),
    _S.AWAITING_SIGNATURE: (_A.REVIEW_DOCUMENT, _A.CANCEL),
    _S.IN_REVIEW: (
        _A.REVIEW_DOCUMENT,
        _A.SEND_TO_CARRIER,
        _A.RECORD_NOT_PORTABLE,
        _A.DROP_LINES,
        _A.CANCEL,
    ),
    _S.ACTION_REQUIRED: (
        _A.REVIEW_DOCUMENT,
        *_WORDS_OF_THE_CARRIER,
        *_ON_THE_DAY,
        *_MENDING,
        _A.CANCEL,
    ),
    _S.WITH_CARRIER: (*_WORDS_OF_THE_CARRIER, _A.CANCEL),
    _S.APPROVED: (*_WORDS_OF_THE_CARRIER, *_ON_THE_DAY, _A.CANCEL),
    _S.PORTING: (*_WORDS_OF_THE_CARRIER, *_ON_THE_DAY, _A.RECORD_SNAPBACK, _A.CANCEL),
    _S.CANCEL_REQUESTED: (*_WORDS_OF_THE_CARRIER, _A.RECORD_CANCELLATION),
    _S.COMPLETED: (_A.RECORD_SNAPBACK,),
    _S.PARTIALLY_COMPLETED: (_A.RECORD_SNAPBACK,),
}
_ACTIONS_OF_REQUESTERS: Final[Mapping[PortRequestStatus, tuple[PortRequestAction, ...]]] = {
    _S.DRAFT: (_A.EDIT, _A.SIGN, _A.SUBMIT, _A.CANCEL),
    _S.AWAITING_AUTHORIZATION: (_A.CANCEL,),
    _S.AWAITING_SIGNATURE: (_A.CANCEL,),
    _S.IN_REVIEW: (_A.DROP_LINES, _A.CANCEL),
    _S.ACTION_REQUIRED: (_A.ATTACH_DOCUMENT, *_MENDING, _A.CANCEL),
    _S.WITH_CARRIER: (_A.CANCEL,),
    _S.APPROVED: (_A.CANCEL,),
    _S.PORTING: (_A.CANCEL,),
}
_OF_WHOEVER_MADE_IT: Final = frozenset({*_MENDING, _A.CANCEL})
# Before a carrier has anything, no word of one is taken.
_OF_THE_CARRIER: Final = frozenset({*_WORDS_OF_THE_CARRIER, *_ON_THE_DAY})
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
    is_administrator = caller.role is Role.ADMINISTRATOR
    is_theirs = caller.member_id in {request.requester_id, request.submitted_by}
    actions = _ACTIONS_OF_REQUESTERS.get(request.status, ())
    if not (is_administrator or is_theirs):
        actions = tuple(each for each in actions if each not in _OF_WHOEVER_MADE_IT)
    if (
        request.status is PortRequestStatus.AWAITING_AUTHORIZATION
        and is_administrator
        and caller.member_id != request.submitted_by
    ):
        actions = (PortRequestAction.AUTHORIZE, *actions)
    return actions


def _actions_of_support(request: PortRequest) -> tuple[PortRequestAction, ...]:
    actions = _ACTIONS_OF_SUPPORT.get(request.status, ())
    if request.sent_at is None:
        actions = tuple(
            each
            for each in actions
            if each not in _OF_THE_CARRIER or each is _A.RECORD_NOT_PORTABLE
        )
    if request.preconfigured_at is None:
        actions = tuple(each for each in actions if each is not _A.SEND_TO_CARRIER)
    return actions


def port_out_actions_for(caller: Caller, status: PortOutStatus) -> tuple[PortOutAction, ...]:
    if isinstance(caller, Support):
        return _PORT_OUT_ACTIONS_OF_SUPPORT.get(status, ())
    if isinstance(caller, Member) and caller.role is Role.ADMINISTRATOR:
        return _PORT_OUT_ACTIONS_OF_ADMINISTRATORS.get(status, ())
    return ()
