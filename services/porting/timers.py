"""Which due date starts what in porting."""

from collections.abc import Mapping
from typing import Final

from libs.common.timers import Fire
from services.porting.use_cases.letter_expiry import (
    LETTER_AGES,
    LINK_ENDS,
    age_letter,
    end_link,
)
from services.porting.use_cases.port_outs import ANSWER_DUE, authorize_by_silence

TIMERS: Final[Mapping[str, Fire]] = {
    ANSWER_DUE: authorize_by_silence,
    LINK_ENDS: end_link,
    LETTER_AGES: age_letter,
}
