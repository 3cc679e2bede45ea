"""What can be asked about support cases, and what everybody is told before they port."""

from dataclasses import replace
from typing import Annotated, TypeAlias

import strawberry

from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from services.porting.domain.support_cases import CaseState
from services.porting.domain.warnings import WARNINGS
from services.porting.schema.context import PortingInfo
from services.porting.schema.hidden_lines import before_cases
from services.porting.schema.people_loaders import filters_of, load_cases
from services.porting.schema.port_warnings import PortingWarning
from services.porting.schema.support_cases import SupportCase
from services.porting.store import support_cases as case_store

CaseId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="`case_…`.")]


@strawberry.input(description="Which support cases are wanted.")
class SupportCaseFilter:
    state: CaseState | None = strawberry.field(default=None, description="In this state.")
    port_request_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this port request."
    )


@strawberry.type
class CaseQuery:
    @strawberry.field(description="One support case; null where unknown or not yours.")
    async def support_case(self, info: PortingInfo, id: CaseId) -> SupportCase | None:
        case = await info.context.loader(load_cases).load(id)
        return SupportCase.of(case) if case else None

    @strawberry.field(description="The support cases that you may see, newest first.")
    async def support_cases(
        self,
        info: PortingInfo,
        filter: Annotated[
            SupportCaseFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SupportCase] | None:
        page = page_of(
            case_store.SUPPORT_CASES, first=first, after=after, last=last, before=before
        )
        wanted = filter or SupportCaseFilter()
        filters = replace(
            filters_of(info.context.caller),
            state=wanted.state,
            port_request_id=wanted.port_request_id,
        )
        async with info.context.database.reading(info.context.caller) as connection:
            found = await case_store.find_case_page(connection, filters, page)
            curtain = await before_cases(connection, info.context.caller, found.rows)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await case_store.count_cases(connection, filters)

        shown = found.map(curtain.show_case)
        return connection_of(shown.map(SupportCase.of), count)

    @strawberry.field(description="What everybody is told before they port numbers.")
    def porting_warnings(self) -> list[PortingWarning] | None:
        return [PortingWarning.of(warning) for warning in WARNINGS]
