"""Accounts in the graph: renamed, their standing changed, disabled and reactivated."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.common.events import CLOCK_SKEW
from libs.common.graphql.errors import BadUserInput
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT
from libs.contracts.refusals import Refusal, Refused
from services.numbers.domain.accounts import Standing
from services.numbers.schema.account_commands import OnAccount, run_once
from services.numbers.schema.accounts import Account
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.loaders import load_accounts
from services.numbers.use_cases.account_access import By
from services.numbers.use_cases.accounts import (
    disable_account,
    reactivate_account,
    rename_account,
)
from services.numbers.use_cases.standings import (
    StandingChange,
    change_standing,
    note_standing,
)

_ACCOUNT_ID = "`acc_…`."
_LARGEST_SEQUENCE = 2**31 - 1


@strawberry.type(description="What became of a command about an account.")
class AccountPayload:
    account: Account | None = strawberry.field(
        description="The account after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.input(description="An account's new name.")
class RenameAccountInput(OnAccount):
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT_ID)
    name: str = strawberry.field(description="The new name.")


@strawberry.input(
    description="What is different in an account's standing; null stays as it is."
)
class ChangeStandingInput(OnAccount):
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT_ID)
    card_on_file: bool | None = strawberry.field(
        default=None, description="Whether a payment card is on file."
    )
    balance_current: bool | None = strawberry.field(
        default=None, description="Whether no bill is past due."
    )
    in_good_standing: bool | None = strawberry.field(
        default=None, description="Whether it is neither suspended nor flagged."
    )
    in_trial: bool | None = strawberry.field(
        default=None, description="Whether the free trial still runs."
    )


@strawberry.input(
    description="An account's whole standing, as a billing system knows it since `changedAt`."
)
class ReportStandingInput:
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT_ID)
    card_on_file: bool = strawberry.field(description="Whether a payment card is on file.")
    balance_current: bool = strawberry.field(description="Whether no bill is past due.")
    in_good_standing: bool = strawberry.field(
        description="Whether it is neither suspended nor flagged."
    )
    in_trial: bool = strawberry.field(description="Whether the free trial still runs.")
    changed_at: datetime = strawberry.field(
        description="Since when; what is older than the standing we know changes nothing."
    )
    sequence: int = strawberry.field(
        default=1, description="Tells two reports of one time apart: the higher one is newer."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Not needed: a report that is sent again is not newer and changes nothing.",
    )


@strawberry.input(description="Which account to disable.")
class DisableAccountInput(OnAccount):
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT_ID)


@strawberry.input(description="Which account to reactivate.")
class ReactivateAccountInput(OnAccount):
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT_ID)


@strawberry.type
class AccountMutation:
    @strawberry.mutation(description="Gives an account another name; for support.")
    async def rename_account(
        self, info: NumbersInfo, input: Annotated[RenameAccountInput, INPUT]
    ) -> AccountPayload:
        async def act(connection: Connection, by: By) -> str:
            return (await rename_account(connection, input.account_id, input.name, by=by)).id

        return await _change(info, "renameAccount", input, act)

    @strawberry.mutation(
        description="Changes card on file, balance, good standing or trial; for support."
    )
    async def change_standing(
        self, info: NumbersInfo, input: Annotated[ChangeStandingInput, INPUT]
    ) -> AccountPayload:
        change = StandingChange(
            card_on_file=input.card_on_file,
            balance_current=input.balance_current,
            in_good_standing=input.in_good_standing,
            in_trial=input.in_trial,
        )

        async def act(connection: Connection, by: By) -> str:
            return (await change_standing(connection, input.account_id, change, by=by)).id

        return await _change(info, "changeStanding", input, act)

    @strawberry.mutation(
        description="What a billing system reports, where it has no RabbitMQ; late reports "
        "change nothing. For machines with the scope `accounts:report`."
    )
    async def report_standing(
        self, info: NumbersInfo, input: Annotated[ReportStandingInput, INPUT]
    ) -> "ReportStandingPayload":
        standing = Standing(
            card_on_file=input.card_on_file,
            balance_current=input.balance_current,
            in_good_standing=input.in_good_standing,
            in_trial=input.in_trial,
            changed_at=_read_past(input.changed_at),
            sequence=_read_sequence(input.sequence),
        )
        try:
            async with info.context.database.working() as connection:
                account = await note_standing(connection, input.account_id, standing)
        except (Refusal, Refused) as refused:
            return ReportStandingPayload(took_effect=None, user_errors=user_errors(refused))
        return ReportStandingPayload(took_effect=account.standing == standing, user_errors=[])

    @strawberry.mutation(
        description="Ends an account: its people read and change nothing from then on. Refused "
        "while a port-in or port-out is under way, a number that left is not confirmed, or "
        "numbers are left. Only support can reactivate it."
    )
    async def disable_account(
        self, info: NumbersInfo, input: Annotated[DisableAccountInput, INPUT]
    ) -> AccountPayload:
        async def act(connection: Connection, by: By) -> str:
            return (await disable_account(connection, input.account_id, by=by)).id

        return await _change(info, "disableAccount", input, act)

    @strawberry.mutation(
        description="Its people may change things again; numbers stay as they are. For support."
    )
    async def reactivate_account(
        self, info: NumbersInfo, input: Annotated[ReactivateAccountInput, INPUT]
    ) -> AccountPayload:
        async def act(connection: Connection, by: By) -> str:
            return (await reactivate_account(connection, input.account_id, by=by)).id

        return await _change(info, "reactivateAccount", input, act)


@strawberry.type(description="What became of a report of an account's standing.")
class ReportStandingPayload:
    took_effect: bool | None = strawberry.field(
        description="False where a newer standing was known already; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


async def _change(
    info: NumbersInfo,
    mutation: str,
    given: OnAccount,
    act: Callable[[Connection, By], Awaitable[str]],
) -> AccountPayload:
    try:
        account_id = await run_once(info, mutation, given, act)
    except (Refusal, Refused) as refused:
        return AccountPayload(account=None, user_errors=user_errors(refused))
    [account] = await load_accounts(info.context, [account_id])
    return AccountPayload(account=Account.of(account) if account else None, user_errors=[])


def _read_past(at: datetime) -> datetime:
    if at > datetime.now(at.tzinfo) + CLOCK_SKEW:
        raise BadUserInput("`changedAt` has not come yet.")
    return at


def _read_sequence(sequence: int) -> int:
    if not 0 < sequence <= _LARGEST_SEQUENCE:
        raise BadUserInput("`sequence` counts from 1.")
    return sequence
