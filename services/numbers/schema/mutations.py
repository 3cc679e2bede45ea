"""What can be changed by numbers' graph."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from libs.common.caller import Role
from libs.common.graphql.idempotency import remember_id
from libs.contracts.graph import UserError, user_errors
from libs.contracts.refusals import Refusal, Refused
from services.numbers.domain.accounts import NewAccount, NewMember
from services.numbers.schema.accounts import Account
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.types import TrackingNumber
from services.numbers.store.accounts import find_accounts
from services.numbers.use_cases.account_access import name_of
from services.numbers.use_cases.accounts import create_account
from services.numbers.use_cases.tracking_numbers import disable_number


@strawberry.input(description="A company of a new account.")
class NewCompanyInput:
    name: str = strawberry.field(description="Its name; unique in the account, in any case.")


@strawberry.input(description="A person of a new account.")
class NewMemberInput:
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="Where we write to.")
    role: Role = strawberry.field(description="What they may do.")
    login_issuer: str = strawberry.field(description="The `iss` of their tokens.")
    login_subject: str = strawberry.field(description="The `sub` of their tokens.")
    companies: list[str] = strawberry.field(
        default_factory=list,
        description="Names of the companies they see; an administrator sees all.",
    )


@strawberry.input(description="A new account, with its companies and members.")
class CreateAccountInput:
    name: str = strawberry.field(description="Its name.")
    card_on_file: bool = strawberry.field(description="Whether a payment card is on file.")
    balance_current: bool = strawberry.field(description="Whether no bill is past due.")
    in_good_standing: bool = strawberry.field(
        description="Whether it is neither suspended nor flagged."
    )
    in_trial: bool = strawberry.field(description="Whether the free trial still runs.")
    companies: list[NewCompanyInput] = strawberry.field(description="Its companies.")
    members: list[NewMemberInput] = strawberry.field(
        description="Its members, at least one administrator among them."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="Sent again with the same key, it takes effect once."
    )

    def parse(self) -> NewAccount:
        return NewAccount(
            name=self.name,
            card_on_file=self.card_on_file,
            balance_current=self.balance_current,
            in_good_standing=self.in_good_standing,
            in_trial=self.in_trial,
            companies=tuple(company.name for company in self.companies),
            members=tuple(
                NewMember(
                    name=member.name,
                    email=member.email,
                    role=member.role,
                    companies=tuple(member.companies),
                    login_issuer=member.login_issuer,
                    login_subject=member.login_subject,
                )
                for member in self.members
            ),
        )


@strawberry.type(description="The new account, or why there is none.")
class CreateAccountPayload:
    account: Account | None = strawberry.field(description="The new account.")
    user_errors: Sequence[UserError] = strawberry.field(description="Everything refused.")


@strawberry.input(description="Which number to disable.")
class DisableTrackingNumberInput:
    tracking_number_id: strawberry.ID = strawberry.field(description="`num_…`.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse where the number has another version by now."
    )


@strawberry.type(description="The disabled number, or why it is not disabled.")
class DisableTrackingNumberPayload:
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The number after it."
    )
    user_errors: Sequence[UserError] = strawberry.field(description="Everything refused.")


@strawberry.type
class NumbersMutation:
    @strawberry.mutation(description="Makes an account with companies and members.")
    async def create_account(
        self,
        info: NumbersInfo,
        input: Annotated[
            CreateAccountInput, strawberry.argument(description="The new account.")
        ],
    ) -> CreateAccountPayload:
        caller = info.context.caller
        try:
            async with info.context.database.transaction(caller) as connection:

                async def act() -> str:
                    return (await create_account(connection, input.parse())).id

                account_id = await remember_id(
                    connection, caller, mutation="createAccount", given=input, act=act
                )
                found = await find_accounts(connection, [account_id], info.context.sight)
        except (Refusal, Refused) as refused:
            return CreateAccountPayload(account=None, user_errors=user_errors(refused))
        return CreateAccountPayload(account=Account.of(found[account_id]), user_errors=[])

    @strawberry.mutation(
        description="Disables a number: no charges and no calls from then on."
    )
    async def disable_tracking_number(
        self,
        info: NumbersInfo,
        input: Annotated[
            DisableTrackingNumberInput, strawberry.argument(description="Which number.")
        ],
    ) -> DisableTrackingNumberPayload:
        caller = info.context.caller
        try:
            async with info.context.database.transaction(caller) as connection:
                number = await disable_number(
                    connection,
                    input.tracking_number_id,
                    sight=info.context.sight,
                    disabled_by=name_of(caller),
                    expected_version=input.expected_version,
                )
        except (Refusal, Refused) as refused:
            return DisableTrackingNumberPayload(
                tracking_number=None, user_errors=user_errors(refused)
            )
        return DisableTrackingNumberPayload(
            tracking_number=TrackingNumber.of(number), user_errors=[]
        )
