"""Signed letters as sealed PDFs: everything is in them, and one changed byte shows."""

import asyncio
import hashlib
import random
from io import BytesIO

import pytest
from asn1crypto import pem, x509
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from libs.common.child_process import ChildFailed, ChildProcesses
from services.porting.integrations.seals import make_development_seal
from services.porting.use_cases.letter_rendering import LetterPress, describe
from tests.porting.builders import (
    a_full_draft,
    a_line,
    found_house,
    phone,
    types_told,
)
from tests.porting.seal_check import BrokenError, check_seal

SEAL = make_development_seal()
MARKUP = "#panic() *a* $x$ \\ [b] ]] ``` <label> @ref // --"


class BrokenChildren:
    async def run(self, *_arguments) -> bytes:
        raise ChildFailed("a test's press")


@pytest.fixture
def press(database, door) -> LetterPress:
    return LetterPress(
        database=database, files=door.room.files, children=ChildProcesses(at_once=2), seal=SEAL
    )


async def a_signed_letter(database, numbers: int = 3) -> str:
    house = await found_house(database)
    added = [a_line(house.dental, phone(place)) for place in range(numbers)]
    return await a_full_draft(database, house.administrator, house.dental, added)


async def documents_of(database, request_id):
    async with database.working() as connection:
        return await connection.fetch(
            "SELECT * FROM documents WHERE port_request_id = $1 AND kind = 'LETTER'", request_id
        )


async def sealed_letter(database, door, press) -> bytes:
    request_id = await a_signed_letter(database)
    assert await press.render_one()
    [document] = await documents_of(database, request_id)
    return await door.room.files.get(document["upload_id"])


async def is_intact(pdf: bytes) -> bool:
    """As pyHanko judges it, for whom the development certificate is an authority."""
    [certificate] = [
        x509.Certificate.load(der)
        for kind, _, der in pem.unarmor(SEAL.encode(), multiple=True)
        if kind == "CERTIFICATE"
    ]
    trust = ValidationContext(trust_roots=[certificate], allow_fetching=False)
    try:
        [signature] = PdfFileReader(BytesIO(pdf)).embedded_signatures
        status = await async_validate_pdf_signature(signature, trust)
    except Exception:  # noqa: BLE001 - what cannot be read is not intact
        return False
    return status.intact and status.valid and status.coverage.name == "ENTIRE_FILE"


async def test_a_signed_letter_becomes_a_sealed_document_once(database, door, press):
    request_id = await a_signed_letter(database)

    assert await press.render_one()
    assert not await press.render_one()

    [document] = await documents_of(database, request_id)
    pdf = await door.room.files.get(document["upload_id"])
    assert pdf.startswith(b"%PDF-1.7")
    assert b"pdfaid" in pdf
    assert hashlib.sha256(pdf).hexdigest() == document["sha256"]
    assert (await types_told(database, request_id))[-1] == "letter_sealed"
    async with database.working() as connection:
        kept = await connection.fetchrow("SELECT rendered_at, document_id FROM letters")
    assert kept["rendered_at"] is not None
    assert kept["document_id"] == document["id"]


async def test_the_seal_holds_for_two_who_look_and_for_none_after_one_changed_byte(
    database, door, press
):
    pdf = await sealed_letter(database, door, press)
    seal = check_seal(pdf)
    assert await is_intact(pdf)
    random_ = random.Random(3)
    places = random_.sample(range(len(pdf)), 1_000) + list(range(seal.start - 200, seal.end))
    for place in places:
        changed = bytearray(pdf)
        changed[place] ^= random_.randrange(1, 256)
        with pytest.raises(Exception):  # noqa: B017, PT011 - broken in many ways
            check_seal(bytes(changed))
    # pyHanko reads over what stands behind the signature in its own text.
    for place in random_.sample([p for p in range(len(pdf)) if not seal.start <= p < seal.end], 60):
        changed = bytearray(pdf)
        changed[place] ^= 0xFF
        assert not await is_intact(bytes(changed)), place


async def test_what_is_added_behind_a_sealed_letter_shows(database, door, press):
    pdf = await sealed_letter(database, door, press)
    with pytest.raises(BrokenError):
        check_seal(pdf + b"\n%more\n")
    with pytest.raises(BrokenError):
        check_seal(pdf[:-1])


async def test_a_letter_that_failed_is_tried_again_later(database, door, press, caplog):
    request_id = await a_signed_letter(database)
    press.children = BrokenChildren()
    assert await press.render_one()
    assert not await press.render_one()
    assert await documents_of(database, request_id) == []
    assert "Acme" not in caplog.text
    async with database.working() as connection:
        waits = await connection.fetchval(
            "SELECT render_after - clock_timestamp() FROM letters WHERE state = 'SIGNED'"
        )
        assert 20 < waits.total_seconds() <= 30
        await connection.execute("UPDATE letters SET render_after = now()")
    press.children = ChildProcesses()
    assert await press.render_one()
    assert len(await documents_of(database, request_id)) == 1


async def test_a_process_that_dies_over_a_letter_leaves_it_to_the_next(database, press):
    request_id = await a_signed_letter(database)
    dying = asyncio.ensure_future(press.render_one())
    await asyncio.sleep(0.05)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await documents_of(database, request_id) == []
    async with database.working() as connection:
        await connection.execute(
            "UPDATE letters SET render_after = now() WHERE render_after IS NOT NULL"
        )
    assert await press.render_one()
    assert len(await documents_of(database, request_id)) == 1


async def test_of_two_who_rendered_one_letter_one_keeps_it(database, press):
    request_id = await a_signed_letter(database)
    first = asyncio.ensure_future(press.render_one())
    await asyncio.sleep(0.05)
    async with database.working() as connection:
        await connection.execute("UPDATE letters SET render_after = now()")
    assert await press.render_one()
    await first
    assert len(await documents_of(database, request_id)) == 1


async def test_no_text_is_read_as_markup():
    pdf = await press_text(MARKUP)
    assert check_seal(pdf)


@settings(max_examples=8, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=["Cc", "Cf"]), min_size=1, max_size=200))
def test_any_name_that_a_letter_may_have_can_be_set(name):
    from services.porting.integrations.letter_press import set_letter

    assert set_letter(a_letter_text(name)).startswith(b"%PDF-")


async def press_text(name: str) -> bytes:
    import json

    given = {"letter": a_letter_text(name), "seal": SEAL}
    return await ChildProcesses().run(
        "services.porting.integrations.letter_press", json.dumps(given).encode(), LIMITS
    )
