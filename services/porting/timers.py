"""Which due date starts what in porting."""

from collections.abc import Mapping

from libs.common.database import Connection
from libs.common.timers import Fire
from services.porting.domain.idling import IdleLimits
from services.porting.use_cases.activating import ACTIVATION_DUE, start_due_activations
from services.porting.use_cases.expiring import look_at_idle_request
from services.porting.use_cases.letter_expiry import (
    LETTER_AGES,
    LINK_ENDS,
    age_letter,
    end_link,
)
from services.porting.use_cases.port_out_answers import (
    ANSWER_DUE,
    PORT_DUE,
    REVIEW_DUE,
    authorize_by_silence,
    look_at_review,
    look_at_unported,
)
from services.porting.use_cases.port_out_locks import UNLOCK_DUE, end_cooled_off_locks
from services.porting.use_cases.recording import IDLE_DUE


def timers_of(limits: IdleLimits) -> Mapping[str, Fire]:
    async def look_at_idle(connection: Connection, request_id: str) -> None:
        await look_at_idle_request(connection, request_id, limits)

    return {
        ANSWER_DUE: authorize_by_silence,
        REVIEW_DUE: look_at_review,
        PORT_DUE: look_at_unported,
        ACTIVATION_DUE: start_due_activations,
        IDLE_DUE: look_at_idle,
        LINK_ENDS: end_link,
        LETTER_AGES: age_letter,
        UNLOCK_DUE: end_cooled_off_locks,
    }
