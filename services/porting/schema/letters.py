"""Letters in the graph. Of a PIN they tell whether there is one, and never what it is."""

from datetime import datetime
from typing import Self, cast

import strawberry

from libs.common.graphql.enums import publish_enum
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import letters
from services.porting.domain.letters import LetterState, Signer
from services.porting.domain.pins import PinAnswer
from services.porting.domain.signing import CONSENT_TEXTS, CONSENT_VERSION

publish_enum(
    LetterState,
    description="Where a Letter of Authorization stands.",
    values={
        LetterState.DRAFT: "Being filled in.",
        LetterState.SENT: "Whoever signs it has been sent a link.",
        LetterState.VIEWED: "The link has been opened.",
        LetterState.SIGNED: "Signed.",
        LetterState.DECLINED: "The signer will not sign.",
        LetterState.EXPIRED: "The link ran out, or the signature grew too old.",
        LetterState.SUPERSEDED: "A newer letter, or a change of numbers, took its place.",
    },
)
publish_enum(
    Signer,
    description="Who signs the letter.",
    values={
        Signer.SELF: "Whoever fills in the request.",
        Signer.OTHER: "Somebody else, by a link that is sent to them.",
    },
)
publish_enum(
    PinAnswer,
    description="What was answered about a PIN.",
    values={
        PinAnswer.GIVEN: "There is one; only our port desk sees it, when it is used.",
        PinAnswer.NOT_NEEDED: "The carrier asks for none.",
        PinAnswer.MISSING: "Nothing was said yet.",
    },
)


@strawberry.type(description="Where the service is: the losing carrier compares it.")
class ServiceAddress:
    street: str = strawberry.field(description="Street and number.")
    street2: str = strawberry.field(description="Suite, floor, unit.")
    city: str = strawberry.field(description="City.")
    state: str = strawberry.field(description="State or province, as the carrier writes it.")
    postal_code: str = strawberry.field(description="ZIP or postal code.")
    country: str = strawberry.field(description="Country.")


@strawberry.type(
    description="A further account that numbers of the request leave. Empty where all are of "
    "companies that you do not see; sent back as it is, it stays."
)
class LosingAccount:
    id: strawberry.ID = strawberry.field(description="`la_…`.")
    losing_carrier: str = strawberry.field(description="Where the numbers leave.")
    account_number: str = strawberry.field(description="The account at the losing carrier.")
    billing_number: PhoneNumber | None = strawberry.field(
        description="The account's main number."
    )
    tracking_numbers: list[PhoneNumber] = strawberry.field(
        description="Its numbers, as far as you see them."
    )
    pin_answer: PinAnswer = strawberry.field(description="Whether it has a PIN.")


@strawberry.type(description="What a signer agrees to.")
class Consent:
    version: str = strawberry.field(description="To be given with the signature.")
    text: str = strawberry.field(description="To be shown beside it.")


@strawberry.type(
    description="The Letter of Authorization: lets the losing carrier hand over. "
    "What is not filled in yet is empty."
)
class Letter:
    id: strawberry.ID = strawberry.field(description="`ltr_…`.")
    state: LetterState = strawberry.field(description="Where it stands.")
    subscriber_name: str = strawberry.field(description="Exactly as on the carrier's account.")
    is_business: bool | None = strawberry.field(description="A business, not a person.")
    service_address: ServiceAddress = strawberry.field(description="Where the service is.")
    authorized_person: str = strawberry.field(description="Who may order the port.")
    authorized_person_title: str = strawberry.field(description="Their title.")
    authorized_person_email: str = strawberry.field(description="Their e-mail address.")
    losing_carrier: str = strawberry.field(description="Where the numbers leave.")
    account_number: str = strawberry.field(description="The account at the losing carrier.")
    billing_number: PhoneNumber = strawberry.field(
        description="The account's main number; empty until it is filled in, and where it is "
        "the number of a line that you do not see."
    )
    pin_answer: PinAnswer = strawberry.field(description="Whether the account has a PIN.")
    is_partial: bool = strawberry.field(
        description="Other numbers of the account stay with the carrier."
    )
    remaining_billing_number: PhoneNumber | None = strawberry.field(
        description="The main number of those that stay."
    )
    reseller: str = strawberry.field(description="Who sells the service, if not the carrier.")
    losing_accounts: list[LosingAccount] = strawberry.field(
        description="Further accounts that numbers leave."
    )
    consent: Consent = strawberry.field(description="What its signer agrees to.")
    signer: Signer | None = strawberry.field(description="Who signs, as far as it was said.")
    recipient_name: str = strawberry.field(description="Whom it was sent to.")
    recipient_email: str = strawberry.field(description="Where it was sent to.")
    sent_at: datetime | None = strawberry.field(description="When it was sent.")
    viewed_at: datetime | None = strawberry.field(description="When the link was opened.")
    signer_name: str | None = strawberry.field(description="The signature.")
    signed_at: datetime | None = strawberry.field(description="When it was signed.")
    declined_at: datetime | None = strawberry.field(description="When it was declined.")
    decline_reason: str | None = strawberry.field(description="Why it was declined.")
    expired_at: datetime | None = strawberry.field(description="When it ran out.")
    document_hash: str | None = strawberry.field(
        description="SHA-256 over the subscriber and every number: what the signature covers."
    )
    document_id: strawberry.ID | None = strawberry.field(
        description="The document that is the sealed PDF, a moment after it was signed."
    )

    @classmethod
    def of(cls, letter: letters.Letter) -> Self:
        subscriber = letter.subscriber
        return cls(
            id=strawberry.ID(letter.id),
            state=letter.state,
            subscriber_name=subscriber.name,
            is_business=subscriber.is_business,
            service_address=ServiceAddress(**vars(subscriber.service_address)),
            authorized_person=subscriber.authorized_person,
            authorized_person_title=subscriber.authorized_person_title,
            authorized_person_email=subscriber.authorized_person_email,
            losing_carrier=subscriber.losing_carrier,
            account_number=subscriber.account_number,
            # The field was never null, and clients are built on it.
            billing_number=subscriber.billing_number or cast("PhoneNumber", ""),
            pin_answer=_pin_answer(letter, letter.port_request_id),
            is_partial=subscriber.is_partial,
            remaining_billing_number=subscriber.remaining_billing_number,
            reseller=subscriber.reseller,
            losing_accounts=[_account(letter, each) for each in letter.accounts],
            consent=Consent(version=CONSENT_VERSION, text=CONSENT_TEXTS[CONSENT_VERSION]),
            signer=letter.signer,
            recipient_name=letter.recipient_name,
            recipient_email=letter.recipient_email,
            sent_at=letter.sent_at,
            viewed_at=letter.viewed_at,
            signer_name=letter.signer_name,
            signed_at=letter.signed_at,
            declined_at=letter.declined_at,
            decline_reason=letter.decline_reason,
            expired_at=letter.expired_at,
            document_hash=letter.document_hash,
            document_id=strawberry.ID(letter.document_id) if letter.document_id else None,
        )


def _account(letter: letters.Letter, account: letters.LosingAccount) -> LosingAccount:
    return LosingAccount(
        id=strawberry.ID(account.id),
        losing_carrier=account.losing_carrier,
        account_number=account.account_number,
        billing_number=account.billing_number,
        tracking_numbers=list(account.tracking_numbers),
        pin_answer=_pin_answer(letter, account.id),
    )


def _pin_answer(letter: letters.Letter, holder: str) -> PinAnswer:
    return letter.pin_answers.get(holder, PinAnswer.MISSING)
