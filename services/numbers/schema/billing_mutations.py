"""What can be changed about charges: restoring a number, and what happens when one leaves."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.common.graphql.errors import BadUserInput
from libs.common.graphql.idempotency import remember_id
from libs.contracts.graph import UserError, user_errors
from libs.contracts.refusals import Refusal, Refused
from services.numbers.schema.account_commands import OnAccount, run_once
from services.numbers.schema.accounts import Account
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.types import TrackingNumber
from services.numbers.store.tracking_numbers import find_numbers
from services.numbers.use_cases.account_access import By, name_of
from services.numbers.use_cases.port_out_disabling import change_port_out_disabling
from services.numbers.use_cases.returns import restore_number


@strawberry.input(description="Which disabled number to restore.")
class RestoreTrackingNumberInput:
    tracking_number_id: strawberry.ID = strawberry.field(description="`num_…`.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse where the number has another version by now."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="Sent again with the same key, it takes effect once."
    )


@strawberry.type(description="The restored number, or why it stays disabled.")
class RestoreTrackingNumberPayload:
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The number after it."
    )
    user_errors: Sequence[UserError] = strawberry.field(description="Everything refused.")


@strawberry.input(description="What happens to an account's numbers when they are ported out.")
class ChangePortOutDisablingInput(OnAccount):
    disables_ported_out: bool = strawberry.field(
        description="Whether a number is disabled, and its charges end, at once when it has "
        "left. Otherwise somebody disables it; until then it is charged, and calls that still "
        "come ring through. Counts for what leaves from now on."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="`acc_…`; yours where nothing is said."
    )


@strawberry.type(description="The changed account, or why nothing changed.")
class ChangePortOutDisablingPayload:
    account: Account | None = strawberry.field(description="The account after it.")
    user_errors: Sequence[UserError] = strawberry.field(description="Everything refused.")


@strawberry.type
class BillingMutation:
    @strawberry.mutation(
        description="Takes a number that was disabled, and is still in that tab, into use "
        "again; it is charged from then on. Not one that has left."
    )
    async def restore_tracking_number(
        self,
        info: NumbersInfo,
        input: Annotated[
            RestoreTrackingNumberInput, strawberry.argument(description="Which number.")
        ],
    ) -> RestoreTrackingNumberPayload:
        context = info.context
        caller = context.caller
        try:
            async with context.database.transaction(caller) as connection:

                async def act() -> str:
                    number = await restore_number(
                        connection,
                        input.tracking_number_id,
                        sight=context.sight,
                        restored_by=name_of(caller),
                        expected_version=input.expected_version,
                    )
                    return number.id

                number_id = await remember_id(
                    connection,
                    caller,
                    mutation="restoreTrackingNumber",
                    given=input,
                    act=act,
                )
                found = await find_numbers(connection, [number_id], context.sight)
        except (Refusal, Refused) as refused:
            return RestoreTrackingNumberPayload(
                tracking_number=None, user_errors=user_errors(refused)
            )
        return RestoreTrackingNumberPayload(
            tracking_number=TrackingNumber.of(found[number_id]), user_errors=[]
        )

    @strawberry.mutation(
        description="Says whether numbers are disabled at once when they are ported out."
    )
    async def change_port_out_disabling(
        self,
        info: NumbersInfo,
        input: Annotated[
            ChangePortOutDisablingInput, strawberry.argument(description="What is to be.")
        ],
    ) -> ChangePortOutDisablingPayload:
        context = info.context
        account_id = input.account_id or context.sight.account_id
        if account_id is None:
            raise BadUserInput("Name an account.")

        async def act(connection: Connection, by: By) -> str:
            account = await change_port_out_disabling(
                connection, account_id, disables_ported_out=input.disables_ported_out, by=by
            )
            return account.id

        try:
            await run_once(info, "changePortOutDisabling", input, act)
        except (Refusal, Refused) as refused:
            return ChangePortOutDisablingPayload(
                account=None, user_errors=user_errors(refused)
            )
        return ChangePortOutDisablingPayload(
            account=await Account.resolve_reference(info, strawberry.ID(account_id)),
            user_errors=[],
        )
