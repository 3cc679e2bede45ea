"""What can be done with a letter."""

from typing import Annotated

import strawberry

from libs.contracts.graph import user_errors
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import letters
from services.porting.domain.refusals.letters import ConsentMissing
from services.porting.schema.commands import (
    INPUT,
    OnPortRequest,
    PortRequestPayload,
    change_request,
    member_of,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import letters as letter_use_cases


@strawberry.input(description="Where the service is, not where the bill goes.")
class ServiceAddressInput:
    street: str = strawberry.field(description="Street and number; no post office box.")
    city: str = strawberry.field(description="City.")
    state: str = strawberry.field(description="State or province, as the carrier writes it.")
    postal_code: str = strawberry.field(description="ZIP or postal code.")
    country: str = strawberry.field(description="Country.")


@strawberry.input(description="The Letter of Authorization, exactly as the carrier has it.")
class PrepareLetterInput(OnPortRequest):
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
class SignLetterInput(OnPortRequest):
    signer_name: str = strawberry.field(description="The name, typed as a signature.")
    consent: bool = strawberry.field(description="I agree to sign electronically.")


@strawberry.type
class LetterMutation:
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
            lambda connection: letter_use_cases.prepare_letter(
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
            lambda connection: letter_use_cases.sign_letter(
                connection, member, input.port_request_id, signer_name=input.signer_name
            ),
        )
