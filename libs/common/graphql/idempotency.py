"""A mutation with an `idempotencyKey` takes effect once, however often it is sent."""

import dataclasses
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import orjson
from strawberry import UNSET

from libs.common.caller import Caller, Member, login_of
from libs.common.database import Connection
from libs.common.graphql.errors import (
    BadUserInput,
    KeyInProgress,
    KeyReused,
    SignInNeeded,
)

Ids: TypeAlias = Mapping[str, Any]
R = TypeVar("R", bound=Ids)
IdOrIds = TypeVar("IdOrIds", str, list[str])

_LONGEST_KEY = 255

# Held until the transaction ends: a second call never waits, it is told to come again.
_LOCK_KEY = "SELECT pg_try_advisory_xact_lock($1)"

_FIND_RESULT = """
    SELECT fingerprint, result::text AS result
    FROM idempotency_keys
    WHERE owner = $1 AND mutation = $2 AND key = $3
"""

_ADD_RESULT = """
    INSERT INTO idempotency_keys (owner, mutation, key, fingerprint, result)
    VALUES ($1, $2, $3, $4, $5::text::jsonb)
"""


async def remember(
    connection: Connection,
    caller: Caller,
    *,
    mutation: str,
    key: str | None,
    given: object,
    act: Callable[[], Awaitable[R]],
) -> R:
    """Run `act` once for this key, inside the transaction of `connection`.

    `given` is the mutation's input, key included. `act` answers ids as JSON would hold them;
    the caller reads the objects anew. What `act` raises ends the transaction, so that a
    refusal is never stored. Raises `KeyReused`, `KeyInProgress` or `BadUserInput`.
    """
    if key is None:
        return await act()
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise BadUserInput(f"`idempotencyKey` is 1 to {_LONGEST_KEY} printable characters.")
    owner = _owner_of(caller)
    fingerprint = _fingerprint(caller, given)
    if not await connection.fetchval(_LOCK_KEY, _lock_number(owner, mutation, key)):
        raise KeyInProgress
    stored = await connection.fetchrow(_FIND_RESULT, owner, mutation, key)
    if stored is not None:
        if stored["fingerprint"] != fingerprint:
            raise KeyReused
        result: R = orjson.loads(stored["result"])
        return result
    result = await act()
    await connection.execute(
        _ADD_RESULT, owner, mutation, key, fingerprint, orjson.dumps(result).decode()
    )
    return result


async def remember_id(
    connection: Connection,
    caller: Caller,
    *,
    mutation: str,
    given: object,
    act: Callable[[], Awaitable[IdOrIds]],
) -> IdOrIds:
    """The same where `act` answers an id, or a list of them.

    The key is the input's `idempotency_key`, if it has one.
    """

    async def act_for_ids() -> dict[str, IdOrIds]:
        return {"id": await act()}

    result = await remember(
        connection,
        caller,
        mutation=mutation,
        key=getattr(given, "idempotency_key", None),
        given=given,
        act=act_for_ids,
    )
    return result["id"]


def _owner_of(caller: Caller) -> str:
    if isinstance(caller, Member):
        return caller.account_id
    return _login_text(caller)


def _login_text(caller: Caller) -> str:
    login = login_of(caller)
    if login is None:
        raise SignInNeeded
    return f"{login.issuer} {login.subject}"


def _fingerprint(caller: Caller, given: object) -> bytes:
    """Who asked and for what: a colleague's key is another input."""
    text = orjson.dumps(
        [_login_text(caller), given], default=_plain, option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(text).digest()


def _plain(value: object) -> Any:
    if value is UNSET:
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} has no fingerprint")


def _lock_number(owner: str, mutation: str, key: str) -> int:
    text = orjson.dumps([owner, mutation, key])
    return int.from_bytes(hashlib.sha256(text).digest()[:8], signed=True)
