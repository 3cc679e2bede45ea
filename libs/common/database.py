"""A service's PostgreSQL: who asks decides the role, and the role decides what is seen.

The login role owns nothing and may read nothing: a statement outside `reading`,
`transaction` or `working` fails, so a forgotten tenant shows no rows instead of all.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, TypeAlias, assert_never
from urllib.parse import quote

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from libs.common.caller import Anonymous, Caller, Login, Machine, Member, Role, Support
from libs.common.tracing import is_tracing, tell_statement

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
)
Row: TypeAlias = asyncpg.Record

DATABASE_LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What a session says that the server ended within a statement.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


def is_database_lost(error: BaseException) -> bool:
    """False for a value that does not fit and a statement that took too long: theirs is the fault.

    asyncpg derives the first from InterfaceError, the second from OperatorInterventionError.
    """
    return isinstance(error, DATABASE_LOST) and not isinstance(
        error, ValueError | asyncpg.QueryCanceledError
    )


_waiting_for_commit: Final[ContextVar[list[Callable[[], None]] | None]] = ContextVar(
    "waiting_for_commit", default=None
)
_present: Final[ContextVar["Database | None"]] = ContextVar("present", default=None)

# So much longer than it may take, and the server's host is gone without having said so.
_SILENCE_S: Final = 10.0
# How many transactions run apart from others at once.
_APART: Final = 2

_SAFE_SETTING: Final = re.compile(r"[A-Za-z0-9_,.~:|@%-]*")
# Who acts where nobody asked: relay, consumers and timers.
SYSTEM: Final = "system"


def after_commit(call: Callable[[], None]) -> None:
    """Calls it once the present transaction has committed, never where it rolls back."""
    waiting = _waiting_for_commit.get()
    if waiting is None:
        raise RuntimeError("there is no transaction to wait for")
    waiting.append(call)


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """What raises within it is undone, with what waits there for the commit, and raises on.

    The transaction may then continue, unless the connection is lost.
    """
    waiting = _waiting_for_commit.get()
    if waiting is None:
        raise RuntimeError("there is no transaction to go back in")
    waited = len(waiting)
    await connection.execute("SAVEPOINT before")
    try:
        yield
    except BaseException:
        del waiting[waited:]
        if not connection.is_closed():
            await connection.execute("ROLLBACK TO SAVEPOINT before")
        raise
    await connection.execute("RELEASE SAVEPOINT before")


@asynccontextmanager
async def apart() -> AsyncIterator[Connection]:
    """A worker's transaction beside the present one: it stays though the present one rolls back.

    Neither may want a row that the other has locked: they would wait for each other unseen.
    """
    database = _present.get()
    if database is None:
        raise RuntimeError("there is no transaction to be apart from")
    async with database.working_apart() as connection:
        yield connection


class Database:
    """`service` names the roles: `<service>_tenant`, `_support` and `_worker`.

    `pool_apart` has connections for those who hold one of `pool` already: with all of one pool
    held, each would wait for another's second connection for ever.
    """

    def __init__(
        self, pool: asyncpg.Pool, service: str, pool_apart: asyncpg.Pool | None = None
    ) -> None:
        self._pool = pool
        self._pool_apart = pool_apart
        self._service = service
        self.on_commit: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def reading(self, caller: Caller) -> AsyncIterator[Connection]:
        async with self._pool.acquire() as connection:
            await _open(connection, self._begin_as(caller, "READ ONLY"))
            try:
                yield connection
            except BaseException:
                await _roll_back(connection)
                raise
            await connection.execute("COMMIT")

    @asynccontextmanager
    async def transaction(self, caller: Caller) -> AsyncIterator[Connection]:
        """Commits at the end, rolls back on any exception, then wakes the relay."""
        begin = self._begin_as(caller, "READ WRITE")
        async with self._changing(self._pool, begin) as connection:
            yield connection

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Connection]:
        """For relay, consumers and timers: every account's rows are seen."""
        async with self._changing(self._pool, self._begin_as_worker()) as connection:
            yield connection

    @asynccontextmanager
    async def working_apart(self) -> AsyncIterator[Connection]:
        """For `apart`."""
        if self._pool_apart is None:
            raise RuntimeError("this database was opened for no work apart")
        async with self._changing(self._pool_apart, self._begin_as_worker()) as connection:
            yield connection

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        """On the login role: only functions granted to it can be called."""
        return await self._pool.fetch(query, *arguments)

    async def is_reachable(self) -> bool:
        try:
            async with asyncio.timeout(2):
                await self._pool.fetchval("SELECT 1")
        except (*DATABASE_LOST, asyncpg.PostgresError):
            return False
        return True

    async def close(self) -> None:
        for pool in filter(None, (self._pool_apart, self._pool)):
            try:
                async with asyncio.timeout(5):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def _changing(self, pool: asyncpg.Pool, begin: str) -> AsyncIterator[Connection]:
        waiting: list[Callable[[], None]] = []
        async with pool.acquire() as connection:
            await _open(connection, begin)
            outer, around = _waiting_for_commit.get(), _present.get()
            _waiting_for_commit.set(waiting)
            _present.set(self)
            try:
                yield connection
            except BaseException:
                await _roll_back(connection)
                raise
            finally:
                _waiting_for_commit.set(outer)
                _present.set(around)
            await connection.execute("COMMIT")
        for call in waiting:
            call()
        self.on_commit()

    def _begin_as_worker(self) -> str:
        return _begin("READ WRITE", f"{self._service}_worker", {"app.actor": SYSTEM})

    def _begin_as(self, caller: Caller, mode: str) -> str:
        match caller:
            case Member():
                return _begin(
                    mode,
                    f"{self._service}_tenant",
                    {
                        "app.account": caller.account_id,
                        "app.requester": caller.member_id
                        if caller.role is Role.CLIENT_MANAGER
                        else "",
                        "app.actor": f"member:{caller.member_id}",
                    },
                )
            case Support():
                return _begin(
                    mode,
                    f"{self._service}_support",
                    {"app.actor": f"support:{_subject(caller.login)}"},
                )
            case Machine():
                return _begin(
                    mode,
                    f"{self._service}_tenant",
                    {"app.account": "", "app.actor": f"machine:{_subject(caller.login)}"},
                )
            case Anonymous():
                return _begin(mode, f"{self._service}_tenant", {"app.account": ""})
            case _:
                assert_never(caller)


