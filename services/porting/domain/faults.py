"""A fault: what is wrong with a line or a request, until somebody puts it right."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.porting.domain.rejections import RejectionCode
from services.porting.domain.requests import WaitingOn


class ClosedBy(StrEnum):
    """What ended a fault."""

    RESUBMITTED = "RESUBMITTED"
    DROPPED = "DROPPED"
    CANCELLED = "CANCELLED"
    APPROVED = "APPROVED"
    RETRIED = "RETRIED"
    PORTED = "PORTED"
    EXPIRED = "EXPIRED"
    FOUND_UNPORTABLE = "FOUND_UNPORTABLE"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`line_id` is None where the whole request has it; `carrier_text` is the carrier's own."""

    id: str
    port_request_id: str
    line_id: str | None
    code: str
    carrier_code: str | None
    carrier_text: str | None
    remedy: str
    waiting_on: WaitingOn
    needs_new_letter: bool
    opened_at: datetime
    corrected_at: datetime | None = None
    correction: str | None = None
    closed_at: datetime | None = None
    closed_by: ClosedBy | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What somebody says is wrong: our code for it, and the carrier's own words."""

    code: str
    remedy: str
    waiting_on: WaitingOn
    needs_new_letter: bool
    carrier_code: str | None = None
    carrier_text: str | None = None


def finding_of(
    code: RejectionCode, *, carrier_code: str | None = None, carrier_text: str | None = None
) -> Finding:
    return Finding(
        code=code.name,
        remedy=code.remedy,
        waiting_on=code.acts,
        needs_new_letter=code.needs_new_letter,
        carrier_code=carrier_code,
        carrier_text=carrier_text,
    )
