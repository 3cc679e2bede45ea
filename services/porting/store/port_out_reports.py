"""What gaining carriers reported and were answered, and what a person has to look at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.porting.domain.port_out_reports import AlertKind, Finding, NumberAnswer
from services.porting.domain.port_outs import PortOutStatus
from services.porting.store.copies import InventoryNumber

# One report of a carrier's reference at a time, and one that names numbers of an account.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 12))"
_FIND_VERSIONS: Final = """
    SELECT id, gaining_carrier, reference, version, received_at, answer_by, sequence
    FROM port_out_reports
    WHERE gaining_carrier = $1
      AND reference = $2
    ORDER BY version DESC
"""
_ADD: Final = """
    INSERT INTO port_out_reports
      (id, gaining_carrier, reference, version, received_at, answer_by, sequence)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_SAVE_SEQUENCE: Final = "UPDATE port_out_reports SET sequence = $2 WHERE id = $1"
_ADD_NUMBERS: Final = """
    INSERT INTO port_out_report_numbers (report_id, tracking_number, finding, port_out_id)
    SELECT $1, added.*
    FROM unnest($2::text[], $3::text[], $4::text[]) AS added
    ON CONFLICT (report_id, tracking_number) DO NOTHING
"""
# With what has become of each since.
_FIND_NUMBERS: Final = """
    SELECT n.tracking_number, n.finding, n.port_out_id, p.status, p.rejection_code
    FROM port_out_report_numbers AS n
    LEFT JOIN port_outs AS p
      ON p.id = n.port_out_id AND n.finding <> 'IN_ANOTHER_PORT_OUT'
    WHERE n.report_id = $1
    ORDER BY n.tracking_number
"""
_FIND_REPORT: Final = """
    SELECT id, gaining_carrier, reference, version, received_at, answer_by, sequence
    FROM port_out_reports
    WHERE id = $1
"""
# Every state that rows of a number are in: it may have been here before.
_FIND_REPORTED: Final = """
    SELECT tracking_number, array_agg(DISTINCT state) AS states
    FROM inventory_numbers
    WHERE tracking_number = ANY($1::text[])
    GROUP BY tracking_number
"""
# Of numbers and the port requests that bring them, those whose line has not ported yet: a number
# that was called before a carrier had its line is in use, and not here.
_FIND_ARRIVING: Final = """
    SELECT line.tracking_number
    FROM unnest($1::text[], $2::text[]) AS asked (tracking_number, port_request_id)
    JOIN lines AS line USING (tracking_number, port_request_id)
    WHERE line.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
"""
_ADD_ALERT: Final = """
    INSERT INTO port_out_alerts
      (id, kind, finding, report_id, port_out_id, gaining_carrier, reference,
       tracking_numbers, number_count, raised_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ALERT_COLUMNS: Final = """
    id, kind, finding, report_id, port_out_id, gaining_carrier, reference, tracking_numbers,
    number_count, raised_at, settled_at, settled_by, note
"""
ALERTS: Final = Listing(
    f"""
    SELECT {_ALERT_COLUMNS}
    FROM port_out_alerts
    WHERE ($1::boolean IS NULL OR (settled_at IS NOT NULL) = $1) {{keyset}} {{order}}
    """,
    parameters=1,
    keys=[Key(column="id", kind=str)],
    descending=True,
)
_COUNT_ALERTS: Final = """
    SELECT count(*)
    FROM port_out_alerts
    WHERE ($1::boolean IS NULL OR (settled_at IS NOT NULL) = $1)
"""
_LOCK_ALERT: Final = f"SELECT {_ALERT_COLUMNS} FROM port_out_alerts WHERE id = $1 FOR UPDATE"
_FIND_ALERT: Final = f"SELECT {_ALERT_COLUMNS} FROM port_out_alerts WHERE id = $1"
# Who settles it is known to the transaction.
_SETTLE_ALERT: Final = """
    UPDATE port_out_alerts
    SET settled_at = $2, settled_by = current_setting('app.actor', true), note = $3
    WHERE id = $1
