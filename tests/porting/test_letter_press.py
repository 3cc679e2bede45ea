"""Signed letters as sealed PDFs: everything is in them, and one changed byte shows."""

import asyncio
import hashlib
import json
import random
from io import BytesIO
from typing import Any

import pytest
from asn1crypto import pem, x509
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from libs.common.child_process import ChildFailed, ChildProcesses
from services.porting.domain.letter_faults import is_printable
from services.porting.domain.letter_pages import hash_content
from services.porting.domain.letters import Signature
from services.porting.domain.signing import CONSENT_VERSION
from services.porting.integrations.letter_press import set_letter
from services.porting.integrations.seals import make_development_seal
from services.porting.store.letter_renderings import SignedLetter
from services.porting.use_cases.letter_rendering import LIMITS, PRESS, LetterPress, describe
from tests.porting.builders import (
    a_full_draft,
    a_line,
    a_subscriber,
    found_house,
    now,
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
            "SELECT * FROM documents WHERE port_request_id = $1 AND kind = 'LETTER'",
            request_id,
        )


async def sealed_letter(database, door, press) -> bytes:
    request_id = await a_signed_letter(database)
    assert await press.render_one()
    [document] = await documents_of(database, request_id)
    return await door.room.files.read(document["file_key"])


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
    pdf = await door.room.files.read(document["file_key"])
    # PDF/A-4 is PDF 2.0, as is what the seal adds.
    assert pdf.startswith(b"%PDF-2.0")
    assert b"<pdfaid:part>4<" in pdf
    assert PdfFileReader(BytesIO(pdf)).input_version == (2, 0)
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
    chance = random.Random(3)
    places = chance.sample(range(len(pdf)), 400)
    for place in (*places, *range(seal.start - 60, seal.end, 11)):
        changed = bytearray(pdf)
        changed[place] ^= chance.randrange(1, 256)
        with pytest.raises(Exception):  # noqa: B017, PT011 - broken in many ways
            check_seal(bytes(changed))
    # What pyHanko looks at last: the pages themselves.
    for place in chance.sample(range(1_000, len(pdf) // 2), 10):
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


def a_letter_text(name: str) -> dict[str, Any]:
    """As the press is given it, with `name` wherever somebody has written something."""
    content = {
        "subscriber": {
            **vars(a_subscriber(name=name, authorized_person=name, reseller=name)),
            "service_address": {**vars(a_subscriber().service_address), "street": name},
        },
        "pages": [
            {
                "losing_carrier": name,
                "account_number": name,
                "billing_number": phone(9),
                "numbers": [phone(place) for place in range(3)],
            }
        ],
    }
    letter = SignedLetter(
        id="ltr_1",
        port_request_id="pr_1",
        attempts=1,
        content=content,
        document_hash=hash_content(content),
        signature=Signature(
            name=name,
            at=now(),
            by="member:mem_1",
            consent_version=CONSENT_VERSION,
            address_mark="0" * 64,
            drawn="M0 0 L 9 9",
        ),
        accounts={},
        pin_answers={},
    )
    return describe(letter)


async def test_no_text_is_read_as_markup():
    given = json.dumps({"letter": a_letter_text(MARKUP), "seal": SEAL})
    assert check_seal(await ChildProcesses().run(PRESS, given.encode(), LIMITS))


@settings(max_examples=8, deadline=None)
@given(
    st.text(
        st.characters(
            min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=["Cc", "Cf"]
        ),
        min_size=1,
        max_size=200,
    )
)
def test_whatever_a_letter_may_say_can_be_printed(name):
    assume(is_printable(name))
    assert set_letter(a_letter_text(name)).startswith(b"%PDF-")


def test_every_character_that_is_taken_can_be_printed():
    taken = "".join(chr(each) for each in range(0x20, 0x2100) if is_printable(chr(each)))
    assert len(taken) > 1_000
    assert set_letter(a_letter_text(taken)).startswith(b"%PDF-")
