"""An event that is the same for all who may see it is executed once for each question."""

from collections.abc import AsyncGenerator

import pytest
import strawberry

from libs.common.graphql.execution import SharedEvent
from libs.common.graphql.rights import ANYONE
from libs.common.graphql.schema import Graph
from tests.common.sample import a_context, a_member

executed: list[int] = []


@strawberry.type
class Tick(SharedEvent):
    number: int

    @strawberry.field
    def plus(self, more: int = 0) -> int:
        executed.append(more)
        return self.number + more

    @strawberry.field
    def fault(self) -> int | None:
        executed.append(0)
        raise ValueError


@strawberry.type
class Query:
    @strawberry.field
    def is_there(self) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: strawberry.Info, last: int = 2) -> AsyncGenerator[Tick, None]:
        for tick in info.context.room[:last]:
            yield tick


GRAPH = Graph(
    query=Query,
    subscription=Subscription,
    rights={"isThere": ANYONE, "ticks": ANYONE},
    shows_schema=True,
)


@pytest.fixture
def ticks():
    executed.clear()
    return [Tick(number=number) for number in range(2)]


async def hear(ticks, query, **variables):
    context = a_context(a_member())
    context.room = ticks
    return [result async for result in await GRAPH.stream(query, variables, context)]


async def test_who_asks_the_same_shares_one_execution_whichever_events_they_hear(ticks):
    query = "subscription ($last: Int!) { ticks(last: $last) { number plus } }"

    heard = [await hear(ticks, query, last=last) for last in (2, 1, 2)]

    assert executed == [0, 0]
    assert [len(each) for each in heard] == [2, 1, 2]
    assert heard[2][1].data == {"ticks": {"number": 1, "plus": 1}}
    assert heard[2][1].data.payload == '{"data":{"ticks":{"number":1,"plus":1}}}'


@pytest.mark.parametrize(
    "selection",
    [
        "{ ticks { plus(more: $more) } }",
        "{ ticks { ...Sum } } fragment Sum on Tick { plus(more: $more) }",
        "{ ... on Subscription { ticks { plus(more: $more) } } }",
    ],
)
async def test_who_asks_otherwise_has_an_answer_of_their_own(ticks, selection):
    for more in (5, 7, 5):
        heard = await hear(ticks, f"subscription ($more: Int!) {selection}", more=more)
        assert [result.data["ticks"]["plus"] for result in heard] == [more, 1 + more]

    assert executed == [5, 5, 7, 7]


async def test_a_fault_is_shared_with_nobody(ticks):
    for _ in range(2):
        heard = await hear(ticks, "subscription { ticks { fault } }")
        assert all(result.errors for result in heard)

    assert len(executed) == 4
