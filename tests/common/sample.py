"""A small graph, callers and an issuer for the tests of the plumbing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import strawberry

from libs.common.caller import CallerResolver, Login, Member, Membership, Role
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, IssuerKey
from libs.common.graphql.connections import Connection, connection_of, page_of
from libs.common.graphql.context import Context
from libs.common.graphql.endpoint import GraphEndpoint
from libs.common.graphql.rights import ANYONE, READERS, REQUESTERS
from libs.common.graphql.schema import Graph, Patience
from libs.common.paging import Key, Listing, Slice
from libs.common.tokens import DEVELOPMENT_ISSUER, IssuerKeys, TokenVerifier

SECRET = "0123456789abcdef0123456789abcdef"
LINES = Listing(
    "SELECT id FROM lines WHERE account_id = $1 {keyset} {order}",
    parameters=1,
    keys=[Key(column="id", kind=str)],
)

# Member ids by login, as a service's own rows would have them.
MEMBERSHIPS = {
    "ann": [("acc_1", Role.ADMINISTRATOR)],
    "val": [("acc_1", Role.VIEWER)],
    "two": [("acc_1", Role.VIEWER), ("acc_2", Role.MANAGER)],
}


def a_login(subject: str = "ann") -> Login:
    return Login(
        issuer=DEVELOPMENT_ISSUER,
        subject=subject,
        expires_at=datetime.now(UTC) + timedelta(minutes=15),
    )


def a_member(role: Role = Role.ADMINISTRATOR, *, account_id="acc_1", subject="ann") -> Member:
    return Member(
        login=a_login(subject), account_id=account_id, member_id=f"mem_{subject}", role=role
    )


class Rows:
    """What the service's tables hold about members; a test may take something away."""

    def __init__(self) -> None:
        self.memberships = dict(MEMBERSHIPS)
        self.reads = 0

    async def find_memberships(self, _issuer: str, subject: str) -> Sequence[Membership]:
        self.reads += 1
        return [
            Membership(
                account_id=account_id,
                member_id=f"mem_{subject}",
                role=role,
                company_ids=frozenset({"co_1"}),
            )
            for account_id, role in self.memberships.get(subject, [])
        ]


def keys_of(issuer_key: IssuerKey, **options: Any) -> IssuerKeys:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"keys": [issuer_key.public_jwk]})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return IssuerKeys("http://issuer.test/jwks", client, **options)


def verifier_of(issuer_key: IssuerKey, **options: Any) -> TokenVerifier:
    return TokenVerifier(
        keys_of(issuer_key),
        **{
            "issuer": DEVELOPMENT_ISSUER,
            "audience": DEVELOPMENT_AUDIENCE,
            "production": False,
            **options,
        },
    )


def resolver_of(issuer_key: IssuerKey, rows: Rows | None = None) -> CallerResolver:
    return CallerResolver(verifier_of(issuer_key), (rows or Rows()).find_memberships)


class Room:
    def __init__(self) -> None:
        self.loads: list[list[str]] = []
        self.watchers = 0
        self.news: asyncio.Queue[str] = asyncio.Queue()


async def load_lines(context: Context[Room], ids: list[str]) -> "list[Line | None]":
    context.room.loads.append(ids)
    return [None if key == "unknown" else Line(id=strawberry.ID(key)) for key in ids]


@strawberry.federation.type(keys=["id"])
class Line:
    id: strawberry.ID

    @strawberry.field
    def again(self) -> "Line":
        return self

    @classmethod
    async def resolve_reference(
        cls, info: strawberry.Info[Context[Room], None], id: strawberry.ID
    ) -> "Line | None":
        return await info.context.loader(load_lines).load(id)


@strawberry.type
class Query:
    @strawberry.field
    def lines(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Line]:
        page_of(LINES, first=first, after=after, last=last, before=before)

        async def count() -> int:
            return 7

        line = Line(id=strawberry.ID("ln_1"))
        return connection_of(
            Slice(rows=[line], cursors=["c"], has_next=True, has_previous=False), count=count
        )

    @strawberry.field
    def who(self, info: strawberry.Info[Context[Room], None]) -> str:
        caller = info.context.caller
        return caller.login.subject if isinstance(caller, Member) else type(caller).__name__

    @strawberry.field
    def echo(self, at: datetime) -> datetime:
        return at

    @strawberry.field
    def broken(self) -> str:
        raise KeyError("+12125550142 is secret")

    @strawberry.field
    def unreachable(self) -> str | None:
        raise ConnectionRefusedError("tcp 10.0.0.1:5432")

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.sleep(5)
        return "late"

    @strawberry.field
    def open(self) -> str:
        return "to all"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def submit(self) -> str:
        await asyncio.sleep(0.2)
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def news(self, info: strawberry.Info[Context[Room], None]) -> AsyncIterator[str]:
        room = info.context.room
        room.watchers += 1
        try:
            while True:
                yield await room.news.get()
        finally:
            room.watchers -= 1

    @strawberry.subscription
    async def count_to(
        self, info: strawberry.Info[Context[Room], None], last: int
    ) -> AsyncIterator[Line]:
        for number in range(1, last + 1):
            line = await info.context.loader(load_lines).load(f"ln_{number % 2}")
            assert line is not None
            yield line

    @strawberry.subscription
    async def failing(self) -> AsyncIterator[str]:
        yield "first"
        raise KeyError("secret")


RIGHTS = {
    "lines": READERS,
    "who": ANYONE,
    "echo": READERS,
    "broken": READERS,
    "unreachable": READERS,
    "slow": READERS,
    "open": ANYONE,
    "submit": REQUESTERS,
    "news": READERS,
    "countTo": READERS,
    "failing": READERS,
}


def a_graph(*, shows_schema: bool = True, query_s: float = 5) -> Graph:
    return Graph(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        rights=RIGHTS,
        shows_schema=shows_schema,
        patience=Patience(query_s=query_s),
    )


def a_context(caller: Any, room: Room | None = None) -> Context[Room]:
    nothing: Any = None
    return Context(caller=caller, callers=nothing, database=nothing, room=room or Room())


def an_endpoint(
    issuer_key: IssuerKey,
    *,
    graph: Graph | None = None,
    room: Room | None = None,
    rows: Rows | None = None,
    gateway_secret: str | None = None,
) -> GraphEndpoint[Room]:
    nothing: Any = None
    return GraphEndpoint(
        graph or a_graph(),
        callers=resolver_of(issuer_key, rows),
        database=nothing,
        room=room or Room(),
        gateway_secret=gateway_secret,
    )
