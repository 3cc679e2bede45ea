"""What a caller can do next, so that no client repeats the states."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from libs.common.caller import Caller, Member, Role, Support
from services.porting.domain.letters import Letter
from services.porting.domain.lines import NEXT_STATES, LineEvent, LineState
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


class SupportCaseAction(StrEnum):
    POST_MESSAGE = "POST_MESSAGE"
    POST_INTERNAL_NOTE = "POST_INTERNAL_NOTE"
    CLOSE = "CLOSE"


Actions: TypeAlias = tuple[PortRequestAction, ...]
Table: TypeAlias = Mapping[PortRequestStatus, Actions]
_S = PortRequestStatus
_A = PortRequestAction
_E = LineEvent
_WORDS_OF_THE_CARRIER: Final = (
    _A.RECORD_FIRM_DATE,
    _A.RECORD_PORTED,
    _A.RECORD_REJECTION,
    _A.RECORD_CONFLICT,
    _A.RECORD_NOT_PORTABLE,
)
_SIGNING: Final = (_A.SIGN, _A.SEND_LETTER)
_OF_LETTERS: Final = (_A.EDIT_LETTER, *_SIGNING)
_ON_THE_DAY: Final = (_A.START_ACTIVATION, _A.RECORD_ACTIVATION_FAILURE)
# What a carrier has in part is sent in full later.
_AT_THE_CARRIER: Final = (_A.SEND_TO_CARRIER, *_WORDS_OF_THE_CARRIER, *_ON_THE_DAY)
_MENDING: Final = (_A.CORRECT_LINES, _A.DROP_LINES, _A.RESUBMIT)
_BEFORE_THE_CARRIER: Final = (_A.RECORD_NOT_PORTABLE, _A.DROP_LINES, _A.CANCEL)
_BACK: Final = _A.RECORD_SNAPBACK
_NOTHING: Final[Table] = dict.fromkeys(PortRequestStatus, ())
# One table for each role: what can be tried with a request in each status. Whether it is
# possible now, the request and the states of its lines say.
ACTIONS_OF_SUPPORT: Final[Table] = {
    **_NOTHING,
    _S.DRAFT: (_A.ATTACH_DOCUMENT, *_BEFORE_THE_CARRIER),
    _S.AWAITING_AUTHORIZATION: _BEFORE_THE_CARRIER,
    _S.AWAITING_SIGNATURE: (_A.REVIEW_DOCUMENT, *_BEFORE_THE_CARRIER),
    _S.IN_REVIEW: (_A.REVIEW_DOCUMENT, _A.SEND_TO_CARRIER, *_BEFORE_THE_CARRIER),
    _S.ACTION_REQUIRED: (
        _A.ATTACH_DOCUMENT,
        _A.REVIEW_DOCUMENT,
        *_AT_THE_CARRIER,
        *_MENDING,
        _BACK,
        _A.CANCEL,
    ),
    _S.WITH_CARRIER: (*_AT_THE_CARRIER, _A.CANCEL),
    _S.APPROVED: (*_AT_THE_CARRIER, _A.CANCEL),
    _S.PORTING: (*_AT_THE_CARRIER, _BACK, _A.CANCEL),
    _S.CANCEL_REQUESTED: (*_AT_THE_CARRIER, _A.RECORD_CANCELLATION),
    _S.COMPLETED: (_BACK,),
    _S.PARTIALLY_COMPLETED: (_BACK,),
}
ACTIONS_OF_REQUESTERS: Final[Table] = {
    **_NOTHING,
    _S.DRAFT: (_A.EDIT, *_OF_LETTERS, _A.SUBMIT, _A.CANCEL),
    _S.AWAITING_AUTHORIZATION: (_A.DROP_LINES, _A.CANCEL),
    _S.AWAITING_SIGNATURE: (*_OF_LETTERS, _A.DROP_LINES, _A.CANCEL),
    _S.IN_REVIEW: (_A.DROP_LINES, _A.CANCEL),
    _S.ACTION_REQUIRED: (*_OF_LETTERS, _A.ATTACH_DOCUMENT, *_MENDING, _A.CANCEL),
    _S.WITH_CARRIER: (*_SIGNING, _A.CANCEL),
    _S.APPROVED: (_A.CANCEL,),
    _S.PORTING: (_A.CANCEL,),
}
ACTIONS_OF_ADMINISTRATORS: Final[Table] = {
    **ACTIONS_OF_REQUESTERS,
    _S.AWAITING_AUTHORIZATION: (_A.AUTHORIZE, _A.DECLINE, _A.DROP_LINES, _A.CANCEL),
}
_ACTIONS_OF: Final[Mapping[Role, Table]] = {
    Role.ADMINISTRATOR: ACTIONS_OF_ADMINISTRATORS,
    Role.MANAGER: ACTIONS_OF_REQUESTERS,
    Role.CLIENT_MANAGER: ACTIONS_OF_REQUESTERS,
    Role.VIEWER: _NOTHING,
}
_DECISIONS: Final = frozenset({_A.AUTHORIZE, _A.DECLINE})
# Of members, only whoever made or submitted the request, and administrators.
_OF_WHOEVER_MADE_IT: Final = frozenset({*_MENDING, _A.CANCEL})
# Before a carrier has anything, no word of one is taken.
_OF_THE_CARRIER: Final = frozenset({*_WORDS_OF_THE_CARRIER, *_ON_THE_DAY}) - {
    _A.RECORD_NOT_PORTABLE
}
# What is done about lines needs one that it leads somewhere.
_ABOUT_LINES: Final[Mapping[PortRequestAction, tuple[LineEvent, ...]]] = {
    _A.RECORD_FIRM_DATE: (_E.APPROVED, _E.FIRM_DATE_CHANGED),
    _A.RECORD_PORTED: (_E.PORTED,),
    _A.RECORD_REJECTION: (_E.REJECTED,),
    _A.RECORD_CONFLICT: (_E.CONFLICT_RAISED,),
    _A.START_ACTIVATION: (_E.ACTIVATION_STARTED,),
    _A.RECORD_ACTIVATION_FAILURE: (_E.ACTIVATION_FAILED,),
    _A.RECORD_NOT_PORTABLE: (_E.FOUND_UNPORTABLE,),
    _A.RECORD_SNAPBACK: (_E.REVERTED,),
    _A.RECORD_CANCELLATION: (_E.CANCELLED,),
    _A.CORRECT_LINES: (_E.CORRECTED,),
    _A.DROP_LINES: (_E.DROPPED,),
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
    if not isinstance(caller, Member) or caller.account_is_disabled:
        return _NOTHING
    return _ACTIONS_OF[caller.role]


def _is_possible(action: PortRequestAction, caller: Caller, request: PortRequest) -> bool:
    if isinstance(caller, Member):
        if action in _DECISIONS:
            return caller.member_id != request.submitted_by
        if action in _OF_WHOEVER_MADE_IT and caller.role is not Role.ADMINISTRATOR:
            return caller.member_id in {request.requester_id, request.submitted_by}
    if action in _SIGNING and request.status is PortRequestStatus.WITH_CARRIER:
        return request.wants_signature
    if action in _OF_THE_CARRIER:
        return request.sent_at is not None
    if action is PortRequestAction.SEND_TO_CARRIER:
        is_first = request.status is PortRequestStatus.IN_REVIEW
        is_rest = request.sent_at is not None and request.unsent_count > 0
        return request.preconfigured_at is not None and (is_first or is_rest)
    return True


def _has_lines_for(action: PortRequestAction, present: Collection[LineState] | None) -> bool:
    if present is None:
        return True
    if action is PortRequestAction.CANCEL:
        # What moves at this moment is not stopped.
        return LineState.ACTIVATING not in present
    events = _ABOUT_LINES.get(action)
    if events is None:
        return True
    return any(state in NEXT_STATES[event] for state in present for event in events)


def case_actions_for(caller: Caller, state: CaseState) -> tuple[SupportCaseAction, ...]:
    if isinstance(caller, Support):
        talks = (SupportCaseAction.POST_MESSAGE, SupportCaseAction.POST_INTERNAL_NOTE)
        return talks if state is CaseState.CLOSED else (*talks, SupportCaseAction.CLOSE)
    if isinstance(caller, Member) and caller.role is not Role.VIEWER:
        return (SupportCaseAction.POST_MESSAGE,)
    return ()
