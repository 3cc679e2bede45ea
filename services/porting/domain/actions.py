"""What a caller can do next, so that no client repeats the states."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from libs.common.caller import Caller, Member, Role, Support
from services.porting.domain.letters import Letter
from services.porting.domain.lines import NEXT_STATES, LineEvent, LineState
from services.porting.domain.port_outs import PortOutStatus
from services.porting.domain.requests import PortRequest, PortRequestStatus
from services.porting.domain.support_cases import CaseState


class PortRequestAction(StrEnum):
    EDIT = "EDIT"
    SIGN = "SIGN"
    EDIT_LETTER = "EDIT_LETTER"
    SEND_LETTER = "SEND_LETTER"
    SUBMIT = "SUBMIT"
    AUTHORIZE = "AUTHORIZE"
    DECLINE = "DECLINE"
    SEND_TO_CARRIER = "SEND_TO_CARRIER"
    RECORD_FIRM_DATE = "RECORD_FIRM_DATE"
    RECORD_PORTED = "RECORD_PORTED"


class PortOutAction(StrEnum):
    AUTHORIZE = "AUTHORIZE"
    SCHEDULE = "SCHEDULE"
    RECORD_PORTED_OUT = "RECORD_PORTED_OUT"
    CONFIRM = "CONFIRM"


class SupportCaseAction(StrEnum):
    POST_MESSAGE = "POST_MESSAGE"
    POST_INTERNAL_NOTE = "POST_INTERNAL_NOTE"
    CLOSE = "CLOSE"


Actions: TypeAlias = tuple[PortRequestAction, ...]
_A: Final = PortRequestAction
_S: Final = PortRequestStatus
_NOTHING: Final[Mapping[PortRequestStatus, Actions]] = dict.fromkeys(PortRequestStatus, ())

_AT_THE_CARRIER: Final[Mapping[PortRequestStatus, Actions]] = dict.fromkeys(
    (_S.WITH_CARRIER, _S.APPROVED, _S.PORTING, _S.ACTION_REQUIRED, _S.CANCEL_REQUESTED),
    (_A.RECORD_FIRM_DATE, _A.RECORD_PORTED),
)
_OF_LETTERS: Final = (_A.EDIT_LETTER, _A.SIGN, _A.SEND_LETTER)
# One table for each role: what can be done with a request in each status.
ACTIONS_OF_SUPPORT: Final[Mapping[PortRequestStatus, Actions]] = {
    **_NOTHING,
    **_AT_THE_CARRIER,
    _S.IN_REVIEW: (_A.SEND_TO_CARRIER,),
}
ACTIONS_OF_REQUESTERS: Final[Mapping[PortRequestStatus, Actions]] = {
    **_NOTHING,
    _S.DRAFT: (_A.EDIT, _A.EDIT_LETTER, _A.SIGN, _A.SEND_LETTER, _A.SUBMIT),
    _S.AWAITING_SIGNATURE: _OF_LETTERS,
    _S.ACTION_REQUIRED: _OF_LETTERS,
}
ACTIONS_OF_ADMINISTRATORS: Final[Mapping[PortRequestStatus, Actions]] = {
    **ACTIONS_OF_REQUESTERS,
    _S.AWAITING_AUTHORIZATION: (_A.AUTHORIZE, _A.DECLINE),
}
_ACTIONS_OF: Final[Mapping[Role, Mapping[PortRequestStatus, Actions]]] = {
    Role.ADMINISTRATOR: ACTIONS_OF_ADMINISTRATORS,
    Role.MANAGER: ACTIONS_OF_REQUESTERS,
    Role.CLIENT_MANAGER: ACTIONS_OF_REQUESTERS,
    Role.VIEWER: _NOTHING,
}
_DECISIONS: Final = frozenset({_A.AUTHORIZE, _A.DECLINE})
# What a word about lines does needs a line that it leads somewhere.
_ABOUT_LINES: Final[Mapping[PortRequestAction, LineEvent]] = {
    _A.RECORD_FIRM_DATE: LineEvent.APPROVED,
    _A.RECORD_PORTED: LineEvent.PORTED,
}

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


def actions_for(
    caller: Caller, request: PortRequest, present: Collection[LineState] | None = None
) -> Actions:
    """What the table gives, less what this request is not ready for.

    `present` are the states of its lines; without them, some line is taken to be ready.
    """
    return tuple(
        action
        for action in _table_of(caller)[request.status]
        if _is_possible(action, caller, request) and _has_lines_for(action, present)
    )


def actions_with(
    caller: Caller,
    request: PortRequest,
    letter: Letter | None,
    present: Collection[LineState] | None = None,
) -> Actions:
    """Less what its letter is done with (S58): one that is signed asks for nothing more."""
    actions = actions_for(caller, request, present)
    if letter is None or not letter.is_signed:
        return actions
    return tuple(action for action in actions if action not in _OF_LETTERS)


def _table_of(caller: Caller) -> Mapping[PortRequestStatus, Actions]:
    if isinstance(caller, Support):
        return ACTIONS_OF_SUPPORT
    return _ACTIONS_OF[caller.role] if isinstance(caller, Member) else _NOTHING


def _is_possible(action: PortRequestAction, caller: Caller, request: PortRequest) -> bool:
    if action in _DECISIONS:
        return isinstance(caller, Member) and caller.member_id != request.submitted_by
    if action is PortRequestAction.SEND_TO_CARRIER:
        return request.preconfigured_at is not None
    return True


def _has_lines_for(action: PortRequestAction, present: Collection[LineState] | None) -> bool:
    event = _ABOUT_LINES.get(action)
    if event is None or present is None:
        return True
    return any(state in NEXT_STATES[event] for state in present)


def case_actions_for(caller: Caller, state: CaseState) -> tuple[SupportCaseAction, ...]:
    if isinstance(caller, Support):
        talks = (SupportCaseAction.POST_MESSAGE, SupportCaseAction.POST_INTERNAL_NOTE)
        return talks if state is CaseState.CLOSED else (*talks, SupportCaseAction.CLOSE)
    if isinstance(caller, Member) and caller.role is not Role.VIEWER:
        return (SupportCaseAction.POST_MESSAGE,)
    return ()


def port_out_actions_for(caller: Caller, status: PortOutStatus) -> tuple[PortOutAction, ...]:
    if isinstance(caller, Support):
        return _PORT_OUT_ACTIONS_OF_SUPPORT.get(status, ())
    if isinstance(caller, Member) and caller.role is Role.ADMINISTRATOR:
        return _PORT_OUT_ACTIONS_OF_ADMINISTRATORS.get(status, ())
    return ()
