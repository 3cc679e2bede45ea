"""A request's numbers as a file, part by part."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Database
from libs.common.sight import sight_of
from services.porting.list_intake.exports import ExportedLine, write_heading, write_lines
from services.porting.store import lines, requests

_AT_ONCE: Final = 2_000


async def export_lines(
    database: Database, caller: Caller, request_id: str
) -> AsyncIterator[bytes] | None:
    """The lines that the caller may see; None where the request is not for their eyes."""
    sight = sight_of(caller)
    if sight is None:
        return None
    async with database.reading(caller) as connection:
        seen = await requests.find_requests(
            connection, [request_id], sight.account_id, sight.company_ids, sight.requester_id
        )
    return _export(database, caller, request_id) if request_id in seen else None


async def _export(database: Database, caller: Caller, request_id: str) -> AsyncIterator[bytes]:
    """Each part in a transaction of its own: a slow reader keeps no connection."""
    sight = sight_of(caller)
    yield write_heading()
    after = ""
    while sight is not None:
        async with database.reading(caller) as connection:
            rows = await lines.find_lines_for_export(
                connection, request_id, sight.company_ids, after=after, most=_AT_ONCE
            )
        if rows:
            exported = [ExportedLine(*list(row.values())[1:]) for row in rows]
            yield await asyncio.to_thread(write_lines, exported)
            after = rows[-1]["id"]
        if len(rows) < _AT_ONCE:
            return
