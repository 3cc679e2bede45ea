"""What can be done with port requests; each mutation is one command."""

from datetime import date, datetime

import strawberry

from libs.contracts.graph import UserError, user_errors
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain import letters
from services.porting.domain.documents import DocumentKind, UploadPurpose
from services.porting.domain.refusals import ConsentMissing
from services.porting.schema.commands import (
    PortRequestPayload,
    change_request,
    member_of,
    request_payload,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import carrier, drafts, importing, submitting, uploads

_REQUEST = "The port request's id."
_KEY = "The same key takes effect once, however often it is sent."


@strawberry.input(description="A new port request.")
class CreatePortRequestInput:
    company_id: strawberry.ID = strawberry.field(description="The company it is made for.")
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="A file that is about to be uploaded.")
class CreateUploadInput:
    purpose: UploadPurpose = strawberry.field(description="What it is for.")
    filename: str = strawberry.field(description="Its name, without folders.")
    content_type: str = strawberry.field(
        description="Its media type, sent again with the PUT."
    )
    byte_size: int = strawberry.field(description="Its size in bytes, at most 10 MB.")
    sha256: str = strawberry.field(description="Its SHA-256, in hexadecimal.")


@strawberry.type(description="A header that the upload must carry.")
class UploadHeader:
    name: str = strawberry.field(description="The header's name.")
    value: str = strawberry.field(description="The header's value.")


@strawberry.type(description="Where and how to send the file's bytes.")
class Upload:
    id: strawberry.ID = strawberry.field(description="For `importLines` and `attachDocument`.")
    url: str = strawberry.field(description="Whoever has it can upload this one file.")
    method: str = strawberry.field(description="The HTTP method.")
    headers: list[UploadHeader] = strawberry.field(description="Headers to send.")
    expires_at: datetime = strawberry.field(description="Until when the link holds.")


@strawberry.type(description="What became of `createUpload`.")
class UploadPayload:
    upload: Upload | None = strawberry.field(description="Null where it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Every fault at once.")


@strawberry.input(description="A number list that takes the place of the draft's numbers.")
class ImportLinesInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")


@strawberry.input(description="A document that is added to a draft.")
class AttachDocumentInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")
    kind: DocumentKind = strawberry.field(description="What it is.")


@strawberry.input(description="Where the service is, not where the bill goes.")
class ServiceAddressInput:
    street: str = strawberry.field(description="Street and number; no post office box.")
    city: str = strawberry.field(description="City.")
    state: str = strawberry.field(description="State or province, as the carrier writes it.")
    postal_code: str = strawberry.field(description="ZIP or postal code.")
    country: str = strawberry.field(description="Country.")


@strawberry.input(description="The Letter of Authorization, exactly as the carrier has it.")
class PrepareLetterInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    subscriber_name: str = strawberry.field(description="As on the account, to the letter.")
    is_business: bool = strawberry.field(description="A business, not a person.")
    service_address: ServiceAddressInput = strawberry.field(
        description="Where the service is."
    )
    authorized_person: str = strawberry.field(description="Who may order the port.")
    authorized_person_title: str = strawberry.field(description="Their title.")
    authorized_person_email: str = strawberry.field(description="Their e-mail address.")
    losing_carrier: str = strawberry.field(description="Where the numbers leave.")
    account_number: str = strawberry.field(description="The account at the losing carrier.")
    billing_number: PhoneNumber = strawberry.field(description="The account's main number.")
    pin_answer: str = strawberry.field(description="`NO PIN REQUIRED` or `N/A`.")


@strawberry.input(description="A signature under the letter.")
class SignLetterInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    signer_name: str = strawberry.field(description="The name, typed as a signature.")
    consent: bool = strawberry.field(description="I agree to sign electronically.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="A port request that is acted on.")
class PortRequestInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="The losing carrier's firm date.")
class RecordFirmDateInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    firm_date: date = strawberry.field(description="In the losing carrier's zone.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="Of these numbers; all where absent."
    )


@strawberry.input(description="Numbers that have ported.")
class RecordPortedInput:
    port_request_id: strawberry.ID = strawberry.field(description=_REQUEST)
    ported_at: datetime = strawberry.field(description="When, by the carrier's word.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="These numbers; all where absent."
    )


