"""What a document's text says about its request, before a carrier says it."""

import asyncio
from dataclasses import replace

from libs.common.caller import Caller
from libs.common.database import Database
from libs.common.sight import NOTHING, sight_of
from services.porting.domain.documents import Document
from services.porting.domain.hidden_numbers import mask_numbers
from services.porting.domain.invoice_hints import Hints, read_hints
from services.porting.integrations.files import Files
from services.porting.store import letters, lines
from services.porting.store.hidden_lines import find_hidden_numbers


async def find_hints(
    database: Database, files: Files, caller: Caller, document: Document
) -> Hints:
    """Always of the present numbers and letter. The text was read when it was attached."""
    companies = (sight_of(caller) or NOTHING).company_ids
    request_id = document.port_request_id
    async with database.reading(caller) as connection:
        numbers = await lines.find_tracking_numbers_seen(connection, request_id, companies)
        hidden = await find_hidden_numbers(connection, [request_id], companies)
        letter = await letters.find_standing_letter(connection, document.port_request_id)
    text = await files.read(document.text_key) if document.text_key else b""
    hints = await asyncio.to_thread(
        read_hints, text.decode(), numbers, letter.subscriber if letter else None
    )
    masked = hidden.get(request_id, ())
    return replace(hints, remarks=tuple(mask_numbers(each, masked) for each in hints.remarks))
