"""What gaining carriers and support can ask and say about reports."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias

import strawberry

from libs.common.caller import Machine
from libs.common.database import Connection as DatabaseConnection
from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.contracts.graph import user_errors
from libs.contracts.mutations import INPUT
from libs.contracts.refusals import Refusal, Refused, refuse_all
from services.porting.domain.port_out_reports import Report, clean_name
from services.porting.domain.refusals.port_outs import (
    ReferenceUnknown,
    ReportedNumbersMissing,
    ReportVersionNotValid,
)
from services.porting.schema.commands import run_once, support_of
from services.porting.schema.context import PortingInfo
from services.porting.schema.port_out_reports import (
    PortOutAlert,
    PortOutAlertPayload,
    PortOutAnswer,
    PortOutReport,
    PortOutReportPayload,
    ReportPortOutInput,
    SettlePortOutAlertInput,
    WithdrawPortOutInput,
)
from services.porting.schema.texts import faults_of_texts
from services.porting.store import port_out_reports as store
from services.porting.use_cases import port_out_reports

ReportId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="`por_…`.")]


@strawberry.type
class PortOutReportQuery:
    @strawberry.field(
        description="Gaining carriers and support: one report, and what has become of each"
        " number; null where unknown."
    )
    async def port_out_report(self, info: PortingInfo, id: ReportId) -> PortOutReport | None:
        async with _seeing_all(info) as connection:
            kept = await store.find_report(connection, id)
            if kept is None:
                return None
            return PortOutReport.of(kept, await store.find_answers(connection, kept.id))

    @strawberry.field(description="Support: what somebody has to look at, newest first.")
    async def port_out_alerts(
        self,
        info: PortingInfo,
        is_settled: Annotated[
            bool | None,
            strawberry.argument(description="False: open ones; true: those looked at."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortOutAlert] | None:
        page = page_of(store.ALERTS, first=first, after=after, last=last, before=before)
        async with info.context.database.reading(info.context.caller) as connection:
            found = await store.find_alert_page(connection, page, is_settled=is_settled)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await store.count_alerts(connection, is_settled=is_settled)

        return connection_of(found.map(PortOutAlert.of), count)


@strawberry.type
class PortOutReportMutation:
    @strawberry.mutation(
        description="A gaining carrier asks for numbers. Carrier, reference and version together"
        " take effect once; a later version takes the place of the one before."
    )
    async def report_port_out(
        self, info: PortingInfo, input: Annotated[ReportPortOutInput, INPUT]
    ) -> PortOutReportPayload:
        try:
            refuse_all(_faults_of_report(input))
            async with _seeing_all(info) as connection:
                report_id, answers = await port_out_reports.receive_report(
                    connection,
                    Report.of(
                        gaining_carrier=input.gaining_carrier,
                        reference=input.reference,
                        version=input.report_version,
                        numbers=input.tracking_numbers,
                        answer_by=input.answer_by,
                        account_identifier=input.account_identifier,
                        pin=input.pin,
                    ),
                )
                kept = await store.find_report(connection, report_id) if report_id else None
                since = await store.find_answers(connection, report_id) if report_id else []
        except (Refusal, Refused) as refused:
            return PortOutReportPayload(
                port_out_report=None, answers=[], user_errors=user_errors(refused)
            )
        by_number = {answer.tracking_number: answer for answer in since}
        return PortOutReportPayload(
            port_out_report=PortOutReport.of(kept, since) if kept else None,
            answers=[
                PortOutAnswer.of(by_number.get(answer.tracking_number, answer))
                for answer in answers
            ],
            user_errors=[],
        )

    @strawberry.mutation(
        description="A gaining carrier withdraws what it reported: the numbers that have not"
        " left stay."
    )
    async def withdraw_port_out(
        self, info: PortingInfo, input: Annotated[WithdrawPortOutInput, INPUT]
    ) -> PortOutReportPayload:
        carrier, reference = clean_name(input.gaining_carrier), clean_name(input.reference)
        try:
            refuse_all(faults_of_texts(input))
            async with _seeing_all(info) as connection:
                if not await port_out_reports.withdraw_reference(
                    connection, carrier, reference
                ):
                    raise ReferenceUnknown().at("input", "reference")
                [kept, *_] = await store.find_reports(connection, carrier, reference)
                since = await store.find_answers(connection, kept.id)
        except (Refusal, Refused) as refused:
            return PortOutReportPayload(
                port_out_report=None, answers=[], user_errors=user_errors(refused)
            )
        report = PortOutReport.of(kept, since)
        return PortOutReportPayload(
            port_out_report=report, answers=report.answers, user_errors=[]
        )

    @strawberry.mutation(description="Support: somebody has looked at an alert.")
    async def settle_port_out_alert(
        self, info: PortingInfo, input: Annotated[SettlePortOutAlertInput, INPUT]
    ) -> PortOutAlertPayload:
        support = support_of(info)
        try:
            alert_id = await run_once(
                info,
                "settlePortOutAlert",
                input,
                lambda connection: port_out_reports.settle_alert(
                    connection, support, input.alert_id, input.note
                ),
            )
        except (Refusal, Refused) as refused:
            return PortOutAlertPayload(port_out_alert=None, user_errors=user_errors(refused))
        async with info.context.database.reading(support) as connection:
            alert = await store.find_alert(connection, alert_id)
        return PortOutAlertPayload(
            port_out_alert=PortOutAlert.of(alert) if alert else None, user_errors=[]
        )


def _faults_of_report(given: ReportPortOutInput) -> Iterator[Refusal]:
    if given.report_version < 1:
        yield ReportVersionNotValid().at("input", "reportVersion")
    if not given.tracking_numbers:
        yield ReportedNumbersMissing().at("input", "trackingNumbers")
    yield from faults_of_texts(given)


@asynccontextmanager
async def _seeing_all(info: PortingInfo) -> AsyncIterator[DatabaseConnection]:
    """A carrier's numbers are of any account; a machine by itself sees no rows at all."""
    if isinstance(info.context.caller, Machine):
        async with info.context.database.working() as connection:
            yield connection
    else:
        async with info.context.database.reading(info.context.caller) as connection:
            yield connection
