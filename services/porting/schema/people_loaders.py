"""One read for a whole list: support cases, their threads, and what else belongs to requests."""

from collections.abc import Sequence

from libs.common.caller import Caller, Member, Support
from libs.common.graphql.pages import load_pages
from libs.common.paging import Slice
from libs.common.sight import NOTHING, sight_of
from libs.contracts.refusals import Refusal
from services.porting.domain.countries import Country, country_of_area_codes
from services.porting.domain.lines import LineState
from services.porting.domain.requests import PortRequest
from services.porting.domain.support_cases import CaseMessage, CaseNote, SupportCase
from services.porting.schema.context import PortingContext
from services.porting.schema.loaders import PageKey
from services.porting.store import lines as line_store
from services.porting.store import support_cases as case_store
from services.porting.store.submission_grounds import find_grounds_of_many
from services.porting.store.support_cases import CaseFilters
from services.porting.use_cases.missing import list_missing


def filters_of(caller: Caller) -> CaseFilters:
    """The cases of one's companies, and one's own wherever they belong."""
    sight = sight_of(caller) or NOTHING
    return CaseFilters(
        account_id=sight.account_id,
        company_ids=sight.company_ids,
        requester_id=sight.requester_id,
        member_id=caller.member_id if isinstance(caller, Member) else None,
    )


async def load_cases(context: PortingContext, ids: list[str]) -> Sequence[SupportCase | None]:
    """None for what is unknown, or not the caller's."""
    seen = filters_of(context.caller)
    async with context.database.reading(context.caller) as connection:
        found = await case_store.find_cases(connection, ids, seen)
    return [found.get(case_id) for case_id in ids]


async def load_cases_of_requests(
    context: PortingContext, request_ids: list[str]
) -> Sequence[SupportCase | None]:
    """The case that was made with each request."""
    seen = filters_of(context.caller)
    async with context.database.reading(context.caller) as connection:
        found = await case_store.find_cases_of_requests(connection, request_ids, seen)
    return [found.get(request_id) for request_id in request_ids]


async def load_message_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[CaseMessage]]:
    """Of cases that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys, lambda ids, page: case_store.find_message_pages(connection, ids, page)
        )


async def load_note_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[CaseNote]]:
    """For the desk alone: the database refuses everybody else."""
    assert isinstance(context.caller, Support)
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys, lambda ids, page: case_store.find_note_pages(connection, ids, page)
        )


async def load_missing(
    context: PortingContext, requests: list[PortRequest]
) -> Sequence[list[Refusal]]:
    """Of requests that the caller has been shown. Nothing of one that is submitted."""
    sight = sight_of(context.caller)
    assert sight is not None
    drafts = [request for request in requests if request.is_draft]
    if not drafts:
        return [[] for _ in requests]
    async with context.database.reading(context.caller) as connection:
        grounds = await find_grounds_of_many(connection, drafts)
    return [
        list_missing(request, grounds[request.id], sight) if request.is_draft else []
        for request in requests
    ]


async def load_countries(
    context: PortingContext, request_ids: list[str]
) -> Sequence[Country | None]:
    """What the numbers of each request tell, where support has said nothing."""
    async with context.database.reading(context.caller) as connection:
        found = await line_store.find_area_codes(connection, request_ids)
    return [
        country_of_area_codes(found[request_id]) if request_id in found else None
        for request_id in request_ids
    ]


async def load_line_states(
    context: PortingContext, request_ids: list[str]
) -> Sequence[set[LineState]]:
    async with context.database.reading(context.caller) as connection:
        found = await line_store.find_states_of_many(connection, request_ids)
    return [found.get(request_id, set()) for request_id in request_ids]