"""


@dataclass(frozen=True, kw_only=True)
class KeptReport:
    """`sequence` counts its events."""

    id: str
    gaining_carrier: str
    reference: str
    version: int
    received_at: datetime
    answer_by: datetime
    sequence: int = 0


@dataclass(frozen=True, kw_only=True)
class PortOutAlert:
    """`tracking_numbers` are the first of `number_count`."""

    id: str
    kind: AlertKind
    finding: Finding | None
    report_id: str | None
    port_out_id: str | None
    gaining_carrier: str
    reference: str
    tracking_numbers: Sequence[str]
    number_count: int
    raised_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None
    note: str | None = None


async def lock_reference(connection: Connection, gaining_carrier: str, reference: str) -> None:
    await connection.execute(_LOCK, f"{gaining_carrier}\n{reference}")


async def lock_accounts(connection: Connection, account_ids: Sequence[str]) -> None:
    """In this order, and until the transaction ends: nobody else finds out what is leaving."""
    for account_id in account_ids:
        await connection.execute(_LOCK, account_id)


async def find_reports(
    connection: Connection, gaining_carrier: str, reference: str
) -> list[KeptReport]:
    """The versions that have come in, the latest first."""
    rows = await connection.fetch(_FIND_VERSIONS, gaining_carrier, reference)
    return [KeptReport(**dict(row)) for row in rows]


async def find_report(connection: Connection, report_id: str) -> KeptReport | None:
    row = await connection.fetchrow(_FIND_REPORT, report_id)
    return KeptReport(**dict(row)) if row else None


async def add_report(connection: Connection, report: KeptReport) -> None:
    await connection.execute(
        _ADD,
        report.id,
        report.gaining_carrier,
        report.reference,
        report.version,
        report.received_at,
        report.answer_by,
        report.sequence,
    )


async def save_sequence(connection: Connection, report_id: str, sequence: int) -> None:
    await connection.execute(_SAVE_SEQUENCE, report_id, sequence)


async def add_answers(
    connection: Connection, report_id: str, answers: Sequence[NumberAnswer]
) -> None:
    """A number that was answered before keeps its answer."""
    await connection.execute(
        _ADD_NUMBERS,
        report_id,
        [answer.tracking_number for answer in answers],
        [answer.finding for answer in answers],
        [answer.port_out_id for answer in answers],
    )


async def find_answers(connection: Connection, report_id: str) -> list[NumberAnswer]:
    rows = await connection.fetch(_FIND_NUMBERS, report_id)
    return [
        NumberAnswer(
            tracking_number=row["tracking_number"],
            finding=Finding(row["finding"]),
            port_out_id=row["port_out_id"],
            status=PortOutStatus(row["status"]) if row["status"] else None,
            rejection_code=row["rejection_code"],
        )
        for row in rows
    ]


async def find_states(connection: Connection, numbers: Sequence[str]) -> dict[str, list[str]]:
    """The states of all rows that a number has or had in inventory."""
    rows = await connection.fetch(_FIND_REPORTED, list(numbers))
    return {row["tracking_number"]: row["states"] for row in rows}


async def find_arriving(
    connection: Connection, numbers: Collection[InventoryNumber]
) -> set[str]:
    """Those that are still porting in, whatever their state says."""
    rows = await connection.fetch(
        _FIND_ARRIVING,
        [number.tracking_number for number in numbers],
        [number.port_request_id for number in numbers],
    )
    return {row["tracking_number"] for row in rows}


async def add_alert(connection: Connection, alert: PortOutAlert) -> None:
    await connection.execute(
        _ADD_ALERT,
        alert.id,
        alert.kind,
        alert.finding,
        alert.report_id,
        alert.port_out_id,
        alert.gaining_carrier,
        alert.reference,
        list(alert.tracking_numbers),
        alert.number_count,
        alert.raised_at,
    )


async def lock_alert(connection: Connection, alert_id: str) -> PortOutAlert | None:
    row = await connection.fetchrow(_LOCK_ALERT, alert_id)
    return _alert(row) if row else None


async def find_alert(connection: Connection, alert_id: str) -> PortOutAlert | None:
    row = await connection.fetchrow(_FIND_ALERT, alert_id)
    return _alert(row) if row else None


async def settle_alert(
    connection: Connection, alert_id: str, settled_at: datetime, note: str | None
) -> None:
    await connection.execute(_SETTLE_ALERT, alert_id, settled_at, note)


async def find_alert_page(
    connection: Connection, page: Page, *, is_settled: bool | None
) -> Slice[PortOutAlert]:
    return (await read_page(connection, ALERTS, page, is_settled)).map(_alert)


async def count_alerts(connection: Connection, *, is_settled: bool | None) -> int:
    count: int = await connection.fetchval(_COUNT_ALERTS, is_settled)
    return count


def _alert(row: Row) -> PortOutAlert:
    finding = row["finding"]
    return PortOutAlert(
        **{
            **dict(row),
            "kind": AlertKind(row["kind"]),
            "finding": Finding(finding) if finding else None,
        }
    )
