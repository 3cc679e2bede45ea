"""An account's webhook endpoints: made, changed, given another secret, disabled, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from libs.common.caller import Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.vault import Vault
from services.notifications.domain.webhook_endpoints import (
    MOST_ENDPOINTS,
    DisabledReason,
    EndpointState,
    EndpointWish,
    WebhookEndpoint,
)
from services.notifications.domain.webhook_refusals import (
    EndpointChanged,
    EndpointUnknown,
    TooManyEndpoints,
    UrlRefusal,
)
from services.notifications.domain.webhook_secrets import make_secret, place_of
from services.notifications.domain.webhook_urls import UrlFault, UrlRules
from services.notifications.store import webhook_endpoints as store


@dataclass(frozen=True, kw_only=True)
class JudgedWish:
    """`fault` is what was found where the URL's name stands for, if anything."""

    wish: EndpointWish
    rules: UrlRules
    fault: UrlFault | None

    def check(self) -> str | None:
        """Answers the URL as it is kept. Raises `Refused` or `UrlRefusal`."""
        url = self.wish.check(self.rules)
        if self.fault is not None:
            raise UrlRefusal(self.fault)
        return url.text if url else None


@dataclass(frozen=True, kw_only=True)
class Named:
    """Which endpoint, and the version that whoever names it has seen, if they say so."""

    endpoint_id: str
    expected_version: int | None = None


async def create_endpoint(
    connection: Connection, member: Member, vault: Vault, judged: JudgedWish
) -> tuple[str, str]:
    """Answers its id and its secret, which nobody is shown again."""
    url = judged.check()
    assert url is not None
    await store.lock_account(connection, member.account_id)
    if await store.count_endpoints(connection, member.account_id) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(MOST_ENDPOINTS)
    endpoint_id = new_id("whk")
    await store.add_endpoint(
        connection,
        endpoint_id=endpoint_id,
        account_id=member.account_id,
        url=url,
        description=judged.wish.description or "",
        event_types=_once(judged.wish.event_types or ()),
        is_ordered=bool(judged.wish.is_ordered),
        created_by=member.member_id,
    )
    return endpoint_id, await _add_secret(connection, endpoint_id, 1, member.account_id, vault)


async def update_endpoint(
    connection: Connection, member: Member, named: Named, judged: JudgedWish
) -> str:
    url = judged.check()
    endpoint = await lock_endpoint(connection, member, named)
    wish = judged.wish
    changed = replace(
        endpoint,
        url=url or endpoint.url,
        description=endpoint.description if wish.description is None else wish.description,
        event_types=endpoint.event_types
        if wish.event_types is None
        else _once(wish.event_types),
        is_ordered=endpoint.is_ordered if wish.is_ordered is None else wish.is_ordered,
    )
    if changed != endpoint:
        await store.save_endpoint(connection, replace(changed, version=endpoint.version + 1))
    if changed.url != endpoint.url:
        await store.forget_failures(connection, endpoint.id)
    return endpoint.id


async def rotate_secret(
    connection: Connection, member: Member, named: Named, vault: Vault, overlap: timedelta
) -> tuple[str, str]:
    """The secret of before signs beside the new one until the overlap has passed."""
    endpoint = await lock_endpoint(connection, member, named)
    await store.end_secrets(connection, endpoint.id, datetime.now(UTC) + overlap)
    number = 1 + await store.find_last_secret(connection, endpoint.id)
    secret = await _add_secret(connection, endpoint.id, number, member.account_id, vault)
    await store.save_endpoint(connection, replace(endpoint, version=endpoint.version + 1))
    return endpoint.id, secret


async def disable_endpoint(connection: Connection, member: Member, named: Named) -> str:
    """What waits goes on waiting; what comes meanwhile is not sent there."""
    endpoint = await lock_endpoint(connection, member, named)
    if endpoint.state is EndpointState.ENABLED:
        disabled = replace(
            endpoint,
            state=EndpointState.DISABLED,
            disabled_reason=DisabledReason.BY_ADMINISTRATOR,
            disabled_at=datetime.now(UTC),
            version=endpoint.version + 1,
        )
        await store.save_endpoint(connection, disabled)
    return endpoint.id


async def enable_endpoint(connection: Connection, member: Member, named: Named) -> str:
    endpoint = await lock_endpoint(connection, member, named)
    if endpoint.state is EndpointState.DISABLED:
        await store.save_endpoint(connection, _without_reason(endpoint, EndpointState.ENABLED))
        await store.forget_failures(connection, endpoint.id)
    return endpoint.id


async def delete_endpoint(connection: Connection, member: Member, named: Named) -> str:
    endpoint = await lock_endpoint(connection, member, named)
    await store.save_endpoint(connection, _without_reason(endpoint, EndpointState.DELETED))
    await store.delete_secrets(connection, endpoint.id)
    return endpoint.id


async def lock_endpoint(
    connection: Connection, member: Member, named: Named
) -> WebhookEndpoint:
    """Raises `EndpointUnknown` or `EndpointChanged`."""
    endpoint = await store.lock_endpoint(connection, named.endpoint_id, member.account_id)
    if endpoint is None:
        raise EndpointUnknown
    if named.expected_version not in {None, endpoint.version}:
        raise EndpointChanged
    return endpoint


def _without_reason(endpoint: WebhookEndpoint, state: EndpointState) -> WebhookEndpoint:
    return replace(
        endpoint,
        state=state,
        disabled_reason=None,
        disabled_at=None,
        version=endpoint.version + 1,
    )


async def _add_secret(
    connection: Connection, endpoint_id: str, number: int, account_id: str, vault: Vault
) -> str:
    secret = make_secret()
    sealed = vault.seal(secret, place_of(endpoint_id, number))
    await store.add_secret(connection, endpoint_id, number, account_id, sealed)
    return secret


def _once(types: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(types))
