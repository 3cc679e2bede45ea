"""The same key takes effect once."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg
import pytest
from strawberry import UNSET

from libs.common.caller import Anonymous, Support
from libs.common.graphql.errors import BadUserInput, KeyInProgress, KeyReused, SignInNeeded
from libs.common.graphql.idempotency import remember
from tests.common.sample import a_login, a_member


class Kind(StrEnum):
    FULL = "FULL"


@dataclass
class Input:
    name: str
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    kind: Kind = Kind.FULL
    note: object = UNSET


class Use:
    """A use case that counts its effects."""

    def __init__(self, *, refusal: Exception | None = None):
        self.effects = 0
        self.refusal = refusal

    async def act(self):
        if self.refusal:
            raise self.refusal
        self.effects += 1
        return {"id": f"pr_{self.effects}"}


async def call(database, use, *, caller=None, key="key", name="a", mutation="create"):
    caller = caller or a_member()
    async with database.transaction(caller) as connection:
        return await remember(
            connection, caller, mutation=mutation, key=key, given=Input(name), act=use.act
        )


@pytest.fixture
def key():
    return str(uuid.uuid4())


async def test_a_repeated_call_answers_the_same_and_does_nothing(database, key):
    use = Use()

    first = await call(database, use, key=key)
    second = await call(database, use, key=key)

    assert first == second == {"id": "pr_1"}
    assert use.effects == 1


async def test_without_a_key_every_call_takes_effect(database):
    use = Use()

    await call(database, use, key=None)
    await call(database, use, key=None)

    assert use.effects == 2


async def test_the_same_key_with_another_input_is_refused(database, key):
    use = Use()
    await call(database, use, key=key)

    with pytest.raises(KeyReused):
        await call(database, use, key=key, name="b")
    assert use.effects == 1


async def test_a_colleagues_key_is_another_input(database, key):
    use = Use()
    await call(database, use, key=key)

    with pytest.raises(KeyReused):
        await call(database, use, key=key, caller=a_member(subject="val"))


async def test_another_account_or_mutation_has_keys_of_its_own(database, key):
    use = Use()
    await call(database, use, key=key)
    await call(database, use, key=key, caller=a_member(account_id="acc_2"))
    await call(database, use, key=key, mutation="submit")

    assert use.effects == 3


async def test_support_has_keys_of_its_own(database, key):
    use, support = Use(), Support(login=a_login("desk"))

    await call(database, use, key=key, caller=support)
    await call(database, use, key=key, caller=support)

    assert use.effects == 1


async def test_nobody_has_no_keys(database, key):
    with pytest.raises(SignInNeeded):
        await call(database, Use(), key=key, caller=Anonymous())


async def test_a_refusal_is_not_stored(database, key):
    refusing = Use(refusal=ValueError("refused"))
    with pytest.raises(ValueError, match="refused"):
        await call(database, refusing, key=key)

    assert await call(database, Use(), key=key, name="corrected") == {"id": "pr_1"}


async def test_a_call_while_the_first_runs_is_told_to_come_again(database, key):
    started, finish = asyncio.Event(), asyncio.Event()

    class Slow(Use):
        async def act(self):
            started.set()
            await finish.wait()
            return await super().act()

    use = Slow()
    first = asyncio.create_task(call(database, use, key=key))
    await started.wait()

    with pytest.raises(KeyInProgress):
        await call(database, use, key=key)
    finish.set()
    assert await first == await call(database, use, key=key)
    assert use.effects == 1


async def test_of_many_calls_at_once_one_takes_effect(database, key):
    use = Use()

    answers = await asyncio.gather(
        *(call(database, use, key=key) for _ in range(30)), return_exceptions=True
    )

    assert use.effects == 1
    assert {type(a) for a in answers} <= {dict, KeyInProgress}
    assert [a for a in answers if isinstance(a, dict)] != []


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b", "a\nb"])
async def test_a_key_that_is_none_is_bad_user_input(database, key):
    with pytest.raises(BadUserInput):
        await call(database, Use(), key=key)


async def test_an_account_cannot_read_anothers_keys(database, key):
    await call(database, Use(), key=key)
    stranger = a_member(account_id="acc_2")

    async with database.reading(stranger) as connection:
        seen = await connection.fetchval(
            "SELECT count(*) FROM idempotency_keys WHERE key = $1", key
        )

    assert seen == 0


async def test_an_account_cannot_write_anothers_keys(database, key):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(a_member(account_id="acc_2")) as connection:
            await remember(
                connection, a_member(), mutation="m", key=key, given={}, act=Use().act
            )


async def test_what_has_no_plain_form_has_no_fingerprint(database, key):
    with pytest.raises(TypeError):
        async with database.transaction(a_member()) as connection:
            await remember(
                connection,
                a_member(),
                mutation="m",
                key=key,
                given={"file": object()},
                act=Use().act,
            )
