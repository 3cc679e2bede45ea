"""What the mutations about port requests take."""

from datetime import date, datetime

import strawberry

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.documents import DocumentKind
from services.porting.schema.commands import KEY, OnPortRequest


@strawberry.input(description="A new port request.")
class CreatePortRequestInput:
    company_id: strawberry.ID = strawberry.field(description="The company it is made for.")
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A number list that takes the place of the draft's numbers.")
class ImportLinesInput(OnPortRequest):
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")


@strawberry.input(description="A document that is added to a draft.")
class AttachDocumentInput(OnPortRequest):
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


@strawberry.input(description="A port request that is acted on.")
class PortRequestInput(OnPortRequest):
    pass


@strawberry.input(description="The losing carrier's firm date.")
class RecordFirmDateInput(OnPortRequest):
    firm_date: date = strawberry.field(description="In the losing carrier's zone.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="Of these numbers; all where absent."
    )


@strawberry.input(description="Numbers that have ported.")
class RecordPortedInput(OnPortRequest):
    ported_at: datetime = strawberry.field(description="When, by the carrier's word.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="These numbers; all where absent."
    )