@strawberry.type
class PortRequestMutation:
    @strawberry.mutation(description="Starts a draft in one of your companies.")
    async def create_port_request(
        self, info: PortingInfo, input: CreatePortRequestInput
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "createPortRequest",
            input,
            lambda connection: drafts.create_request(
                connection, member, company_id=input.company_id, name=input.name
            ),
        )

    @strawberry.mutation(description="Asks for a link to upload one file to.")
    async def create_upload(
        self, info: PortingInfo, input: CreateUploadInput
    ) -> UploadPayload:
        try:
            async with info.context.database.transaction(info.context.caller) as connection:
                upload = await uploads.create_upload(
                    connection,
                    member_of(info),
                    purpose=input.purpose,
                    filename=input.filename,
                    content_type=input.content_type,
                    byte_size=input.byte_size,
                    sha256=input.sha256,
                )
        except (Refusal, Refused) as refused:
            return UploadPayload(upload=None, user_errors=user_errors(refused))
        answer = Upload(
            id=strawberry.ID(upload.id),
            url=info.context.room.upload_links.make(upload.id, upload.expires_at),
            method="PUT",
            headers=[UploadHeader(name="content-type", value=upload.content_type)],
            expires_at=upload.expires_at,
        )
        return UploadPayload(upload=answer, user_errors=[])

    @strawberry.mutation(
        description="Reads an uploaded CSV file; a refused one changes nothing."
    )
    async def import_lines(
        self, info: PortingInfo, input: ImportLinesInput
    ) -> PortRequestPayload:
        room = info.context.room
        try:
            request_id = await importing.import_lines(
                info.context.database,
                room.files,
                room.intake_limits,
                member_of(info),
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            )
        except (Refusal, Refused) as refused:
            return PortRequestPayload(port_request=None, user_errors=user_errors(refused))
        return await request_payload(info, request_id)

    @strawberry.mutation(description="Adds an uploaded document to a draft.")
    async def attach_document(
        self, info: PortingInfo, input: AttachDocumentInput
    ) -> PortRequestPayload:
        try:
            request_id = await importing.import_document(
                info.context.database,
                info.context.room.files,
                member_of(info),
                request_id=input.port_request_id,
                upload_id=input.upload_id,
                kind=input.kind,
            )
        except (Refusal, Refused) as refused:
            return PortRequestPayload(port_request=None, user_errors=user_errors(refused))
        return await request_payload(info, request_id)

    @strawberry.mutation(description="Fills in the letter; one that was signed is superseded.")
    async def prepare_letter(
        self, info: PortingInfo, input: PrepareLetterInput
    ) -> PortRequestPayload:
        address = input.service_address
        subscriber = letters.Subscriber(
            name=input.subscriber_name,
            is_business=input.is_business,
            service_address=letters.ServiceAddress(
                street=address.street,
                city=address.city,
                state=address.state,
                postal_code=address.postal_code,
                country=address.country,
            ),
            authorized_person=input.authorized_person,
            authorized_person_title=input.authorized_person_title,
            authorized_person_email=input.authorized_person_email,
            losing_carrier=input.losing_carrier,
            account_number=input.account_number,
            billing_number=input.billing_number,
            pin_answer=input.pin_answer,
        )
        return await change_request(
            info,
            "prepareLetter",
            input,
            lambda connection: drafts.prepare_letter(
                connection, info.context.caller, input.port_request_id, subscriber
            ),
        )

    @strawberry.mutation(
        description="Signs the letter for every number that the draft has now."
    )
    async def sign_letter(
        self, info: PortingInfo, input: SignLetterInput
    ) -> PortRequestPayload:
        member = member_of(info)
        if not input.consent:
            missing = ConsentMissing().at("input", "consent")
            return PortRequestPayload(port_request=None, user_errors=user_errors(missing))
        return await change_request(
            info,
            "signLetter",
            input,
            lambda connection: drafts.sign_letter(
                connection, member, input.port_request_id, signer_name=input.signer_name
            ),
        )

    @strawberry.mutation(
        description="Confirms: I keep the old service until the port is complete."
    )
    async def acknowledge_warnings(
        self, info: PortingInfo, input: PortRequestInput
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "acknowledgeWarnings",
            input,
            lambda connection: drafts.acknowledge_warnings(
                connection, member, input.port_request_id
            ),
        )

    @strawberry.mutation(description="Submits it, or tells everything that is missing.")
    async def submit_port_request(
        self, info: PortingInfo, input: PortRequestInput
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "submitPortRequest",
            input,
            lambda connection: submitting.submit_request(
                connection, member, input.port_request_id
            ),
        )

    @strawberry.mutation(description="Authorizes what a colleague submitted.")
    async def authorize_port_request(
        self, info: PortingInfo, input: PortRequestInput
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "authorizePortRequest",
            input,
            lambda connection: submitting.authorize_request(
                connection, member, input.port_request_id
            ),
        )

    @strawberry.mutation(description="Support: the losing carrier has it from now on.")
    async def send_to_carrier(
        self, info: PortingInfo, input: PortRequestInput
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "sendToCarrier",
            input,
            lambda connection: carrier.send_to_carrier(
                connection, info.context.caller, input.port_request_id
            ),
        )

    @strawberry.mutation(description="Support: the losing carrier gave a firm date.")
    async def record_firm_date(
        self, info: PortingInfo, input: RecordFirmDateInput
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordFirmDate",
            input,
            lambda connection: carrier.record_firm_date(
                connection,
                info.context.caller,
                input.port_request_id,
                input.firm_date,
                input.tracking_numbers,
            ),
        )

    @strawberry.mutation(description="Support: the losing carrier says that numbers ported.")
    async def record_ported(
        self, info: PortingInfo, input: RecordPortedInput
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordPorted",
            input,
            lambda connection: carrier.record_ported(
                connection,
                info.context.caller,
                input.port_request_id,
                input.ported_at,
                input.tracking_numbers,
            ),
        )
