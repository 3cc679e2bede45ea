"""What keeps faulty lines from being sent again."""

from collections.abc import Mapping, Sequence

from libs.common.sight import Sight
from libs.contracts.refusals import Refusal
from services.porting.domain.faults import Fault
from services.porting.domain.refusals.lines import NotCorrected
from services.porting.domain.rejections import OTHER, find_rejection_code
from services.porting.domain.requests import LOA_EXPIRED
from services.porting.store.lines import Line


def faults_of_uncorrected_lines(
    open_faults: Sequence[Fault], by_id: Mapping[str, Line], sight: Sight
) -> list[Refusal]:
    """One for each line that nobody has corrected; those that `sight` hides are not named.

    A signature that grew too old is not corrected but signed anew.
    """
    refusals: dict[tuple[str, ...], Refusal] = {}
    for fault in open_faults:
        if fault.line_id is None or fault.corrected_at or fault.code == LOA_EXPIRED:
            continue
        line = by_id[fault.line_id]
        sentence = (find_rejection_code(fault.code) or OTHER).sentence
        is_seen = sight.has_any_company([line.company_id])
        named = line.tracking_number if is_seen else None
        path = ("portRequest", "lines", *([named] if named else []))
        key = (*path, fault.id) if is_seen else (*path, sentence)
        refusals.setdefault(key, NotCorrected(named, sentence).at(*path))
    return list(refusals.values())
