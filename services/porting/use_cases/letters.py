"""Filling in and signing the letter of a draft."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Caller, Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.porting_events.letters import LetterSigned
from libs.contracts.refusals import Refusal, Refused, refuse_all
from services.porting.domain.actions import PortRequestAction, actions_for
from services.porting.domain.letters import (
    NO_PIN,
    Letter,
    LetterState,
    Subscriber,
    hash_document,
    is_email,
    says_no_pin,
)
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.letters import (
    InvalidEmail,
    LetterMissing,
    LetterSignedAlready,
    PinNeedsSupport,
    PostOfficeBox,
    SignerNameMissing,
    ValueMissing,
)
from services.porting.domain.refusals.lines import LinesMissing
from services.porting.store import letters, lines
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.drafts import save_draft
from services.porting.use_cases.recording import about, save

_LONGEST_TEXT = 200


async def prepare_letter(
    connection: Connection, caller: Caller, request_id: str, subscriber: Subscriber
) -> str:
    """A new letter takes the place of the one before, signed or not."""
    request = await lock_own_draft(connection, caller, request_id)
    refuse_all(_faults_of(subscriber))
    await letters.supersede_letter(connection, request.id)
    letter = Letter(
        id=new_id("ltr"),
        port_request_id=request.id,
        state=LetterState.DRAFT,
        subscriber=replace(subscriber, pin_answer=NO_PIN),
    )
    await letters.add_letter(connection, request.account_id, letter)
    await save_draft(connection, request)
    return request.id


async def sign_letter(
    connection: Connection, caller: Member, request_id: str, *, signer_name: str
) -> str:
    """The signature covers the subscriber block and every number that the draft has now."""
    request = await lock_own_draft(connection, caller, request_id)
    letter = (await letters.find_letters(connection, [request.id])).get(request.id)
    numbers = await lines.find_tracking_numbers(connection, request.id)
    faults: list[Refusal] = []
    if letter is None:
        faults.append(LetterMissing().at("input", "portRequestId"))
    elif letter.state is LetterState.SIGNED:
        others = (a for a in actions_for(caller, request) if a is not PortRequestAction.SIGN)
        faults.append(LetterSignedAlready(others).at("input", "portRequestId"))
    if not numbers:
        faults.append(LinesMissing().at("input", "portRequestId"))
    if not signer_name.strip():
        faults.append(SignerNameMissing().at("input", "signerName"))
    if len(signer_name) > _LONGEST_TEXT:
        faults.append(TextTooLong(_LONGEST_TEXT).at("input", "signerName"))
    if faults or letter is None:
        raise Refused(faults)
    signed_at = datetime.now(UTC)
    document_hash = hash_document(letter.subscriber, numbers)
    await letters.save_signature(
        connection,
        replace(
            letter,
            state=LetterState.SIGNED,
            signer_name=" ".join(signer_name.split()),
            signed_at=signed_at,
            signed_by=caller.member_id,
            document_hash=document_hash,
        ),
    )
    counts = await lines.count_lines(connection, request.id)
    await save(
        connection,
        request,
        about(
            LetterSigned,
            request,
            counts,
            letter_id=letter.id,
            signed_at=signed_at,
            document_hash=document_hash,
        ),
    )
    return request.id


def _faults_of(subscriber: Subscriber) -> list[Refusal]:
    """Every fault of the subscriber block at once, each at its field."""
    address = subscriber.service_address
    texts = {
        ("subscriberName",): subscriber.name,
        ("serviceAddress", "street"): address.street,
        ("serviceAddress", "city"): address.city,
        ("serviceAddress", "state"): address.state,
        ("serviceAddress", "postalCode"): address.postal_code,
        ("serviceAddress", "country"): address.country,
        ("authorizedPerson",): subscriber.authorized_person,
        ("authorizedPersonTitle",): subscriber.authorized_person_title,
        ("losingCarrier",): subscriber.losing_carrier,
        ("accountNumber",): subscriber.account_number,
    }
    faults: list[Refusal] = []
    for path, text in texts.items():
        if not text.strip():
            faults.append(ValueMissing().at("input", *path))
        elif len(text) > _LONGEST_TEXT:
            faults.append(TextTooLong(_LONGEST_TEXT).at("input", *path))
    if address.is_post_office_box:
        faults.append(PostOfficeBox().at("input", "serviceAddress", "street"))
    if not is_email(subscriber.authorized_person_email):
        faults.append(InvalidEmail().at("input", "authorizedPersonEmail"))
    if not says_no_pin(subscriber.pin_answer):
        faults.append(PinNeedsSupport().at("input", "pinAnswer"))
    return faults
