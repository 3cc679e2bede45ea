"""Members in the graph: added, changed, deactivated and reactivated by administrators and support."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from libs.common.caller import Role
from libs.common.database import Connection
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT
from libs.contracts.refusals import Refusal, Refused
from services.numbers.domain.members import MemberChange, MemberWish
from services.numbers.schema.account_commands import OnAccount, run_once
from services.numbers.schema.accounts import Member
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.loaders import load_members
from services.numbers.use_cases.account_access import By
from services.numbers.use_cases.members import add_member, change_member

_MEMBER_ID = "`mem_…`."


@strawberry.type(description="What became of a command about a member.")
class MemberPayload:
    member: Member | None = strawberry.field(
        description="The member after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.input(description="A person who becomes a member of an account.")
class AddMemberInput(OnAccount):
    account_id: strawberry.ID = strawberry.field(description="`acc_…`.")
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="Where we write to.")
    role: Role = strawberry.field(description="What they may do.")
    company_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="The companies that they see; an administrator sees all.",
    )
    login_issuer: str = strawberry.field(description="The `iss` of their tokens.")
    login_subject: str = strawberry.field(
        description="The `sub` of their tokens; one login is one member of an account."
    )


@strawberry.input(description="What is different about a member; null stays as it is.")
class ChangeMemberInput(OnAccount):
    member_id: strawberry.ID = strawberry.field(description=_MEMBER_ID)
    name: str | None = strawberry.field(default=None, description="The person's name.")
    email: str | None = strawberry.field(default=None, description="Where we write to.")
    role: Role | None = strawberry.field(
        default=None,
        description="What they may do; your own you cannot give up, nor the last "
        "administrator theirs.",
    )
    company_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The companies that they see; an administrator sees all."
    )


@strawberry.input(description="Which member to deactivate.")
class DeactivateMemberInput(OnAccount):
    member_id: strawberry.ID = strawberry.field(description=_MEMBER_ID)


@strawberry.input(description="Which member to reactivate.")
class ReactivateMemberInput(OnAccount):
    member_id: strawberry.ID = strawberry.field(description=_MEMBER_ID)


@strawberry.type
class MemberMutation:
    @strawberry.mutation(description="Makes a login a member of an account.")
    async def add_member(
        self, info: NumbersInfo, input: Annotated[AddMemberInput, INPUT]
    ) -> MemberPayload:
        wish = MemberWish(
            name=input.name,
            email=input.email,
            role=input.role,
            company_ids=tuple(input.company_ids),
            login_issuer=input.login_issuer,
            login_subject=input.login_subject,
        )

        async def act(connection: Connection, by: By) -> str:
            return (await add_member(connection, input.account_id, wish, by=by)).id

        return await _run(info, "addMember", input, act)

    @strawberry.mutation(
        description="Changes a member's name, address, role or companies; it holds with their "
        "next request, and ends subscriptions that they may not have any more."
    )
    async def change_member(
        self, info: NumbersInfo, input: Annotated[ChangeMemberInput, INPUT]
    ) -> MemberPayload:
        change = MemberChange(
            name=input.name,
            email=input.email,
            role=input.role,
            company_ids=None if input.company_ids is None else tuple(input.company_ids),
        )
        return await _change(info, "changeMember", input, input.member_id, change)

    @strawberry.mutation(
        description="Ends a member's rights at once; what they did stays theirs. Not your own, "
        "and not the last administrator's."
    )
    async def deactivate_member(
        self, info: NumbersInfo, input: Annotated[DeactivateMemberInput, INPUT]
    ) -> MemberPayload:
        change = MemberChange(active=False)
        return await _change(info, "deactivateMember", input, input.member_id, change)

    @strawberry.mutation(description="Gives a member back the rights that they had.")
    async def reactivate_member(
        self, info: NumbersInfo, input: Annotated[ReactivateMemberInput, INPUT]
    ) -> MemberPayload:
        change = MemberChange(active=True)
        return await _change(info, "reactivateMember", input, input.member_id, change)


async def _change(
    info: NumbersInfo, mutation: str, given: OnAccount, member_id: str, change: MemberChange
) -> MemberPayload:
    async def act(connection: Connection, by: By) -> str:
        return (await change_member(connection, member_id, change, by=by)).id

    return await _run(info, mutation, given, act)


async def _run(
    info: NumbersInfo,
    mutation: str,
    given: OnAccount,
    act: Callable[[Connection, By], Awaitable[str]],
) -> MemberPayload:
    try:
        member_id = await run_once(info, mutation, given, act)
    except (Refusal, Refused) as refused:
        return MemberPayload(member=None, user_errors=user_errors(refused))
    [member] = await load_members(info.context, [member_id])
    return MemberPayload(member=Member.of(member) if member else None, user_errors=[])
