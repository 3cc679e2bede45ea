"""Gaining carriers' reports in the graph, and what support has to look at."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from libs.contracts.graph import UserError
from libs.contracts.mutations import ERRORS, KEY
from services.porting.domain.port_out_reports import AlertKind, Finding, NumberAnswer
from services.porting.schema.port_out_statuses import PortOutStatus
from services.porting.store import port_out_reports as store
from services.porting.store.port_out_reports import KeptReport

publish_enum(
    AlertKind,
    name="PortOutAlertKind",
    description="Why a person has to look at a port-out or a report.",
    values={
        AlertKind.ODD_NUMBERS: "A report names numbers that cannot leave; `finding` says why.",
        AlertKind.NO_NUMBERS: "A report names no number at all.",
        AlertKind.ANSWER_TIME_CHANGED: "The carrier's answer-by time was too near or too far.",
        AlertKind.REVIEW_DUE: "A refusal waits for support: silence will overturn it.",
        AlertKind.REVIEW_UNDECIDED: "Silence has overturned a refusal that nobody looked at.",
        AlertKind.WITHDRAWN_TOO_LATE: "The carrier withdrew numbers that had left.",
        AlertKind.WITHDRAWN_UNKNOWN: "The carrier withdrew what it had never reported.",
        AlertKind.NEVER_PORTED: "The carrier has long not taken numbers that it may take.",
    },
)
publish_enum(
    Finding,
    name="PortOutFinding",
    description="What we know of a number that a gaining carrier has reported.",
    values={
        Finding.LEAVES: "It can leave.",
        Finding.LEAVES_ALREADY: "It leaves by this very reference.",
        Finding.UNREADABLE: "It is no telephone number.",
        Finding.UNKNOWN: "It is not here.",
        Finding.STILL_PORTING_IN: "It is on its way here.",
        Finding.DISABLED: "It is here, and disabled.",
        Finding.HAS_LEFT: "It has left before.",
        Finding.IN_ANOTHER_PORT_OUT: "It leaves by another port-out.",
        Finding.LOCKED: "The account has locked it.",
        Finding.ACCOUNT_IDENTIFIER_WRONG: "The account's identifier is wrong.",
        Finding.PIN_MISSING: "The account wants a PIN, and none came.",
        Finding.PIN_WRONG: "The PIN is wrong.",
        Finding.TOO_MANY_TRIES: "Too many wrong PINs came.",
        Finding.REFUSED_FOR_GOOD: "This reference was refused for a reason that lasts.",
        Finding.REFERENCE_REUSED: "This version of the reference named other numbers before.",
        Finding.OUTDATED: "A later version of the reference has come in.",
        Finding.TOO_MANY_NUMBERS: "The report names too many numbers.",
    },
)


@strawberry.type(description="What the gaining carrier is told about one number.")
class PortOutAnswer:
    tracking_number: str = strawberry.field(
        description="In E.164, or as it was written where it is no number."
    )
    code: str = strawberry.field(
        description="`ACCEPTED`, or the code of a lawful reason; see `portOutReasons`."
    )
    sentence: str = strawberry.field(description="What it means, in plain words.")
    status: PortOutStatus | None = strawberry.field(
        description="What has become of it since; null where it was not taken in."
    )
    rejection_code: str | None = strawberry.field(
        description="Why it was refused since, where it was."
    )

    @classmethod
    def of(cls, answer: NumberAnswer) -> Self:
        return cls(
            tracking_number=answer.tracking_number,
            code=answer.code,
            sentence=answer.sentence,
            status=answer.status,
            rejection_code=answer.rejection_code,
        )


@strawberry.type(description="What a gaining carrier reported, and what it is told.")
class PortOutReport:
    id: strawberry.ID = strawberry.field(description="`por_…`.")
    gaining_carrier: str = strawberry.field(description="Who reported.")
    reference: str = strawberry.field(description="Its own reference.")
    report_version: int = strawberry.field(description="Which version of it, from 1.")
    received_at: datetime = strawberry.field(description="When.")
    answer_by: datetime = strawberry.field(
        description="After this, silence has authorized what was accepted."
    )
    answers: list[PortOutAnswer] = strawberry.field(description="One for each number.")

    @classmethod
    def of(cls, kept: KeptReport, answers: list[NumberAnswer]) -> Self:
        return cls(
            id=strawberry.ID(kept.id),
            gaining_carrier=kept.gaining_carrier,
            reference=kept.reference,
            report_version=kept.version,
            received_at=kept.received_at,
            answer_by=kept.answer_by,
            answers=[PortOutAnswer.of(answer) for answer in answers],
        )


@strawberry.input(description="A gaining carrier asks for numbers.")
class ReportPortOutInput:
    gaining_carrier: str = strawberry.field(description="Its name, always written the same.")
    reference: str = strawberry.field(description="Its own reference.")
    report_version: int = strawberry.field(
        default=1, description="One more each time that it puts its data right."
    )
    tracking_numbers: list[str] = strawberry.field(
        description="In any writing; each gets its answer. At most 5,000."
    )
    answer_by: datetime | None = strawberry.field(
        default=None,
        description="When silence authorizes: 4 hours to 30 days on, 48 hours where not said.",
    )
    account_identifier: str | None = strawberry.field(
        default=None, description="The customer's account identifier, where they gave one."
    )
    pin: str | None = strawberry.field(
        default=None, description="The customer's port-out PIN, where they gave one."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Not needed: what is sent again under the same reference changes nothing.",
    )


@strawberry.input(description="What a gaining carrier does not want any more.")
class WithdrawPortOutInput:
    gaining_carrier: str = strawberry.field(description="Its name, as it reported.")
    reference: str = strawberry.field(description="Its reference.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Not needed: what is sent again under the same reference changes nothing.",
    )


@strawberry.type(description="What became of a gaining carrier's word.")
class PortOutReportPayload:
    port_out_report: PortOutReport | None = strawberry.field(
        description="The report; null where it was not taken in."
    )
    answers: list[PortOutAnswer] = strawberry.field(
        description="One for each number that was named, also where it was not taken in."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="Something about a port-out that a person has to look at.")
class PortOutAlert:
    id: strawberry.ID = strawberry.field(description="`poa_…`.")
    kind: AlertKind = strawberry.field(description="Why.")
    finding: Finding | None = strawberry.field(description="What is odd about the numbers.")
    report_id: strawberry.ID | None = strawberry.field(description="The report, `por_…`.")
    port_out_id: strawberry.ID | None = strawberry.field(description="The port-out, `po_…`.")
    gaining_carrier: str = strawberry.field(description="Who reported.")
    reference: str = strawberry.field(description="Its reference.")
    tracking_numbers: list[str] = strawberry.field(
        description="The first of the numbers, as they were written."
    )
    number_count: int = strawberry.field(description="How many there are in all.")
    raised_at: datetime = strawberry.field(description="Since when.")
    settled_at: datetime | None = strawberry.field(description="When somebody had looked.")
    settled_by: str | None = strawberry.field(description="Who.")
    note: str | None = strawberry.field(description="What they found.")

    @classmethod
    def of(cls, alert: store.PortOutAlert) -> Self:
        return cls(
            id=strawberry.ID(alert.id),
            kind=alert.kind,
            finding=alert.finding,
            report_id=strawberry.ID(alert.report_id) if alert.report_id else None,
            port_out_id=strawberry.ID(alert.port_out_id) if alert.port_out_id else None,
            gaining_carrier=alert.gaining_carrier,
            reference=alert.reference,
            tracking_numbers=list(alert.tracking_numbers),
            number_count=alert.number_count,
            raised_at=alert.raised_at,
            settled_at=alert.settled_at,
            settled_by=alert.settled_by,
            note=alert.note,
        )


@strawberry.input(description="An alert that somebody has looked at.")
class SettlePortOutAlertInput:
    alert_id: strawberry.ID = strawberry.field(description="The alert's id.")
    note: str | None = strawberry.field(default=None, description="What was found.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="What became of a command about an alert.")
class PortOutAlertPayload:
    port_out_alert: PortOutAlert | None = strawberry.field(
        description="The alert after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)
