"""The press's foreman: every signed letter becomes a sealed PDF, however often a process dies.

What is to do stands in the rows: a letter is put off when it is taken, and taken again later
where nobody has finished it. No lock is held while a child process works.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from libs.common.child_process import ChildFailed, ChildProcesses, ChildrenBusy, Limits
from libs.common.database import SYSTEM, Connection, Database
from libs.common.ids import new_id
from libs.common.repeating import repeat
from libs.contracts.porting_events.letters import LetterSealed
from services.porting.domain.documents import DocumentKind, StoredFile
from services.porting.domain.pins import PinAnswer
from services.porting.domain.signing import CONSENT_TEXTS
from services.porting.integrations.files import Files
from services.porting.store import letter_renderings, lines, requests
from services.porting.store.letter_renderings import SignedLetter
from services.porting.use_cases.documents import keep_document
from services.porting.use_cases.recording import about, save

log = logging.getLogger(__name__)

PRESS: Final = "services.porting.integrations.letter_press"
_POLL_S: Final = 1.0
_MEGABYTE: Final = 1024 * 1024
# 50,000 numbers take 270 MB and 3 s; threads reserve more addresses than they use.
LIMITS: Final = Limits(
    memory_bytes=4096 * _MEGABYTE, cpu_s=60, wall_s=90, answer_bytes=32 * _MEGABYTE
)
_PASSCODES: Final = {
    PinAnswer.GIVEN: "On file",
    PinAnswer.NOT_NEEDED: "None required",
    PinAnswer.MISSING: "On file for each number, where there is one",
}


@dataclass(kw_only=True)
class LetterPress:
    """`seal` is the PEM text of key and certificates."""

    database: Database
    files: Files
    children: ChildProcesses
    seal: str

    async def run(self) -> None:
        """Never returns."""
        await repeat(self._render_if_free, worker="letter_press", poll_s=_POLL_S)

    async def _render_if_free(self) -> bool:
        try:
            return await self.render_one()
        except ChildrenBusy as error:
            log.warning(
                "the letter press has to wait",
                extra={"action": "letter_press.interrupted", "reason": type(error).__name__},
            )
            return False

    async def render_one(self) -> bool:
        """Answers whether one was due. What fails is tried again later, and later still."""
        async with self.database.working() as connection:
            letter = await letter_renderings.take_letter(connection)
        if letter is None:
            return False
        given = {"letter": describe(letter), "seal": self.seal}
        try:
            pdf = await self.children.run(PRESS, json.dumps(given).encode(), LIMITS)
        except ChildFailed as fault:
            log.error(  # noqa: TRY400 - it names the place and no word of the letter
                "a letter could not be rendered",
                extra={
                    "action": "letter.not_rendered",
                    "letter_id": letter.id,
                    "attempts": letter.attempts,
                    "reason": str(fault),
                },
            )
            return True
        file = StoredFile(
            upload_id=None,
            filename=f"Letter of Authorization {letter.id}.pdf",
            content_type="application/pdf",
            byte_size=len(pdf),
            sha256=hashlib.sha256(pdf).hexdigest(),
            # Never over what another process has made of the same letter.
            file_key=f"letters/{letter.id}/{new_id('pdf')}",
        )
        await self.files.write(file.file_key, pdf)
        async with self.database.working() as connection:
            await keep_rendered(connection, letter, file)
        return True


async def keep_rendered(
    connection: Connection, letter: SignedLetter, file: StoredFile
) -> None:
    """Once: of two who rendered the same letter the second keeps nothing."""
    request = await requests.lock_request(connection, letter.port_request_id)
    assert request is not None
    if await letter_renderings.is_rendered(connection, letter.id):
        return
    now = datetime.now(UTC)
    document_id = await keep_document(
        connection, request, DocumentKind.LETTER, file, SYSTEM, now
    )
    await letter_renderings.finish_rendering(connection, letter.id, now, document_id)
    counts = await lines.count_lines(connection, request.id)
    sealed = about(LetterSealed, request, counts, letter_id=letter.id, document_id=document_id)
    await save(connection, request, sealed, is_touch=False)


def describe(letter: SignedLetter) -> dict[str, Any]:
    """What the template prints: what was signed, word for word, and the record of it."""
    signature = letter.signature
    pages = [
        {**page, "pin": _PASSCODES[_pin_answer(letter, page["account_number"])]}
        for page in letter.content["pages"]
    ]
    return {
        "id": letter.id,
        "port_request_id": letter.port_request_id,
        "document_hash": letter.document_hash,
        "content": {**letter.content, "pages": pages},
        "consent": CONSENT_TEXTS[signature.consent_version],
        "signature": {
            "name": signature.name,
            "at": signature.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "by": signature.by,
            "consent_version": signature.consent_version,
            "address_mark": signature.address_mark,
            "drawn": signature.drawn,
        },
    }


def _pin_answer(letter: SignedLetter, account_number: str) -> PinAnswer:
    holder = letter.accounts.get(account_number, "")
    return letter.pin_answers.get(holder, PinAnswer.MISSING)
