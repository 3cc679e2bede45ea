"""What a gaining carrier reports: every number gets its answer, and what can go on goes on."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from libs.common.batches import split
from libs.common.caller import Anonymous, Support
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.outbox import record
from libs.contracts.porting_events.port_outs import (
    NUMBERS_PER_EVENT,
    AnsweredNumber,
    PortOutReportAnswered,
)
from services.porting.domain.port_out_reports import (
    MOST_NUMBERS,
    ODD,
    AlertKind,
    Finding,
    NumberAnswer,
    Report,
    read_reported,
)
from services.porting.domain.port_outs import answer_by_of
from services.porting.domain.refusals.port_outs import AlertUnknown, PortOutNotPossible
from services.porting.store import port_out_reports, port_outs
from services.porting.store.port_out_reports import KeptReport
from services.porting.use_cases.port_out_answers import read_note
from services.porting.use_cases.port_out_intake import take_in
from services.porting.use_cases.port_out_recording import alert_support
from services.porting.use_cases.port_outs import withdraw
from services.porting.use_cases.recording import act_as


async def receive_report(
    connection: Connection, report: Report
) -> tuple[str | None, list[NumberAnswer]]:
    """What each number is answered, and the report's id unless it is not taken in at all.

    The same report again answers the same; a later version of it takes its place.

    To be called where every account's rows are seen. Never raises a refusal: what is wrong is
    an answer, and what is odd is put before a person.
    """
    await act_as(connection, f"carrier:{report.gaining_carrier}")
    await port_out_reports.lock_reference(connection, report.gaining_carrier, report.reference)
    numbers, unreadable = read_reported(report.numbers)
    named = [*numbers, *unreadable]
    if not named:
        await alert_support(
            connection, AlertKind.NO_NUMBERS, report.gaining_carrier, report.reference
        )
        return None, []
    if len(named) > MOST_NUMBERS:
        return None, await _answer_all(connection, report, named, Finding.TOO_MANY_NUMBERS)
    known = await port_out_reports.find_reports(
        connection, report.gaining_carrier, report.reference
    )
    for each in known:
        if each.version == report.version:
            return each.id, await _answer_again(connection, report, each, named)
    if known and known[0].version > report.version:
        return None, await _answer_all(connection, report, named, Finding.OUTDATED)
    now = datetime.now(UTC)
    kept = KeptReport(
        id=new_id("por"),
        gaining_carrier=report.gaining_carrier,
        reference=report.reference,
        version=report.version,
        received_at=now,
        answer_by=answer_by_of(report.answer_by, now),
    )
    await port_out_reports.add_report(connection, kept)
    answers = await take_in(connection, report, kept, numbers)
    answers += [
        NumberAnswer(tracking_number=each, finding=Finding.UNREADABLE) for each in unreadable
    ]
    if report.answer_by not in {None, kept.answer_by}:
        await alert_support(
            connection,
            AlertKind.ANSWER_TIME_CHANGED,
            report.gaining_carrier,
            report.reference,
            report_id=kept.id,
        )
    await _answer(connection, report, kept, answers)
    return kept.id, answers


async def withdraw_reference(
    connection: Connection, gaining_carrier: str, reference: str
) -> bool:
    """The carrier withdraws what it reported; False where it has reported nothing."""
    await act_as(connection, f"carrier:{gaining_carrier}")
    await port_out_reports.lock_reference(connection, gaining_carrier, reference)
    for port_out in await port_outs.lock_port_outs_of(connection, gaining_carrier, reference):
        try:
            await withdraw(connection, Anonymous(), port_out, reason=None)
        except PortOutNotPossible:
            await alert_support(
                connection,
                AlertKind.WITHDRAWN_TOO_LATE,
                gaining_carrier,
                reference,
                port_out_id=port_out.id,
            )
    return bool(await port_out_reports.find_reports(connection, gaining_carrier, reference))


async def note_withdrawn(connection: Connection, gaining_carrier: str, reference: str) -> None:
    """By event nobody waits for an answer: a reference that is unknown is for a person."""
    if not await withdraw_reference(connection, gaining_carrier, reference):
        await alert_support(
            connection, AlertKind.WITHDRAWN_UNKNOWN, gaining_carrier, reference
        )


async def settle_alert(
    connection: Connection, _caller: Support, alert_id: str, note: str | None
) -> str:
    """A person has looked at it."""
    said = read_note(note, "note", is_needed=False)
    alert = await port_out_reports.lock_alert(connection, alert_id)
    if alert is None:
        raise AlertUnknown().at("input", "alertId")
    if alert.settled_at is None:
        await port_out_reports.settle_alert(connection, alert_id, datetime.now(UTC), said)
    return alert_id


async def _answer_again(
    connection: Connection, report: Report, kept: KeptReport, named: Sequence[str]
) -> list[NumberAnswer]:
    """What was answered before; other numbers under the same reference are a mistake of theirs."""
    answered = {
        answer.tracking_number: answer
        for answer in await port_out_reports.find_answers(connection, kept.id)
    }
    added = [
        NumberAnswer(tracking_number=each, finding=Finding.REFERENCE_REUSED)
        for each in named
        if each not in answered
    ]
    if added:
        await _answer(connection, report, kept, added)
    answered |= {answer.tracking_number: answer for answer in added}
    return [answered[each] for each in named]


async def _answer(
    connection: Connection, report: Report, kept: KeptReport, answers: Sequence[NumberAnswer]
) -> None:
    await port_out_reports.add_answers(connection, kept.id, answers)
    await _alert_about(connection, report, kept.id, answers)
    sequence = await _tell_carrier(connection, report, kept.id, kept.sequence, answers)
    await port_out_reports.save_sequence(connection, kept.id, sequence)


async def _answer_all(
    connection: Connection, report: Report, named: Sequence[str], finding: Finding
) -> list[NumberAnswer]:
    """A report that is not taken in."""
    answers = [NumberAnswer(tracking_number=each, finding=finding) for each in named]
    await _alert_about(connection, report, None, answers)
    await _tell_carrier(connection, report, new_id("por"), 0, answers)
    return answers


async def _alert_about(
    connection: Connection,
    report: Report,
    report_id: str | None,
    answers: Sequence[NumberAnswer],
) -> None:
    """One for each kind of oddity, however many numbers have it."""
    odd: dict[Finding, list[str]] = defaultdict(list)
    for answer in answers:
        if answer.finding in ODD:
            odd[answer.finding].append(answer.tracking_number)
    for finding, numbers in odd.items():
        await alert_support(
            connection,
            AlertKind.ODD_NUMBERS,
            report.gaining_carrier,
            report.reference,
            finding=finding,
            report_id=report_id,
            numbers=numbers,
        )


async def _tell_carrier(
    connection: Connection,
    report: Report,
    report_id: str,
    sequence: int,
    answers: Sequence[NumberAnswer],
) -> int:
    batches = split(answers, NUMBERS_PER_EVENT)
    facts = [
        PortOutReportAnswered(
            gaining_carrier=report.gaining_carrier,
            reference=report.reference,
            report_version=report.version,
            answers=[
                AnsweredNumber(tracking_number=answer.tracking_number, code=answer.code)
                for answer in batch
            ],
            batch=place,
            of=len(batches),
        )
        for place, batch in enumerate(batches, start=1)
    ]
    return await record(connection, report_id, sequence, *facts)
