"""PINs: kept sealed, shown to the desk at the moment of use, sealed anew under a newer key."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from libs.common.batches import split
from libs.common.caller import Support
from libs.common.database import Connection, Database
from libs.common.ids import new_id
from libs.common.vault import Vault
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.letters import PinUsed
from libs.contracts.refusals import Refusal
from services.porting.domain.letter_faults import faults_of_text
from services.porting.domain.letter_pages import pages_of
from services.porting.domain.line_rules import NewLine
from services.porting.domain.pins import PinAnswer, is_pin, read_pin_answer
from services.porting.domain.refusals.letters import PinNotPossible, PinUnknown, ReasonMissing
from services.porting.domain.requests import FINAL, PortRequest, PortRequestStatus
from services.porting.domain.signing import LONGEST_REASON
from services.porting.store import letters, lines, pins, requests
from services.porting.store.pins import KeptPin
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.recording import about, save

_HIDDEN: Final = "***"
_RESEALED_AT_ONCE: Final = 500
_KEPT_AT_ONCE: Final = 500


def faults_of_pin(text: str, place: tuple[str, ...]) -> Iterator[Refusal]:
    """Says what is wrong without saying what was written."""
    _, pin = read_pin_answer(text)
    if pin is not None and not is_pin(pin):
        yield PinNotPossible().at("input", *place)


async def keep_pins(
    connection: Connection, request: PortRequest, vault: Vault, answers: Mapping[str, str]
) -> None:
    """`answers` are by holder: the request's id, a losing account's or a line's.

    Each takes the place of the one before; an empty one takes it away.
    """
    kept = [_sealed(vault, holder, text) for holder, text in answers.items()]
    gone = [pin.holder for pin in kept if pin.answer is PinAnswer.MISSING]
    await pins.remove_pins(connection, request.id, gone)
    await pins.keep_pins(
        connection,
        request.id,
        request.account_id,
        datetime.now(UTC),
        [pin for pin in kept if pin.answer is not PinAnswer.MISSING],
    )


async def keep_pins_of_lines(
    connection: Connection, request: PortRequest, vault: Vault, added: Sequence[NewLine]
) -> None:
    """Those that a number list answers line by line; a few at a time, others wait for us."""
    answers = [(line.id, line.pin_answer) for line in added if line.pin_answer]
    for some in split(answers, _KEPT_AT_ONCE):
        await keep_pins(connection, request, vault, dict(some))


async def use_pin(
    connection: Connection,
    caller: Support,
    request_id: str,
    vault: Vault,
    *,
    holder: str | None,
    number: PhoneNumber | None,
    reason: str,
) -> str:
    """The PIN itself, for the desk to type in; who saw it and why is kept with it.

    To be shown only after the transaction has committed. Without `holder` and `number` that of
    the letter's own block.
    """
    request = await lock_own_request(connection, caller, request_id)
    if request.status is PortRequestStatus.DRAFT or request.status in FINAL:
        raise await request_not_possible(connection, caller, request)
    reason = " ".join(reason.split())
    if not reason:
        raise ReasonMissing().at("input", "reason")
    for fault in faults_of_text(reason, ("reason",), LONGEST_REASON):
        raise fault
    holder = holder or await _find_holder(connection, request, number)
    found = await pins.find_sealed_pin(connection, request.id, holder)
    if found is None:
        raise PinUnknown().at("input", "portRequestId")
    pin_id, sealed = found
    secret = vault.unseal(sealed, _place(pin_id))
    await pins.add_pin_use(
        connection,
        new_id("use"),
        request.account_id,
        request.id,
        holder,
        caller.login.subject,
        reason,
    )
    counts = await lines.count_lines(connection, request.id)
    await save(
        connection, request, about(PinUsed, request, counts, holder=holder), reason=reason
    )
    return secret


async def find_pin_for_carrier(
    connection: Connection, request_id: str, vault: Vault, number: PhoneNumber
) -> str | None:
    """For an order that is told to a carrier now; on record as every other use."""
    request = (await requests.find_requests(connection, [request_id], None, None, None))[
        request_id
    ]
    holder = await _find_holder(connection, request, number)
    found = await pins.find_sealed_pin(connection, request_id, holder)
    if found is None:
        return None
    pin_id, sealed = found
    actor = await pins.find_actor(connection)
    await pins.add_pin_use(
        connection,
        new_id("use"),
        request.account_id,
        request_id,
        holder,
        actor,
        "told to the carrier",
    )
    return vault.unseal(sealed, _place(pin_id))


async def without_pins(
    connection: Connection, request_id: str, vault: Vault, texts: Sequence[str]
) -> list[str]:
    """What a carrier says may repeat a PIN of the request, and customers and the desk read it."""
    found = await pins.find_sealed_pins(connection, request_id)
    secrets = {vault.unseal(sealed, _place(pin_id)) for pin_id, sealed in found.items()}
    # As it stands in a text and in JSON; a longer one first: a shorter one may be a part of it.
    secrets |= {json.dumps(each)[1:-1] for each in secrets}
    sought = "|".join(re.escape(each) for each in sorted(secrets, key=len, reverse=True))
    if not sought:
        return list(texts)
    return [re.sub(sought, _HIDDEN, text, flags=re.IGNORECASE) for text in texts]


async def reseal_pins(database: Database, vault: Vault) -> int:
    """Everything under the newest key, a few at a time while all goes on; answers how many."""
    resealed = 0
    while True:
        async with database.working() as connection:
            old = await pins.take_old_pins(connection, vault.key_id, _RESEALED_AT_ONCE)
            if not old:
                return resealed
            boxes = {
                pin_id: vault.seal(vault.unseal(sealed, _place(pin_id)), _place(pin_id)).box
                for pin_id, sealed in old.items()
            }
            await pins.reseal_pins(connection, vault.key_id, boxes)
            resealed += len(boxes)


async def _find_holder(
    connection: Connection, request: PortRequest, number: PhoneNumber | None
) -> str:
    """Whose PIN is good for the number: its line's own, or that of its losing account."""
    if number is None:
        return request.id
    letter = await letters.find_standing_letter(connection, request.id)
    wanted = await letters.find_letter_lines(connection, request.id, number)
    if letter is None or not wanted:
        raise PinUnknown().at("input", "trackingNumber")
    [line] = wanted
    if line.pin_answer is PinAnswer.GIVEN:
        return line.id
    [page] = pages_of(letter, [line])
    return page.holder


def _sealed(vault: Vault, holder: str, text: str) -> KeptPin:
    answer, pin = read_pin_answer(text)
    pin_id = new_id("pin")
    return KeptPin(
        id=pin_id,
        holder=holder,
        answer=answer,
        sealed=vault.seal(pin.digits, _place(pin_id)) if pin else None,
        line_id=holder if holder.startswith("ln_") else None,
    )


def _place(pin_id: str) -> str:
    return f"pins.sealed:{pin_id}"
