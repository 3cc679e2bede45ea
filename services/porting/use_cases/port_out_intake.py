"""What of a report's numbers can leave: one port-out for each account and answer of its shield."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from libs.common.caller import Anonymous
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.timers import set_timer
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_outs import PortOutReceived
from services.porting.domain.port_out_reasons import PORT_OUT_REASONS
from services.porting.domain.port_out_reports import (
    CODES,
    OF_THE_SHIELD,
    Finding,
    NumberAnswer,
    Report,
    find_of_state,
    sentence_of,
)
from services.porting.domain.port_outs import (
    ASKING,
    PortOut,
    PortOutEvent,
    PortOutNumber,
    PortOutStatus,
)
from services.porting.store import copies, port_out_numbers, port_out_reports, port_outs
from services.porting.store.copies import InventoryNumber
from services.porting.store.port_out_reports import KeptReport
from services.porting.use_cases.port_out_answers import ANSWER_DUE, reject
from services.porting.use_cases.port_out_recording import move, save_port_out, say
from services.porting.use_cases.port_out_shield import judge_report
from services.porting.use_cases.port_outs import withdraw

_GOING_ON: Final = frozenset(
    {
        PortOutStatus.AUTHORIZED,
        PortOutStatus.SCHEDULED,
        PortOutStatus.PORTED_OUT,
        PortOutStatus.DISPUTED,
    }
)
_SUPERSEDED: Final = "The gaining carrier has reported anew."


async def take_in(
    connection: Connection, report: Report, kept: KeptReport, numbers: Sequence[PhoneNumber]
) -> list[NumberAnswer]:
    """Of what an earlier version still asked for, the later one decides."""
    earlier = await port_outs.lock_port_outs_of(
        connection, report.gaining_carrier, report.reference
    )
    for port_out in earlier:
        if port_out.status in ASKING:
            await withdraw(connection, Anonymous(), port_out, reason=_SUPERSEDED)
    answers = await _find_settled(connection, earlier, numbers)
    rest = [number for number in numbers if number not in answers]
    here = await _find_here(connection, rest)
    await port_out_reports.lock_accounts(
        connection, sorted({number.account_id for number in here.values()})
    )
    leaving = await port_out_numbers.find_leaving(connection, rest)
    states = await port_out_reports.find_states(connection, rest)
    arriving = await port_out_reports.find_arriving(connection, here.values())
    by_account: dict[str, list[InventoryNumber]] = defaultdict(list)
    for number in rest:
        if number not in here:
            finding = find_of_state(states.get(number, ()))
            answers[number] = NumberAnswer(tracking_number=number, finding=finding)
        elif number in arriving:
            answers[number] = NumberAnswer(
                tracking_number=number, finding=Finding.STILL_PORTING_IN
            )
        elif number in leaving:
            answers[number] = NumberAnswer(
                tracking_number=number,
                finding=Finding.IN_ANOTHER_PORT_OUT,
                port_out_id=leaving[number],
            )
        else:
            by_account[here[number].account_id].append(here[number])
    for account_id, asked in sorted(by_account.items()):
        answers |= await _ask(connection, report, kept, earlier, account_id, asked)
    return [answers[number] for number in numbers]


async def _find_settled(
    connection: Connection, earlier: Sequence[PortOut], numbers: Sequence[PhoneNumber]
) -> dict[PhoneNumber, NumberAnswer]:
    """What this reference has brought about already, and what it can never bring about."""
    settled = {}
    for port_out in earlier:
        if port_out.status in _GOING_ON:
            finding = Finding.LEAVES_ALREADY
        elif _is_refused_for_good(port_out):
            finding = Finding.REFUSED_FOR_GOOD
        else:
            continue
        for each in await port_out_numbers.find_port_out_numbers(
            connection, port_out.id, numbers
        ):
            if finding is Finding.LEAVES_ALREADY and not each.is_leaving:
                continue
            settled[each.tracking_number] = NumberAnswer(
                tracking_number=each.tracking_number, finding=finding, port_out_id=port_out.id
            )
    return settled


def _is_refused_for_good(port_out: PortOut) -> bool:
    return (
        port_out.status is PortOutStatus.REJECTED
        and port_out.rejection_code is not None
        and not PORT_OUT_REASONS[port_out.rejection_code].is_correctable
    )


async def _find_here(
    connection: Connection, numbers: Sequence[PhoneNumber]
) -> Mapping[PhoneNumber, InventoryNumber]:
    """Those that can leave; a number has had other rows where it was here before."""
    found = await copies.find_inventory_numbers(connection, numbers)
    return {
        number.tracking_number: number
        for number in sorted(found, key=lambda each: each.number_id)
        if find_of_state([number.state]) is Finding.LEAVES
    }


async def _ask(
    connection: Connection,
    report: Report,
    kept: KeptReport,
    earlier: Sequence[PortOut],
    account_id: str,
    asked: Sequence[InventoryNumber],
) -> dict[PhoneNumber, NumberAnswer]:
    """The gates in their order: lock, PIN, and then the administrators."""
    verdicts = await judge_report(
        connection,
        account_id,
        asked,
        report.pin,
        report.account_identifier,
        at=kept.received_at,
    )
    groups: dict[Finding, list[InventoryNumber]] = defaultdict(list)
    for number in asked:
        groups[OF_THE_SHIELD[verdicts[number.tracking_number]]].append(number)
    supplements = _find_supplemented(earlier, account_id)
    answers = {}
    for finding, numbers in groups.items():
        port_out = PortOut(
            id=new_id("po"),
            account_id=account_id,
            gaining_carrier=report.gaining_carrier,
            reference=report.reference,
            report_version=report.version,
            supplements=supplements,
            status=PortOutStatus.RECEIVED,
            status_since=kept.received_at,
            received_at=kept.received_at,
            answer_by=kept.answer_by,
            version=0,
            leaving_count=len(numbers),
        )
        await _open(connection, port_out, numbers, finding)
        for number in numbers:
            answers[number.tracking_number] = NumberAnswer(
                tracking_number=number.tracking_number,
                finding=finding,
                port_out_id=port_out.id,
            )
    return answers


def _find_supplemented(earlier: Sequence[PortOut], account_id: str) -> str | None:
    """The latest refused one of the account: the carrier has put its data right."""
    refused = [
        port_out.id
        for port_out in earlier
        if port_out.account_id == account_id and port_out.status is PortOutStatus.REJECTED
    ]
    return refused[-1] if refused else None


async def _open(
    connection: Connection,
    port_out: PortOut,
    numbers: Sequence[InventoryNumber],
    finding: Finding,
) -> None:
    """Told to its administrators in any case; one that the shield stops is refused at once."""
    await port_outs.add_port_out(connection, port_out)
    leaving = [
        PortOutNumber(
            tracking_number=number.tracking_number,
            number_id=number.number_id,
            company_id=number.company_id,
        )
        for number in numbers
    ]
    await port_out_numbers.add_port_out_numbers(
        connection, port_out.id, port_out.account_id, leaving
    )
    facts = await say(
        connection,
        PortOutReceived,
        port_out,
        leaving,
        received_at=port_out.received_at,
        answer_by=port_out.answer_by,
        supplements=port_out.supplements,
    )
    saved = await save_port_out(connection, port_out, facts)
    if finding is Finding.LEAVES:
        await set_timer(connection, ANSWER_DUE, port_out.id, port_out.answer_by)
        return
    refused = move(Anonymous(), saved, PortOutEvent.GATE_REFUSED)
    assert refused is not None
    await reject(
        connection,
        replace(refused, rejection_note=sentence_of(finding)),
        PORT_OUT_REASONS[CODES[finding]],
    )
