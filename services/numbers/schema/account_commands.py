"""How a command about an account runs: once for its key, refusals answered as user errors."""

from collections.abc import Awaitable, Callable

import strawberry

from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.common.graphql.errors import Forbidden
from libs.common.graphql.idempotency import remember_id
from libs.contracts.mutations import KEY
from services.numbers.schema.context import NumbersInfo
from services.numbers.use_cases.account_access import By

EXPECTED = "Refused with CONFLICT where the account has another version by now."


@strawberry.input
class OnAccount:
    """What every command about an account or a part of it ends with."""

    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


async def run_once(
    info: NumbersInfo,
    mutation: str,
    given: OnAccount,
    act: Callable[[Connection, By], Awaitable[str]],
) -> str:
    """`act` answers the id of what it made or changed."""
    caller = info.context.caller
    if not isinstance(caller, Member | Support):
        raise Forbidden
    by = By(caller=caller, expected_version=given.expected_version)
    async with info.context.database.transaction(caller) as connection:
        return await remember_id(
            connection,
            caller,
            mutation=mutation,
            given=given,
            act=lambda: act(connection, by),
        )
