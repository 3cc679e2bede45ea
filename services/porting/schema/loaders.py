"""One read for a whole list: what belongs to many requests or accounts, as the caller sees it."""

from collections.abc import Sequence
from typing import TypeAlias

from libs.common.caller import Support
from libs.common.graphql.pages import load_pages
from libs.common.paging import Page, Slice
from libs.common.sight import Sight, sight_of
from services.porting.domain.carrier_orders import CarrierOrder
from services.porting.domain.documents import Document, DocumentKind
from services.porting.domain.faults import Fault
from services.porting.domain.history import HistoryEntry, PortOutHistoryEntry
from services.porting.domain.letters import Letter
from services.porting.domain.port_outs import PortOut, PortOutNumber
from services.porting.domain.requests import PortRequest
from services.porting.schema.context import PortingContext
from services.porting.store import carrier_orders as order_store
from services.porting.store import documents as document_store
from services.porting.store import estimates as estimate_store
from services.porting.store import faults as fault_store
from services.porting.store import history as history_store
from services.porting.store import letters as letter_store
from services.porting.store import lines as line_store
from services.porting.store import port_out_history as port_out_history_store
from services.porting.store import port_out_numbers as port_out_number_store
from services.porting.store import port_outs as port_out_store
from services.porting.store import requests as request_store
from services.porting.store.estimates import EstimateGround
from services.porting.store.lines import Line

# The page that is asked of the list of the request or account with this id.
PageKey: TypeAlias = tuple[str, Page]
Kinds: TypeAlias = frozenset[DocumentKind]
# The page of a request's documents of these kinds, or of all.
DocumentsKey: TypeAlias = tuple[str, Kinds | None, Page]


async def load_requests(
    context: PortingContext, ids: list[str]
) -> Sequence[PortRequest | None]:
    """None for what is unknown, or not the caller's."""
    sight = sight_of(context.caller)
    if sight is None:
        return [None] * len(ids)
    async with context.database.reading(context.caller) as connection:
        found = await request_store.find_requests(
            connection, ids, sight.account_id, sight.company_ids, sight.requester_id
        )
    return [found.get(request_id) for request_id in ids]


async def load_line_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[Line]]:
    company_ids = _sight(context).company_ids
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: line_store.find_line_pages(connection, ids, company_ids, page),
        )


async def load_line_counts(context: PortingContext, ids: list[str]) -> Sequence[int]:
    sight = _sight(context)
    async with context.database.reading(context.caller) as connection:
        found = await line_store.count_lines_of_many(connection, ids, sight.company_ids)
    return [found[request_id] for request_id in ids]


async def load_carrier_orders(
    context: PortingContext, ids: list[str]
) -> Sequence[list[CarrierOrder]]:
    """Of requests that the caller has been shown."""
    company_ids = _sight(context).company_ids
    async with context.database.reading(context.caller) as connection:
        found = await order_store.find_carrier_orders(connection, ids, company_ids)
    return [found.get(request_id, []) for request_id in ids]


async def load_order_line_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[Line]]:
    """The lines of each carrier order."""
    company_ids = _sight(context).company_ids
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: order_store.find_order_line_pages(
                connection, ids, company_ids, page
            ),
        )


async def load_estimate_grounds(
    context: PortingContext, ids: list[str]
) -> Sequence[EstimateGround | None]:
    """Of requests that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        found = await estimate_store.find_estimate_grounds(connection, ids)
    return [found.get(request_id) for request_id in ids]


async def load_letters(context: PortingContext, ids: list[str]) -> Sequence[Letter | None]:
    """Of requests that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        found = await letter_store.find_letters(connection, ids)
    return [found.get(request_id) for request_id in ids]


async def load_document_pages(
    context: PortingContext, keys: list[DocumentsKey]
) -> Sequence[Slice[Document]]:
    """Of requests that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, kinds, page: document_store.find_document_pages(
                connection, ids, kinds, page
            ),
        )


async def load_newest_documents(
    context: PortingContext, keys: list[tuple[str, Kinds]]
) -> Sequence[Document | None]:
    """The newest of these kinds, of requests that the caller has been shown."""
    found: dict[tuple[str, Kinds], Document] = {}
    async with context.database.reading(context.caller) as connection:
        for kinds in dict.fromkeys(kinds for _, kinds in keys):
            ids = [request_id for request_id, asked in keys if asked == kinds]
            newest = await document_store.find_newest_documents(connection, ids, kinds)
            found |= {(request_id, kinds): each for request_id, each in newest.items()}
    return [found.get(key) for key in keys]


async def load_faults_of_lines(
    context: PortingContext, ids: list[str]
) -> Sequence[list[Fault]]:
    """Of lines that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        found = await fault_store.find_faults_of_lines(connection, ids)
    return [found.get(line_id, []) for line_id in ids]


async def load_faults_of_requests(
    context: PortingContext, ids: list[str]
) -> Sequence[list[Fault]]:
    """Of requests that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        found = await fault_store.find_faults_of_requests(connection, ids)
    return [found.get(request_id, []) for request_id in ids]


async def load_history_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[HistoryEntry]]:
    """Of requests that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: history_store.find_history_pages(
                connection, ids, page, with_internal=isinstance(context.caller, Support)
            ),
        )


async def load_history_counts(context: PortingContext, ids: list[str]) -> Sequence[int]:
    async with context.database.reading(context.caller) as connection:
        found = await history_store.count_entries(
            connection, ids, with_internal=isinstance(context.caller, Support)
        )
    return [found.get(request_id, 0) for request_id in ids]


async def load_request_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[PortRequest]]:
    """The requests of each account."""
    sight = _sight(context)
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: request_store.find_request_pages(
                connection, _seen(sight, ids), sight.company_ids, sight.requester_id, page
            ),
        )


async def load_port_outs(context: PortingContext, ids: list[str]) -> Sequence[PortOut | None]:
    """None for what is unknown, or not the caller's."""
    sight = sight_of(context.caller)
    if sight is None:
        return [None] * len(ids)
    async with context.database.reading(context.caller) as connection:
        found = await port_out_store.find_port_outs(
            connection, ids, sight.account_id, sight.company_ids
        )
    return [found.get(port_out_id) for port_out_id in ids]


async def load_number_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[PortOutNumber]]:
    """The numbers of each port-out."""
    company_ids = _sight(context).company_ids
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: port_out_number_store.find_number_pages(
                connection, ids, company_ids, page
            ),
        )


async def load_port_out_history_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[PortOutHistoryEntry]]:
    """Of port-outs that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: port_out_history_store.find_history_pages(connection, ids, page),
        )


async def load_request_counts(context: PortingContext, ids: list[str]) -> Sequence[int]:
    sight = _sight(context)
    async with context.database.reading(context.caller) as connection:
        found = await request_store.count_requests_of_accounts(
            connection, _seen(sight, ids), sight.company_ids, sight.requester_id
        )
    return [found.get(account_id, 0) for account_id in ids]


def _seen(sight: Sight, account_ids: Sequence[str]) -> list[str]:
    return [each for each in account_ids if sight.account_id in {None, each}]


def _sight(context: PortingContext) -> Sight:
    """Below a field that only readers may ask for."""
    sight = sight_of(context.caller)
    assert sight is not None
    return sight
