"""The desk looks at a document: accepts it, or refuses it and says what to do (S31)."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Support
from libs.common.database import Connection
from libs.contracts.porting_events.documents import DocumentReviewed
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.document_reviews import (
    LONGEST_REASON,
    REVIEWABLE,
    DocumentFault,
    Review,
    ReviewState,
)
from services.porting.domain.documents import PROOFS, Document, DocumentKind
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.documents import (
    DocumentUnknown,
    MarksMissing,
    NumberListNotReviewed,
    RefusalCodeMissing,
    RefusalCodeNotExpected,
    RefusalTextMissing,
)
from services.porting.domain.requests import WaitingOn
from services.porting.store import documents, lines
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.faults import require_action
from services.porting.use_cases.recording import about, save


async def review_document(
    connection: Connection, caller: Support, request_id: str, document_id: str, review: Review
) -> str:
    """A refusal makes the request wait for the requester; a second look may change the first."""
    request = await lock_own_request(connection, caller, request_id)
    document = await documents.find_seen_document(
        connection, document_id, request.account_id, None, None
    )
    if document is None or document.port_request_id != request.id:
        raise DocumentUnknown().at("input", "documentId")
    if request.status not in REVIEWABLE:
        raise await request_not_possible(connection, caller, request)
    refuse_all(_faults_of(document, review))
    reviewed_at = datetime.now(UTC)
    await documents.save_review(
        connection,
        document.id,
        replace(review, reviewed_at=reviewed_at, reviewed_by=caller.login.subject),
    )
    counts = await lines.count_lines(connection, request.id)
    reviewed = about(
        DocumentReviewed,
        request,
        counts,
        document_id=document.id,
        kind=document.kind,
        decision=review.state,
        code=review.refusal_code,
        reviewed_at=reviewed_at,
    )
    request = await save(connection, request, reviewed, reason=review.refusal_text)
    if review.refusal_code:
        await require_action(
            connection, request, review.refusal_code, WaitingOn.REQUESTER, remedy=review.remedy
        )
    return request.id


def _faults_of(document: Document, review: Review) -> list[Refusal]:
    faults: list[Refusal] = []
    if document.kind is DocumentKind.NUMBER_LIST:
        faults.append(NumberListNotReviewed().at("input", "documentId"))
    if review.state is ReviewState.REFUSED and review.refusal_code is None:
        faults.append(RefusalCodeMissing().at("input", "code"))
    if review.state is ReviewState.ACCEPTED and review.refusal_code is not None:
        faults.append(RefusalCodeNotExpected().at("input", "code"))
    if review.refusal_code is DocumentFault.DOCUMENT_REFUSED and not review.refusal_text:
        faults.append(RefusalTextMissing().at("input", "text"))
    if len(review.refusal_text or "") > LONGEST_REASON:
        faults.append(TextTooLong(LONGEST_REASON).at("input", "text"))
    if document.kind in PROOFS and review.marks is None:
        faults.append(MarksMissing().at("input", "marks"))
    return faults
