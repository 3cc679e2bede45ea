"""How a mutation runs: once for its key, in one transaction, refusals answered as user errors."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import strawberry

from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.common.graphql.errors import Forbidden
from libs.common.graphql.idempotency import remember_id
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, EXPECTED, KEY
from libs.contracts.refusals import Refusal, Refused
from services.porting.schema.context import PortingInfo
from services.porting.schema.loaders import load_port_outs, load_requests
from services.porting.schema.port_outs import PortOut
from services.porting.schema.requests import PortRequest
from services.porting.schema.texts import refusing_unreadable_texts
from services.porting.use_cases.access import expect_port_out_version, expect_request_version

T = TypeVar("T")


@strawberry.input
class OnPortRequest:
    """What every command about one port request begins with."""

    port_request_id: strawberry.ID = strawberry.field(description="The port request's id.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input
class OnPortOut:
    """What every command about one port-out begins with."""

    port_out_id: strawberry.ID = strawberry.field(description="The port-out's id.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="What became of a command about a port request.")
class PortRequestPayload:
    port_request: PortRequest | None = strawberry.field(
        description="The request after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of a command about a port-out.")
class PortOutPayload:
    port_out: PortOut | None = strawberry.field(
        description="The port-out after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


async def change_request(
    info: PortingInfo,
    mutation: str,
    given: object,
    act: Callable[[Connection], Awaitable[str]],
) -> PortRequestPayload:
    """`act` answers the request's id; `given` is the input, with its `idempotency_key` if any."""

    async def act_on_expected_version(connection: Connection) -> str:
        if isinstance(given, OnPortRequest):
            await expect_request_version(
                connection, info.context.caller, given.port_request_id, given.expected_version
            )
        return await act(connection)

    try:
        request_id = await run_once(info, mutation, given, act_on_expected_version)
    except (Refusal, Refused) as refused:
        return PortRequestPayload(port_request=None, user_errors=user_errors(refused))
    [request] = await load_requests(info.context, [request_id])
    return PortRequestPayload(
        port_request=PortRequest.of(request) if request else None, user_errors=[]
    )


async def change_port_out(
    info: PortingInfo,
    mutation: str,
    given: OnPortOut,
    act: Callable[[Connection], Awaitable[str]],
) -> PortOutPayload:
    async def act_on_expected_version(connection: Connection) -> str:
        await expect_port_out_version(
            connection, info.context.caller, given.port_out_id, given.expected_version
        )
        return await act(connection)

    try:
        port_out_id = await run_once(info, mutation, given, act_on_expected_version)
    except (Refusal, Refused) as refused:
        return PortOutPayload(port_out=None, user_errors=user_errors(refused))
    [port_out] = await load_port_outs(info.context, [port_out_id])
    return PortOutPayload(port_out=PortOut.of(port_out) if port_out else None, user_errors=[])


async def settle(given: object, work: Callable[[], Awaitable[T]]) -> Callable[[], T]:
    """Its result for later: a refusal is raised where the result is asked for.

    So a repeated key answers what it answered before, though the work is refused by now.
    """
    try:
        with refusing_unreadable_texts(given):
            result = await work()
    except (Refusal, Refused) as refused:
        refusal = refused

        def refuse() -> T:
            raise refusal

        return refuse
    return lambda: result


async def run_once(
    info: PortingInfo,
    mutation: str,
    given: object,
    act: Callable[[Connection], Awaitable[str]],
) -> str:
    """`act` answers the id of what it made or changed."""
    caller, database = info.context.caller, info.context.database
    with refusing_unreadable_texts(given):
        async with database.transaction(caller) as connection:
            return await remember_id(
                connection,
                caller,
                mutation=mutation,
                given=given,
                act=lambda: act(connection),
            )


def member_of(info: PortingInfo) -> Member:
    """The caller of a field that only members may ask for."""
    caller = info.context.caller
    if not isinstance(caller, Member):
        raise Forbidden
    return caller


def customer_or_support_of(info: PortingInfo) -> Member | Support:
    """The caller of a field that members and support may ask for."""
    caller = info.context.caller
    if not isinstance(caller, Member | Support):
        raise Forbidden
    return caller


def support_of(info: PortingInfo) -> Support:
    """The caller of a field that only support may ask for."""
    caller = info.context.caller
    if not isinstance(caller, Support):
        raise Forbidden
    return caller
