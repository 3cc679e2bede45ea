"""What can be done with support cases."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, EXPECTED, INPUT, KEY
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused
from services.porting.schema.commands import customer_or_support_of, run_once, support_of
from services.porting.schema.context import PortingInfo
from services.porting.schema.people_loaders import load_cases
from services.porting.schema.support_cases import SupportCase
from services.porting.use_cases import support_cases
from services.porting.use_cases.access import expect_case_version


@strawberry.input(description="A new support case, with its first message.")
class OpenSupportCaseInput:
    subject: str = strawberry.field(description="What it is about, at most 200 characters.")
    message: str = strawberry.field(description="At most 10,000 characters.")
    numbers: list[PhoneNumber] = strawberry.field(
        default_factory=list, description="The numbers it is about, of any country."
    )
    port_request_id: strawberry.ID | None = strawberry.field(
        default=None, description="The port request it is about."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="The company it is about, where there is no request yet."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Support: the account it is opened for."
    )
    requests_cancellation: bool = strawberry.field(
        default=False, description="Asks to cancel the port request."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input
class OnSupportCase:
    """What every command about one support case begins with."""

    support_case_id: strawberry.ID = strawberry.field(description="The case's id.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A message of a support case.")
class PostMessageInput(OnSupportCase):
    message: str = strawberry.field(description="At most 10,000 characters.")
    requests_cancellation: bool = strawberry.field(
        default=False, description="Asks to cancel the port request that the case is about."
    )


@strawberry.input(description="A note from the desk to the desk.")
class PostInternalNoteInput(OnSupportCase):
    note: str = strawberry.field(description="At most 10,000 characters.")


@strawberry.input(description="A support case that is acted on.")
class SupportCaseInput(OnSupportCase):
    pass


@strawberry.type(description="What became of a command about a support case.")
class SupportCasePayload:
    support_case: SupportCase | None = strawberry.field(
        description="The case after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class CaseMutation:
    @strawberry.mutation(description="Opens a case with our support team.")
    async def open_support_case(
        self, info: PortingInfo, input: Annotated[OpenSupportCaseInput, INPUT]
    ) -> SupportCasePayload:
        caller = customer_or_support_of(info)
        return await _change_case(
            info,
            "openSupportCase",
            input,
            lambda connection: support_cases.open_case(
                connection,
                caller,
                account_id=input.account_id,
                company_id=input.company_id,
                port_request_id=input.port_request_id,
                subject=input.subject,
                body=input.message,
                numbers=input.numbers,
                requests_cancellation=input.requests_cancellation,
            ),
        )

    @strawberry.mutation(description="Writes to the other side; opens a closed case again.")
    async def post_message(
        self, info: PortingInfo, input: Annotated[PostMessageInput, INPUT]
    ) -> SupportCasePayload:
        caller = customer_or_support_of(info)
        return await _change_case(
            info,
            "postMessage",
            input,
            lambda connection: support_cases.post_message(
                connection,
                caller,
                input.support_case_id,
                input.message,
                requests_cancellation=input.requests_cancellation,
            ),
        )

    @strawberry.mutation(description="Support: writes what only the desk will read.")
    async def post_internal_note(
        self, info: PortingInfo, input: Annotated[PostInternalNoteInput, INPUT]
    ) -> SupportCasePayload:
        return await _change_case(
            info,
            "postInternalNote",
            input,
            lambda connection: support_cases.post_internal_note(
                connection, support_of(info), input.support_case_id, input.note
            ),
        )

    @strawberry.mutation(description="Support: the case is settled.")
    async def close_support_case(
        self, info: PortingInfo, input: Annotated[SupportCaseInput, INPUT]
    ) -> SupportCasePayload:
        return await _change_case(
            info,
            "closeSupportCase",
            input,
            lambda connection: support_cases.close_case(
                connection, support_of(info), input.support_case_id
            ),
        )


async def _change_case(
    info: PortingInfo,
    mutation: str,
    given: object,
    act: Callable[[Connection], Awaitable[str]],
) -> SupportCasePayload:
    """`act` answers the case's id."""

    async def act_on_expected_version(connection: Connection) -> str:
        if isinstance(given, OnSupportCase):
            await expect_case_version(
                connection, info.context.caller, given.support_case_id, given.expected_version
            )
        return await act(connection)

    try:
        case_id = await run_once(info, mutation, given, act_on_expected_version)
    except (Refusal, Refused) as refused:
        return SupportCasePayload(support_case=None, user_errors=user_errors(refused))
    [case] = await load_cases(info.context, [case_id])
    return SupportCasePayload(
        support_case=SupportCase.of(case) if case else None, user_errors=[]
    )
