"""How fast 50,000 rows become stored lines, against csv reader, regex and one COPY."""

import asyncio
import csv
import json
import random
import re
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.drafts import COMPANY, Office, make_numbers, open_office
from bench.measuring import Result, Stopwatch, compare, take_turns
from deploy.local.places import ROOT
from deploy.local.servers import Servers
from libs.common.child_process import ChildProcesses
from libs.common.ids import new_id
from services.porting.integrations.files import Files
from services.porting.use_cases.importing import IntakeLimits, accept_lines, read_upload
from tests.porting.builders import VAULT

ROWS = 50_000
LIMITS = IntakeLimits(most_rows=ROWS, allow_fictional=False)

# The shape of a number, and nothing else of what makes one.
_NANP = re.compile(
    r"(?:\+?1[ .-]*)?\(?([2-9]\d{2})\)?[ .-]*([2-9]\d{2})[ .-]*(\d{4})", re.ASCII
)
_COLUMNS = (
    "id", "port_request_id", "account_id", "company_id", "tracking_number",
    "forwarding_number", "name", "source", "state",
)  # fmt: skip


async def measure_intake(servers: Servers) -> list[Result]:
    content = _write_file()
    with TemporaryDirectory() as folder:
        async with open_office(servers) as office:
            files = Files(Path(folder).as_uri())
            alone = await _measure_alone(office, files, folder, content)

            async def take_in() -> float:
                request_id, upload_id = await _promise(office, files, content)
                watch = Stopwatch()
                await import_file(office, files, request_id, upload_id)
                seconds = watch.seconds
                await _expect_lines(office)
                return 1e3 * seconds

            async def copy() -> float:
                request_id, _ = await _promise(office, files, content)
                watch = Stopwatch()
                await _copy(office, request_id, content)
                seconds = watch.seconds
                await _expect_lines(office)
                return 1e3 * seconds

            ratio, figures = compare(await take_turns(copy, take_in))
    return [
        Result(
            name="50,000 rows taken in, to one COPY",
            value=ratio,
            goal=3,
            more_is_better=False,
            detail=f"ms: {figures}",
        ),
        Result(
            name="50,000 rows, event loop held up",
            value=alone["longest_block_ms"],
            goal=50,
            more_is_better=False,
            unit="ms",
        ),
        Result(
            name="50,000 rows, memory above idle",
            value=alone["megabytes"],
            goal=64,
            more_is_better=False,
            unit="MB",
        ),
    ]


async def import_file(office: Office, files: Files, request_id: str, upload_id: str) -> None:
    """What `importLines` does, without HTTP."""
    numbers = await read_upload(
        office.database,
        files,
        ChildProcesses(),
        LIMITS,
        office.member,
        request_id=request_id,
        upload_id=upload_id,
    )
    async with office.database.transaction(office.member) as connection:
        await accept_lines(connection, office.member, VAULT, request_id, numbers)


def _write_file() -> bytes:
    """Numbers in many writings, no two alike, each forwarded to one of its own."""
    writings = ("{0}", "({1}) {2}-{3}", "{1}-{2}-{3}", "{1}.{2}.{3}", "1 {1} {2} {3}")
    mixed = random.Random(1)

    def write(number: str) -> str:
        parts = number[2:5], number[5:8], number[8:]
        return mixed.choice(writings).format(number, *parts)

    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("Tracking number", "Forwarding number", "Name", "Source", "Company"))
    pairs = zip(
        make_numbers(ROWS, exchange=736), make_numbers(ROWS, exchange=737), strict=True
    )
    writer.writerows(
        (write(tracking), write(forwarding), f"Flyer {place}", "Spring", COMPANY)
        for place, (tracking, forwarding) in enumerate(pairs)
    )
    return text.getvalue().encode("utf-8-sig")


async def _promise(office: Office, files: Files, content: bytes) -> tuple[str, str]:
    await office.forget()
    request_id = await office.add_draft()
    upload_id = await office.add_number_list()
    await files.put(upload_id, content)
    return request_id, upload_id


async def _copy(office: Office, request_id: str, content: bytes) -> None:
    """The least that can be done with the same bytes and the same table."""
    rows = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))
    next(rows)
    records = []
    for tracking, forwarding, name, source, _company in rows:
        ported, rings = _NANP.fullmatch(tracking), _NANP.fullmatch(forwarding)
        assert ported
        assert rings
        records.append(
            (
                new_id("ln"), request_id, office.member.account_id, office.house.dental,
                "+1" + "".join(ported.groups()), "+1" + "".join(rings.groups()),
                name, source, "ADDED",
            )
        )  # fmt: skip
    async with office.owner.transaction():
        await office.owner.copy_records_to_table("lines", columns=_COLUMNS, records=records)


async def _expect_lines(office: Office) -> None:
    assert await office.owner.fetchval("SELECT count(*) FROM lines") == ROWS


async def _measure_alone(
    office: Office, files: Files, folder: str, content: bytes
) -> dict[str, float]:
    """In a process that has done nothing else."""
    request_id, upload_id = await _promise(office, files, content)
    told = {
        "database_url": office.urls.database_url,
        "files_url": Path(folder).as_uri(),
        "account_id": office.member.account_id,
        "member_id": office.member.member_id,
        "request_id": request_id,
        "upload_id": upload_id,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.intake_alone", json.dumps(told)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate()
    assert process.returncode == 0
    await _expect_lines(office)
    measured: dict[str, float] = json.loads(answer)
    return measured
