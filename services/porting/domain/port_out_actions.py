"""What a caller can do with a port-out now."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from libs.common.caller import Caller, Member, Role, Support
from services.porting.domain.port_outs import PortOut, PortOutStatus


class PortOutAction(StrEnum):
    AUTHORIZE = "AUTHORIZE"
    REJECT = "REJECT"
    CONFIRM_REJECTION = "CONFIRM_REJECTION"
    OVERTURN_REJECTION = "OVERTURN_REJECTION"
    SCHEDULE = "SCHEDULE"
    RECORD_PORTED_OUT = "RECORD_PORTED_OUT"
    CANCEL = "CANCEL"
    CONFIRM = "CONFIRM"
    DISPUTE = "DISPUTE"
    REFUSE_DISPUTE = "REFUSE_DISPUTE"
    RECORD_RETURNED = "RECORD_RETURNED"


Actions: TypeAlias = tuple[PortOutAction, ...]
_A: Final = PortOutAction
_S: Final = PortOutStatus

_OF_SUPPORT: Final[Mapping[PortOutStatus, Actions]] = {
    _S.RECEIVED: (_A.CANCEL,),
    _S.REJECTION_REVIEW: (_A.CONFIRM_REJECTION, _A.OVERTURN_REJECTION, _A.CANCEL),
    _S.AUTHORIZED: (_A.SCHEDULE, _A.RECORD_PORTED_OUT, _A.CANCEL),
    _S.SCHEDULED: (_A.SCHEDULE, _A.RECORD_PORTED_OUT, _A.CANCEL),
    _S.PORTED_OUT: (_A.RECORD_PORTED_OUT, _A.CANCEL, _A.CONFIRM),
    _S.DISPUTED: (_A.RECORD_PORTED_OUT, _A.REFUSE_DISPUTE, _A.RECORD_RETURNED),
}
_OF_ADMINISTRATORS: Final[Mapping[PortOutStatus, Actions]] = {
    _S.RECEIVED: (_A.AUTHORIZE, _A.REJECT),
    _S.REJECTION_REVIEW: (_A.AUTHORIZE,),
    _S.PORTED_OUT: (_A.CONFIRM, _A.DISPUTE),
}
# Until silence has answered.
_IN_TIME: Final = frozenset({_A.REJECT, _A.CONFIRM_REJECTION})
# Once some have left: while others are still here.
_OF_THE_REST: Final = frozenset({_A.RECORD_PORTED_OUT, _A.CANCEL})


def port_out_actions_for(caller: Caller, port_out: PortOut, now: datetime) -> Actions:
    return tuple(
        action
        for action in _table_of(caller).get(port_out.status, ())
        if (action is not _A.DISPUTE or port_out.can_be_disputed(now))
        and (action not in _OF_THE_REST or port_out.is_coming or port_out.leaving_count)
        and (action not in _IN_TIME or now < port_out.answer_by)
    )


def _table_of(caller: Caller) -> Mapping[PortOutStatus, Actions]:
    if isinstance(caller, Support):
        return _OF_SUPPORT
    if not isinstance(caller, Member) or caller.account_is_disabled:
        return {}
    return _OF_ADMINISTRATORS if caller.role is Role.ADMINISTRATOR else {}
