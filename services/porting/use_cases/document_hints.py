"""What a document's text says about its request, before a carrier says it."""

import asyncio

from libs.common.caller import Caller
from libs.common.database import Database
from libs.common.sight import sight_of
from services.porting.domain.documents import Document
from services.porting.domain.invoice_hints import Hints, read_hints
from services.porting.integrations.files import Files
from services.porting.store import letters, lines


async def find_hints(
    database: Database, files: Files, caller: Caller, document: Document
) -> Hints:
    """Always of the present numbers and letter. The text was read when it was attached."""
    sight = sight_of(caller)
    async with database.reading(caller) as connection:
        numbers = await lines.find_tracking_numbers_seen(
            connection, document.port_request_id, sight.company_ids if sight else []
        )
        letter = await letters.find_standing_letter(connection, document.port_request_id)
    text = await files.read(document.text_key) if document.text_key else b""
    return await asyncio.to_thread(
        read_hints, text.decode(), numbers, letter.subscriber if letter else None
    )
