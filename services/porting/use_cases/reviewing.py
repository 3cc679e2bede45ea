"""Entering the review: what `numbers` preconfigures from, lines first (S21), and its answer."""

import logging
from collections.abc import Sequence

from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import LinesReadied, ReadyLine
from libs.contracts.porting_events.requests import ReviewStarted
from services.porting.domain.requests import LineCounts, PortRequest, PortRequestStatus
from services.porting.store import history
from services.porting.store.lines import Line
from services.porting.use_cases.recording import about, batches_about

log = logging.getLogger(__name__)


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


async def answers_present_review(
    connection: Connection, request_id: str, review: int | None
) -> bool:
    """An answer to an earlier review is listed as ignored: another one is still to come.

    What was on its way before answers named their review is taken as one to the present.
    """
    present = await history.find_latest_version(connection, request_id, ReviewStarted.type)
    if review is None or review == present:
        return True
    log.info(
        "an answer to an earlier review is ignored",
        extra={
            "action": "preconfiguration.ignored",
            "port_request_id": request_id,
            "review": review,
            "present": present,
        },
    )
    return False


def _ready_line(line: Line) -> ReadyLine:
    return ReadyLine(
        line_id=line.id,
        tracking_number=line.tracking_number,
        forwarding_number=line.forwarding_number,
        name=line.name,
        source=line.source,
        company_id=line.company_id,
    )
