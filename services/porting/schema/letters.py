"""Letters in the graph. What a letter says about PINs is never shown."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import letters
from services.porting.domain.letters import LetterState

publish_enum(
    LetterState,
    description="Where a Letter of Authorization stands.",
    values={
        LetterState.DRAFT: "Filled in, not signed.",
        LetterState.SIGNED: "Signed.",
        LetterState.SUPERSEDED: "A newer letter, or a change of numbers, took its place.",
    },
)


@strawberry.type(description="Where the service is: the losing carrier compares it.")
class ServiceAddress:
    street: str = strawberry.field(description="Street and number.")
    city: str = strawberry.field(description="City.")
    state: str = strawberry.field(description="State or province, as the carrier writes it.")
    postal_code: str = strawberry.field(description="ZIP or postal code.")
    country: str = strawberry.field(description="Country.")


@strawberry.type(description="The Letter of Authorization: lets the losing carrier hand over.")
class Letter:
    id: strawberry.ID = strawberry.field(description="`ltr_…`.")
    state: LetterState = strawberry.field(description="Where it stands.")
    subscriber_name: str = strawberry.field(description="Exactly as on the carrier's account.")
    service_address: ServiceAddress = strawberry.field(description="Where the service is.")
    authorized_person: str = strawberry.field(description="Who may order the port.")
    losing_carrier: str = strawberry.field(description="Where the numbers leave.")
    account_number: str = strawberry.field(description="The account at the losing carrier.")
    billing_number: PhoneNumber = strawberry.field(description="The account's main number.")
    signer_name: str | None = strawberry.field(description="The signature.")
    signed_at: datetime | None = strawberry.field(description="When it was signed.")
    document_hash: str | None = strawberry.field(
        description="SHA-256 over the subscriber and every number: what the signature covers."
    )

    @classmethod
    def of(cls, letter: letters.Letter) -> Self:
        subscriber = letter.subscriber
        address = subscriber.service_address
        return cls(
            id=strawberry.ID(letter.id),
            state=letter.state,
            subscriber_name=subscriber.name,
            service_address=ServiceAddress(
                street=address.street,
                city=address.city,
                state=address.state,
                postal_code=address.postal_code,
                country=address.country,
            ),
            authorized_person=subscriber.authorized_person,
            losing_carrier=subscriber.losing_carrier,
            account_number=subscriber.account_number,
            billing_number=subscriber.billing_number,
            signer_name=letter.signer_name,
            signed_at=letter.signed_at,
            document_hash=letter.document_hash,
        )
