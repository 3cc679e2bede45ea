"""What is given to letters. A field that is left away stays as it is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Self

import strawberry
from strawberry import UNSET

from libs.common.vault import Vault
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import Signer
from services.porting.schema.commands import OnPortRequest
from services.porting.use_cases.letters import AccountChange, LetterChanges

_OF_ONE_LINE: Final = (
    "The letter of this number alone, which was added or changed after the review began."
)
_PIN: Final = "The transfer PIN, or `NO PIN REQUIRED` or `N/A`. It is never shown again."


@strawberry.input(description="Where the service is, not where the bill goes.")
class ServiceAddressInput:
    street: str | None = strawberry.field(
        default=UNSET, description="Street and number; no post office box."
    )
    street2: str | None = strawberry.field(default=UNSET, description="Suite, floor, unit.")
    city: str | None = strawberry.field(default=UNSET, description="City.")
    state: str | None = strawberry.field(
        default=UNSET, description="State or province, as the carrier writes it."
    )
    postal_code: str | None = strawberry.field(
        default=UNSET, description="ZIP or postal code."
    )
    country: str | None = strawberry.field(default=UNSET, description="Country.")


@strawberry.input(description="A further account that numbers of the request leave.")
class LosingAccountInput:
    losing_carrier: str = strawberry.field(default="", description="Where the numbers leave.")
    account_number: str = strawberry.field(
        default="", description="The account at the losing carrier."
    )
    billing_number: PhoneNumber | None = strawberry.field(
        default=None, description="The account's main number."
    )
    tracking_numbers: list[PhoneNumber] = strawberry.field(
        default_factory=list,
        description="Its numbers; beside them those that the number list names it for.",
    )
    pin_answer: str | None = strawberry.field(default=None, description=_PIN)


@strawberry.input(
    description="The Letter of Authorization, exactly as the carrier has it. "
    "What is left away stays as it is; it may be filled in by and by."
)
class PrepareLetterInput(OnPortRequest):
    subscriber_name: str | None = strawberry.field(
        default=UNSET, description="As on the account, to the letter."
    )
    is_business: bool | None = strawberry.field(
        default=UNSET, description="A business, not a person."
    )
    service_address: ServiceAddressInput | None = strawberry.field(
        default=UNSET, description="Where the service is."
    )
    authorized_person: str | None = strawberry.field(
        default=UNSET, description="Who may order the port."
    )
    authorized_person_title: str | None = strawberry.field(
        default=UNSET, description="Their title."
    )
    authorized_person_email: str | None = strawberry.field(
        default=UNSET, description="Their e-mail address."
    )
    losing_carrier: str | None = strawberry.field(
        default=UNSET, description="Where the numbers leave."
    )
    account_number: str | None = strawberry.field(
        default=UNSET, description="The account at the losing carrier."
    )
    billing_number: PhoneNumber | None = strawberry.field(
        default=UNSET, description="The account's main number."
    )
    pin_answer: str | None = strawberry.field(default=UNSET, description=_PIN)
    is_partial: bool | None = strawberry.field(
        default=UNSET, description="Other numbers of the account stay with the carrier."
    )
    remaining_billing_number: PhoneNumber | None = strawberry.field(
        default=UNSET,
        description="The main number of those that stay, where the present one leaves.",
    )
    reseller: str | None = strawberry.field(
        default=UNSET,
        description="Who sells the service, where it is not the carrier; needed in Canada.",
    )
    losing_accounts: list[LosingAccountInput] | None = strawberry.field(
        default=UNSET,
        description="Further accounts; the list takes the place of the one before.",
    )
    signer: Signer | None = strawberry.field(default=UNSET, description="Who will sign.")
    tracking_number: PhoneNumber | None = strawberry.field(
        default=None, description=_OF_ONE_LINE
    )

    def changes(self) -> LetterChanges:
        accounts = self.losing_accounts
        texts = {
            "name": self.subscriber_name,
            "authorized_person": self.authorized_person,
            "authorized_person_title": self.authorized_person_title,
            "authorized_person_email": self.authorized_person_email,
            "losing_carrier": self.losing_carrier,
            "account_number": self.account_number,
            "reseller": self.reseller,
        }
        others = {
            "is_business": self.is_business,
            "billing_number": self.billing_number,
            "remaining_billing_number": self.remaining_billing_number,
        }
        if self.is_partial is not UNSET:
            others["is_partial"] = bool(self.is_partial)
        return LetterChanges(
            subscriber={**_given_texts(texts), **_given(others)},
            address=_given_texts(vars(self.service_address)) if self.service_address else {},
            accounts=None
            if accounts is UNSET
            else [_account(each) for each in accounts or ()],
            pin_answer=None if self.pin_answer is UNSET else self.pin_answer or "",
            signer=self.signer or None,
            tracking_number=self.tracking_number,
        )

    def without_pins(self, vault: Vault) -> Self:
        """For the record of what a key was used with: equal PINs stay equal, none can be read."""
        accounts = self.losing_accounts
        return replace(
            self,
            pin_answer=mark_pin(vault, self.pin_answer),
            losing_accounts=accounts
            and [
                replace(each, pin_answer=mark_pin(vault, each.pin_answer)) for each in accounts
            ],
        )


@strawberry.input(description="A signature under the letter.")
class SignLetterInput(OnPortRequest):
    signer_name: str = strawberry.field(description="The name, typed as a signature.")
    consent: bool = strawberry.field(description="I agree to sign electronically.")
    consent_version: str | None = strawberry.field(
        default=None,
        description="Of the consent text that was shown; the present one if absent.",
    )
    drawn_signature: str | None = strawberry.field(
        default=None,
        description="A drawing of the signature beside the name: the data of an SVG path, "
        "400 units wide and 120 high.",
    )
    tracking_number: PhoneNumber | None = strawberry.field(
        default=None, description=_OF_ONE_LINE
    )


@strawberry.input(description="Who is to sign the letter.")
class SendLetterInput(OnPortRequest):
    signer_name: str = strawberry.field(description="Their name.")
    signer_email: str = strawberry.field(
        description="Their e-mail address: the link goes there and nowhere else."
    )
    tracking_number: PhoneNumber | None = strawberry.field(
        default=None, description=_OF_ONE_LINE
    )


@strawberry.input(description="Which PIN the desk needs now, and what for.")
class RevealPinInput:
    port_request_id: strawberry.ID = strawberry.field(description="The port request's id.")
    losing_account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this further losing account."
    )
    tracking_number: PhoneNumber | None = strawberry.field(
        default=None, description="The one that is good for this number."
    )
    reason: str = strawberry.field(description="What it is used for now.")


def _account(given: LosingAccountInput) -> AccountChange:
    return AccountChange(
        losing_carrier=given.losing_carrier,
        account_number=given.account_number,
        billing_number=given.billing_number,
        tracking_numbers=tuple(given.tracking_numbers),
        pin_answer=given.pin_answer,
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not UNSET}


def _given_texts(fields: Mapping[str, str | None]) -> dict[str, str]:
    """An emptied text is empty."""
    return {name: value or "" for name, value in _given(fields).items()}


def mark_pin(vault: Vault, answer: str | None) -> str | None:
    """Equal PINs stay equal, and none can be read."""
    return vault.mark(answer) if answer else answer
