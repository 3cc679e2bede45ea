"""The list of status changes."""

import asyncio

import pytest

from services.notifications.domain.status_changes import choose_told
from tests.notifications.accounts import Names, add_member
from tests.notifications.facts import approved, first_call, port_out_received, submitted

LIST = """
    query ($filter: StatusChangeFilter, $first: Int, $after: String, $last: Int, $before: String) {
      statusChanges(
        filter: $filter, first: $first, after: $after, last: $last, before: $before
      ) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { cursor subject version status } }
      }
    }
"""


async def read(service, token, **variables):
    answer = await service.ask(LIST, token, **variables)
    assert "errors" not in answer, answer
    return answer["data"]["statusChanges"]


def subjects(page) -> list[tuple[str, int]]:
    return [(edge["node"]["subject"], edge["node"]["version"]) for edge in page["edges"]]


async def fill(service, names: Names) -> str:
    token = await add_member(service, names)
    owner = {"account_id": names.account, "company_id": names.company}
    await service.publish(
        submitted(names.request, **names.owner),
        port_out_received(
            names.port_out, account_id=names.account, company_ids=[names.company]
        ),
        first_call(names.number, 3, **owner),
        approved(names.request, **names.owner),
    )
    async with asyncio.timeout(5):
        while (await read(service, token))["totalCount"] < 4:  # noqa: ASYNC110 - asked, not told
            await asyncio.sleep(0.05)
    return token


async def test_the_list_has_the_newest_last_and_goes_by_pages(service, names) -> None:
    token = await fill(service, names)

    everything = await read(service, token)
    first = await read(service, token, first=3)
    rest = await read(service, token, first=3, after=first["pageInfo"]["endCursor"])
    last = await read(service, token, last=2)

    assert subjects(everything) == [
        (names.request, 1),
        (names.port_out, 1),
        (names.number, 3),
        (names.request, 2),
    ]
    assert everything["totalCount"] == 4
    assert all(edge["cursor"] == edge["node"]["cursor"] for edge in everything["edges"])
    assert subjects(first) + subjects(rest) == subjects(everything)
    assert first["pageInfo"]["hasNextPage"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert subjects(last) == subjects(everything)[2:]


async def test_a_filter_narrows_the_list(service, names) -> None:
    token = await fill(service, names)

    requests = await read(service, token, filter={"subjects": ["PORT_REQUEST"]})
    one = await read(service, token, filter={"portRequestId": names.request})
    none = await read(service, token, filter={"subjects": []})
    by_company = await read(service, service.desk, filter={"companyId": names.company})

    assert subjects(requests) == subjects(one) == [(names.request, 1), (names.request, 2)]
    assert none["totalCount"] == 0
    assert by_company["totalCount"] == 4


@pytest.mark.parametrize("unknown", ["acc_unknown", "\0'", "", "%"])
async def test_a_foreign_filter_reads_as_an_unknown_one(service, names, unknown) -> None:
    await fill(service, names)
    strangers_token = await fill(service, Names())

    foreign = await read(service, strangers_token, filter={"accountId": names.account})
    missing = await read(service, strangers_token, filter={"accountId": unknown})

    assert foreign == missing
    assert foreign["totalCount"] == 0


@pytest.mark.parametrize(
    "page", [{"first": -1}, {"first": 101}, {"after": "nonsense"}, {"first": 1, "last": 1}]
)
async def test_a_bad_page_is_refused(service, page) -> None:
    answer = await service.ask(LIST, service.desk, **page)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_who_is_not_signed_in_reads_nothing(service) -> None:
    answer = await service.ask(LIST)

    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_one_change_of_many_numbers_is_told_once_with_its_last_batch():
    batches = [port_out_received("po_1", place, batch=place, of=3) for place in (1, 2, 3)]
    assert [change.sequence for change in choose_told(batches, {})] == [3]
