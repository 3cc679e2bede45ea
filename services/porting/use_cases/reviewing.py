"""Entering the review: what `numbers` preconfigures from, lines first (S21)."""

from collections.abc import Sequence

from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import LinesReadied, ReadyLine
from libs.contracts.porting_events.requests import ReviewStarted
from services.porting.domain.requests import LineCounts, PortRequest, PortRequestStatus
from services.porting.store.lines import Line
from services.porting.use_cases.recording import about, batches_about


def review_facts(
    request: PortRequest, counts: LineCounts, ready: Sequence[Line]
) -> list[PortRequestFact]:
    """The lines travel ahead, so that whoever hears of the review knows them all.

    None where the request is not in review.
    """
    if request.status is not PortRequestStatus.IN_REVIEW:
        return []
    return [
        *batches_about(LinesReadied, request, counts, ready, _ready_line),
        about(ReviewStarted, request, counts),
    ]


def _ready_line(line: Line) -> ReadyLine:
    return ReadyLine(
        line_id=line.id,
        tracking_number=line.tracking_number,
        forwarding_number=line.forwarding_number,
        name=line.name,
        source=line.source,
        company_id=line.company_id,
    )
