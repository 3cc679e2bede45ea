"""Port-outs of before they could end aside keep their numbers when the database is migrated."""

import shutil
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local.databases import create_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.porting.app import MIGRATIONS

BEFORE = """
    INSERT INTO port_outs
      (id, account_id, gaining_carrier, reference, status, received_at, answer_by, version,
       ported_out_at)
    VALUES
      ('po_a', 'acc_1', 'New', 'R-1', 'PORTED_OUT', now(), now(), 3, now()),
      ('po_b', 'acc_1', 'New', 'R-2', 'RECEIVED', now(), now(), 1, NULL),
      ('po_c', 'acc_1', 'New', 'R-3', 'RECEIVED', now(), now(), 1, NULL);
    INSERT INTO port_out_numbers
      (port_out_id, account_id, company_id, number_id, tracking_number)
    VALUES
      ('po_a', 'acc_1', 'co_1', 'num_1', '+12125550001'),
      ('po_b', 'acc_1', 'co_1', 'num_2', '+12125550002'),
      ('po_b', 'acc_1', 'co_1', 'num_3', '+12125550003'),
      ('po_c', 'acc_1', 'co_1', 'num_3', '+12125550003');
"""


async def test_port_outs_of_before_know_what_is_still_to_leave(
    servers: Servers, tmp_path: Path
):
    before = tmp_path / "porting" / "migrations"
    before.mkdir(parents=True)
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0012":
            shutil.copy(file, before)
    name = f"porting_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "porting", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, before)
    connection = await asyncpg.connect(servers.postgres_url, database=name)
    try:
        await connection.execute(BEFORE)
        await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
        counts = await connection.fetch("SELECT id, leaving_count FROM port_outs ORDER BY id")
        numbers = await connection.fetch(
            """
            SELECT port_out_id, tracking_number, ported_out_at IS NOT NULL AS has_left,
              stays_since IS NOT NULL AS stays
            FROM port_out_numbers
            ORDER BY port_out_id, tracking_number
            """
        )
        reports = await connection.fetch(
            """
            SELECT r.id, r.reference, count(n.*) AS numbers
            FROM port_out_reports AS r
            JOIN port_out_report_numbers AS n ON n.report_id = r.id
            GROUP BY r.id
            ORDER BY r.id
            """
        )
        unforced = await connection.fetch(
            """
            SELECT relname FROM pg_class
            WHERE relname LIKE 'port_out%' AND relkind = 'r' AND NOT relforcerowsecurity
            """
        )
    finally:
        await connection.close()
        await drop_database(servers.postgres_url, name)
    assert [tuple(row) for row in counts] == [("po_a", 0), ("po_b", 2), ("po_c", 0)]
    assert [tuple(row) for row in numbers] == [
        ("po_a", "+12125550001", True, False),
        ("po_b", "+12125550002", False, False),
        ("po_b", "+12125550003", False, False),
        ("po_c", "+12125550003", False, True),
    ]
    assert [tuple(row) for row in reports] == [
        ("por_a", "R-1", 1),
        ("por_b", "R-2", 2),
        ("por_c", "R-3", 1),
    ]
    assert unforced == []