def _begin(mode: str, role: str, settings: dict[str, str]) -> str:
    """One round trip opens the transaction, takes the role, names the account and who acts.

    `SET LOCAL` ends with the transaction: nothing reaches the next borrower. `set_config` would
    be planned each time.
    """
    changes = {"role": role, **settings}
    for setting in changes.values():
        if not _SAFE_SETTING.fullmatch(setting):
            raise ValueError("a role, id or actor with characters that none has")
    sets = [f"SET LOCAL {name} = '{to}'" for name, to in changes.items()]
    return "; ".join([f"BEGIN {mode}", *sets])


def _subject(login: Login) -> str:
    """An issuer may give any text: what no setting may hold is written as in a URL."""
    return quote(login.subject, safe="|@:", errors="replace")


async def _open(connection: Connection, begin: str) -> None:
    """Whoever is cancelled here cannot know whether it has begun: it is rolled back either way."""
    try:
        await connection.execute(begin)
    except BaseException:
        with suppress(*DATABASE_LOST):
            await _end(connection)
        raise


async def _roll_back(connection: Connection) -> None:
    if not connection.is_closed() and connection.is_in_transaction():
        await _end(connection)


async def _end(connection: Connection) -> None:
    try:
        async with asyncio.timeout(_SILENCE_S):
            await connection.execute("ROLLBACK")
    except TimeoutError:
        connection.terminate()


async def _tell_statements(connection: Connection) -> None:
    connection.add_query_logger(tell_statement)


async def _no_reset(_connection: Connection) -> None:
    """Nothing is ever set beyond a transaction, so a released connection is clean."""


async def open_database(
    url: str, service: str, *, size: int = 8, statement_timeout_s: int = 30
) -> Database:
    open_pool = partial(
        asyncpg.create_pool,
        url,
        init=_tell_statements if is_tracing() else None,
        reset=_no_reset,
        timeout=_SILENCE_S,
        command_timeout=statement_timeout_s + _SILENCE_S,
        server_settings={
            "application_name": service,
            "statement_timeout": f"{statement_timeout_s}s",
            "idle_in_transaction_session_timeout": "60s",
            "jit": "off",
        },
    )
    return Database(
        await open_pool(min_size=1, max_size=size),
        service,
        pool_apart=await open_pool(min_size=0, max_size=_APART),
    )
