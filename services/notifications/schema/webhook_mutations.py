"""Webhooks in the graph: what an account's administrators do with their endpoints."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from libs.common.caller import Member
from libs.common.database import Connection, after_commit
from libs.common.graphql.errors import Forbidden
from libs.common.graphql.idempotency import remember, remember_id
from libs.contracts.graph import user_errors
from libs.contracts.mutations import INPUT
from libs.contracts.refusals import Refusal, Refused
from services.notifications.domain.webhook_endpoints import EndpointWish
from services.notifications.domain.webhook_urls import UrlNotAllowed, read_url
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.webhook_inputs import (
    CreateWebhookEndpointInput,
    DeleteWebhookEndpointInput,
    DisableWebhookEndpointInput,
    EnableWebhookEndpointInput,
    OnWebhookEndpoint,
    ReplayWebhookEventsInput,
    ReplayWebhookEventsPayload,
    RotateWebhookSecretInput,
    SendTestWebhookInput,
    SendTestWebhookPayload,
    UpdateWebhookEndpointInput,
    WebhookEndpointPayload,
    WebhookSecretPayload,
)
from services.notifications.schema.webhook_types import WebhookDelivery, WebhookEndpointNode
from services.notifications.store import webhook_deliveries, webhook_endpoints
from services.notifications.use_cases import webhook_deliveries as deliveries
from services.notifications.use_cases import webhook_endpoints as endpoints
from services.notifications.use_cases.webhook_deliveries import ReplayWish
from services.notifications.use_cases.webhook_endpoints import JudgedWish, Named

_Change = Callable[[Connection, Member, Named], Awaitable[str]]


@strawberry.type
class WebhookMutation:
    @strawberry.mutation(description="Sends what happens in your account to a URL, signed.")
    async def create_webhook_endpoint(
        self, info: RoomInfo, input: Annotated[CreateWebhookEndpointInput, INPUT]
    ) -> WebhookSecretPayload:
        member, room = _member_of(info), info.context.room
        judged = await _judge(info, input)

        async def act(connection: Connection) -> tuple[str, str]:
            return await endpoints.create_endpoint(connection, member, room.vault, judged)

        return await _show_secret(info, "createWebhookEndpoint", input, act)

    @strawberry.mutation(description="Changes where events are sent, and which.")
    async def update_webhook_endpoint(
        self, info: RoomInfo, input: Annotated[UpdateWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointPayload:
        judged = await _judge(info, input)

        async def change(connection: Connection, member: Member, named: Named) -> str:
            return await endpoints.update_endpoint(connection, member, named, judged)

        return await _change(info, "updateWebhookEndpoint", input, change)

    @strawberry.mutation(
        description="Gives an endpoint another secret. For a day both sign, so that a receiver "
        "can change over without missing anything."
    )
    async def rotate_webhook_secret(
        self, info: RoomInfo, input: Annotated[RotateWebhookSecretInput, INPUT]
    ) -> WebhookSecretPayload:
        member, room = _member_of(info), info.context.room

        async def act(connection: Connection) -> tuple[str, str]:
            return await endpoints.rotate_secret(
                connection, member, input.named, room.vault, room.webhook_overlap
            )

        return await _show_secret(info, "rotateWebhookSecret", input, act)

    @strawberry.mutation(
        description="Sends nothing to an endpoint until it is enabled again. What happens "
        "meanwhile is not sent afterwards: `replayWebhookEvents` does that."
    )
    async def disable_webhook_endpoint(
        self, info: RoomInfo, input: Annotated[DisableWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointPayload:
        return await _change(info, "disableWebhookEndpoint", input, endpoints.disable_endpoint)

    @strawberry.mutation(
        description="Sends to an endpoint again, whatever had disabled it; what was waiting "
        "goes on."
    )
    async def enable_webhook_endpoint(
        self, info: RoomInfo, input: Annotated[EnableWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointPayload:
        return await _change(info, "enableWebhookEndpoint", input, endpoints.enable_endpoint)

    @strawberry.mutation(
        description="Takes an endpoint away with its secrets and its deliveries."
    )
    async def delete_webhook_endpoint(
        self, info: RoomInfo, input: Annotated[DeleteWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointPayload:
        return await _change(info, "deleteWebhookEndpoint", input, endpoints.delete_endpoint)

    @strawberry.mutation(
        description="Sends an event of the type `notifications.webhook_test.v1` to an endpoint."
    )
    async def send_test_webhook(
        self, info: RoomInfo, input: Annotated[SendTestWebhookInput, INPUT]
    ) -> SendTestWebhookPayload:
        member = _member_of(info)

        async def act(connection: Connection) -> str:
            return await deliveries.send_test(connection, member, input.named)

        try:
            delivery_id = await _run_once(info, "sendTestWebhook", input, act)
        except (Refusal, Refused) as refused:
            return SendTestWebhookPayload(
                webhook_delivery=None, user_errors=user_errors(refused)
            )
        async with info.context.database.reading(member) as connection:
            delivery = await webhook_deliveries.find_delivery(connection, delivery_id)
        return SendTestWebhookPayload(
            webhook_delivery=WebhookDelivery.of(delivery) if delivery else None,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Sends past events of the account to an endpoint, under the ids that they "
        "have there: a receiver that has kept one can tell."
    )
    async def replay_webhook_events(
        self, info: RoomInfo, input: Annotated[ReplayWebhookEventsInput, INPUT]
    ) -> ReplayWebhookEventsPayload:
        member = _member_of(info)
        wish = ReplayWish(event_ids=input.event_ids, since=input.since, until=input.until)

        try:
            async with info.context.database.transaction(member) as connection:
                after_commit(info.context.room.wake_webhooks)

                async def act() -> dict[str, int]:
                    sent = await deliveries.replay_events(
                        connection, member, input.named, wish
                    )
                    return {"count": sent}

                result = await remember(
                    connection,
                    member,
                    mutation="replayWebhookEvents",
                    key=input.idempotency_key,
                    given=input,
                    act=act,
                )
        except (Refusal, Refused) as refused:
            return ReplayWebhookEventsPayload(
                event_count=None, webhook_endpoint=None, user_errors=user_errors(refused)
            )
        return ReplayWebhookEventsPayload(
            event_count=result["count"],
            webhook_endpoint=await _find_endpoint(info, input.webhook_endpoint_id),
            user_errors=[],
        )


async def _judge(
    info: RoomInfo, given: CreateWebhookEndpointInput | UpdateWebhookEndpointInput
) -> JudgedWish:
    """Looks its name up before there is a transaction; what it says is refused within."""
    gate, fault = info.context.room.webhook_gate, None
    if given.url is not None:
        try:
            fault = await gate.find_fault(read_url(given.url, gate.rules))
        except UrlNotAllowed as refused:
            fault = refused.fault
    wish = EndpointWish(
        url=given.url,
        description=given.description,
        event_types=given.event_types,
        is_ordered=given.ordered,
    )
    return JudgedWish(wish=wish, rules=gate.rules, fault=fault)


async def _show_secret(
    info: RoomInfo,
    mutation: str,
    given: CreateWebhookEndpointInput | RotateWebhookSecretInput,
    act: Callable[[Connection], Awaitable[tuple[str, str]]],
) -> WebhookSecretPayload:
    """The secret leaves by this answer alone: what is remembered for the key is the id."""
    shown: list[str] = []

    async def act_and_keep_quiet(connection: Connection) -> str:
        endpoint_id, secret = await act(connection)
        shown.append(secret)
        return endpoint_id

    try:
        endpoint_id = await _run_once(info, mutation, given, act_and_keep_quiet)
    except (Refusal, Refused) as refused:
        return WebhookSecretPayload(
            webhook_endpoint=None, secret=None, user_errors=user_errors(refused)
        )
    return WebhookSecretPayload(
        webhook_endpoint=await _find_endpoint(info, endpoint_id),
        secret=shown[0] if shown else None,
        user_errors=[],
    )


async def _change(
    info: RoomInfo, mutation: str, given: OnWebhookEndpoint, change: _Change
) -> WebhookEndpointPayload:
    member = _member_of(info)

    async def act(connection: Connection) -> str:
        return await change(connection, member, given.named)

    try:
        endpoint_id = await _run_once(info, mutation, given, act)
    except (Refusal, Refused) as refused:
        return WebhookEndpointPayload(webhook_endpoint=None, user_errors=user_errors(refused))
    return WebhookEndpointPayload(
        webhook_endpoint=await _find_endpoint(info, endpoint_id), user_errors=[]
    )


async def _run_once(
    info: RoomInfo,
    mutation: str,
    given: CreateWebhookEndpointInput | OnWebhookEndpoint,
    act: Callable[[Connection], Awaitable[str]],
) -> str:
    """`act` answers the id of what it made or changed."""
    member = _member_of(info)
    async with info.context.database.transaction(member) as connection:
        after_commit(info.context.room.wake_webhooks)
        return await remember_id(
            connection, member, mutation=mutation, given=given, act=lambda: act(connection)
        )


async def _find_endpoint(info: RoomInfo, endpoint_id: str) -> WebhookEndpointNode | None:
    member = _member_of(info)
    async with info.context.database.reading(member) as connection:
        found = await webhook_endpoints.find_endpoints(
            connection, [endpoint_id], member.account_id
        )
    return WebhookEndpointNode.of(found[endpoint_id]) if found else None


def _member_of(info: RoomInfo) -> Member:
    caller = info.context.caller
    if not isinstance(caller, Member):
        raise Forbidden
    return caller
