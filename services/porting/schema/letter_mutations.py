"""What can be done with a letter."""

from typing import Annotated

import strawberry

from libs.common.caller import Support
from libs.common.graphql.errors import Forbidden
from libs.common.telemetry import current_client_address
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.signing import CONSENT_VERSION
from services.porting.schema.commands import PortRequestPayload, change_request, member_of
from services.porting.schema.context import PortingInfo
from services.porting.schema.letter_inputs import (
    PrepareLetterInput,
    RevealPinInput,
    SendLetterInput,
    SignLetterInput,
)
from services.porting.schema.texts import refusing_unreadable_texts
from services.porting.use_cases import letter_sending, letter_signing
from services.porting.use_cases import letters as letter_use_cases
from services.porting.use_cases.letter_signing import Signing
from services.porting.use_cases.pins import use_pin


@strawberry.type(description="A PIN, for the moment of its use; it is not to be kept.")
class RevealPinPayload:
    pin: str | None = strawberry.field(description="The PIN; null where it was refused.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class LetterMutation:
    @strawberry.mutation(
        description="Fills in the letter, complete or not; a change supersedes what was signed."
    )
    async def prepare_letter(
        self, info: PortingInfo, input: Annotated[PrepareLetterInput, INPUT]
    ) -> PortRequestPayload:
        vault = info.context.room.vault
        changes = input.changes()
        return await change_request(
            info,
            "prepareLetter",
            input.without_pins(vault),
            lambda connection: letter_use_cases.prepare_letter(
                connection, info.context.caller, input.port_request_id, vault, changes
            ),
        )

    @strawberry.mutation(
        description="Signs the letter for every number that the request has now."
    )
    async def sign_letter(
        self, info: PortingInfo, input: Annotated[SignLetterInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        signing = Signing(
            signer_name=input.signer_name,
            consents=input.consent,
            consent_version=input.consent_version or CONSENT_VERSION,
            drawn=input.drawn_signature,
        )
        mark = info.context.room.link_maker.mark_address(current_client_address())
        return await change_request(
            info,
            "signLetter",
            input,
            lambda connection: letter_signing.sign_letter(
                connection,
                member,
                input.port_request_id,
                signing,
                address_mark=mark,
                tracking_number=input.tracking_number,
            ),
        )

    @strawberry.mutation(
        description="Sends the letter to whoever signs it; a link that was sent before ends."
    )
    async def send_letter(
        self, info: PortingInfo, input: Annotated[SendLetterInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "sendLetter",
            input,
            lambda connection: letter_sending.send_letter(
                connection,
                info.context.caller,
                input.port_request_id,
                info.context.room.link_maker,
                name=input.signer_name,
                email=input.signer_email.strip(),
                tracking_number=input.tracking_number,
            ),
        )

    @strawberry.mutation(
        description="Support: shows a PIN to whoever types it in; each time is on record."
    )
    async def reveal_pin(
        self, info: PortingInfo, input: Annotated[RevealPinInput, INPUT]
    ) -> RevealPinPayload:
        caller = info.context.caller
        if not isinstance(caller, Support):
            raise Forbidden
        try:
            with refusing_unreadable_texts(input):
                async with info.context.database.transaction(caller) as connection:
                    pin = await use_pin(
                        connection,
                        caller,
                        input.port_request_id,
                        info.context.room.vault,
                        holder=input.losing_account_id,
                        number=input.tracking_number,
                        reason=input.reason,
                    )
        except (Refusal, Refused) as refused:
            return RevealPinPayload(pin=None, user_errors=user_errors(refused))
        return RevealPinPayload(pin=pin, user_errors=[])
