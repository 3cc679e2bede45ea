"""What can be done with port requests; each mutation is one command."""

from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.contracts.graph import user_errors
from services.porting.domain import letters
from services.porting.domain.refusals.letters import ConsentMissing
from services.porting.schema.commands import (
    INPUT,
    PortRequestPayload,
    change_request,
    member_of,
    settle,
)
from services.porting.schema.context import PortingInfo
from services.porting.schema.request_inputs import (
    AttachDocumentInput,
    CreatePortRequestInput,
    ImportLinesInput,
    PortRequestInput,
    PrepareLetterInput,
    RecordFirmDateInput,
    RecordPortedInput,
    SignLetterInput,
)
from services.porting.use_cases import carrier, drafts, importing, submitting


@strawberry.type
class PortRequestMutation:
    @strawberry.mutation(description="Starts a draft in one of your companies.")
    async def create_port_request(
        self, info: PortingInfo, input: Annotated[CreatePortRequestInput, INPUT]
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

    @strawberry.mutation(
        description="Reads an uploaded CSV file; a refused one changes nothing."
    )
    async def import_lines(
        self, info: PortingInfo, input: Annotated[ImportLinesInput, INPUT]
    ) -> PortRequestPayload:
        member, room = member_of(info), info.context.room
        read = await settle(
            importing.read_number_list(
                info.context.database,
                room.files,
                room.intake_limits,
                member,
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            )
        )

        async def accept(connection: Connection) -> str:
            return await importing.accept_lines(
                connection, member, input.port_request_id, read()
            )

        return await change_request(info, "importLines", input, accept)

    @strawberry.mutation(description="Adds an uploaded document to a draft.")
    async def attach_document(
        self, info: PortingInfo, input: Annotated[AttachDocumentInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        read = await settle(
            importing.read_document(
                info.context.database,
                info.context.room.files,
                member,
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            )
        )

        async def attach(connection: Connection) -> str:
            return await drafts.attach_document(
                connection, member, input.port_request_id, kind=input.kind, upload=read()
            )

        return await change_request(info, "attachDocument", input, attach)

    @strawberry.mutation(description="Fills in the letter; one that was signed is superseded.")
    async def prepare_letter(
        self, info: PortingInfo, input: Annotated[PrepareLetterInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[SignLetterInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[RecordFirmDateInput, INPUT]
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
        self, info: PortingInfo, input: Annotated[RecordPortedInput, INPUT]
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
