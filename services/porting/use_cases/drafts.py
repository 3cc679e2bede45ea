"""Filling a draft: naming it, its numbers, its documents, its letter; in any order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Caller, Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.porting_events.letters import LetterSigned
from libs.contracts.porting_events.requests import DraftChanged
from libs.contracts.refusals import Refusal, Refused, refuse_all
from services.porting.domain.actions import PortRequestAction, actions_for
from services.porting.domain.documents import Document, DocumentKind, Upload
from services.porting.domain.letters import (
    NO_PIN,
    Letter,
    LetterState,
    Subscriber,
    hash_document,
    is_email,
    says_no_pin,
)
from services.porting.domain.refusals.accounts import AccountHasNoCard
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.documents import NumberListNotADocument
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
from services.porting.domain.refusals.requests import CompanyUnknown, NameMissing
from services.porting.domain.requests import LONGEST_NAME, PortRequest, PortRequestStatus
from services.porting.store import copies, documents, letters, lines, requests
from services.porting.store.lines import NewLine
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.recording import about, save

_LONGEST_TEXT = 200


async def create_request(
    connection: Connection, caller: Member, *, company_id: str, name: str
) -> str:
    trimmed = " ".join(name.split())
    faults: list[Refusal] = []
    if not trimmed:
        faults.append(NameMissing().at("input", "name"))
    if len(trimmed) > LONGEST_NAME:
        faults.append(TextTooLong(LONGEST_NAME).at("input", "name"))
    company_names = await copies.find_company_names(connection, caller.account_id)
    if company_id not in company_names or not caller.has_company(company_id):
        faults.append(CompanyUnknown().at("input", "companyId"))
    account = await copies.find_account(connection, caller.account_id)
    if account is None or not account.card_on_file:
        faults.append(AccountHasNoCard().at("input"))
    refuse_all(faults)
    now = datetime.now(UTC)
    request = PortRequest(
        id=new_id("pr"),
        account_id=caller.account_id,
        company_id=company_id,
        requester_id=caller.member_id,
        requester_name=await copies.find_member_name(connection, caller.member_id),
        name=trimmed,
        status=PortRequestStatus.DRAFT,
        status_since=now,
        created_at=now,
        version=0,
    )
    await requests.add_request(connection, request)
    await save(connection, request, about(DraftChanged, request, {}))
    return request.id


async def replace_lines(
    connection: Connection,
    caller: Member,
    request_id: str,
    added: Sequence[NewLine],
    upload: Upload,
) -> str:
    """The accepted file's numbers are the draft's numbers now; the file is kept with it."""
    request = await lock_own_draft(connection, caller, request_id)
    await lines.replace_lines(connection, request.id, request.account_id, added)
    await letters.supersede_letter(connection, request.id)
    await _add_document(connection, request, DocumentKind.NUMBER_LIST, upload, caller)
    await _save_draft(connection, request)
    return request.id


async def attach_document(
    connection: Connection,
    caller: Member,
    request_id: str,
    *,
    kind: DocumentKind,
    upload: Upload,
) -> str:
    """The upload's content type was told by its bytes."""
    if kind is DocumentKind.NUMBER_LIST:
        raise NumberListNotADocument().at("input", "kind")
    request = await lock_own_draft(connection, caller, request_id)
    await _add_document(connection, request, kind, upload, caller)
    await _save_draft(connection, request)
    return request.id


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
    await _save_draft(connection, request)
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


async def acknowledge_warnings(connection: Connection, caller: Member, request_id: str) -> str:
    """Who was told, and when, not to cancel the old service before the port (S27, S28)."""
    request = await lock_own_draft(connection, caller, request_id)
    await _save_draft(
        connection,
        replace(
            request,
            warnings_acknowledged_at=datetime.now(UTC),
            warnings_acknowledged_by=caller.member_id,
        ),
    )
    return request.id


async def _save_draft(connection: Connection, request: PortRequest) -> None:
    counts = await lines.count_lines(connection, request.id)
    await save(connection, request, about(DraftChanged, request, counts))


async def _add_document(
    connection: Connection,
    request: PortRequest,
    kind: DocumentKind,
    upload: Upload,
    attached_by: Member,
) -> None:
    document = Document(
        id=new_id("doc"),
        port_request_id=request.id,
        kind=kind,
        filename=upload.filename,
        content_type=upload.content_type,
        byte_size=upload.byte_size,
        sha256=upload.sha256,
        attached_at=datetime.now(UTC),
        attached_by=attached_by.member_id,
    )
    await documents.add_document(connection, request.account_id, upload.id, document)


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
