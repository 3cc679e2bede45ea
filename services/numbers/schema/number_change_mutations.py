"""Changes of numbers in the graph: one, or many at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import strawberry

from libs.common.database import Connection
from libs.common.graphql.idempotency import remember_id
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import INPUT, KEY
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused
from services.numbers.domain import tracking_numbers
from services.numbers.domain.number_changes import MOST_NUMBERS, NumberChanges
from services.numbers.domain.tracking_numbers import NumberTab
from services.numbers.schema.arguments import TrackingNumberFilter, bad_user_input, read_filter
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.types import TrackingNumber
from services.numbers.store.tracking_numbers import find_numbers
from services.numbers.use_cases.account_access import name_of
from services.numbers.use_cases.number_changes import (
    Actor,
    Choice,
    change_number,
    change_numbers,
    disable_numbers,
)

_TRIAL = "True: nothing is changed, and you are told what would be, or everything refused."
_ERRORS = "Every fault of every number at once; empty where it took effect."


@strawberry.input(description="What of a number is to be changed; what is absent stays.")
class ChangesInput:
    forwarding_number: PhoneNumber | None = strawberry.field(
        default=None,
        description="Where it rings; no number that is, or comes, into inventory.",
    )
    name: str | None = strawberry.field(
        default=None, description="Its name, at most 200 characters."
    )
    source: str | None = strawberry.field(
        default=None, description="What its calls are counted for, at most 200 characters."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="The company that has it, of the same account."
    )

    @property
    def changes(self) -> NumberChanges:
        return NumberChanges(
            forwarding_number=self.forwarding_number,
            name=self.name,
            source=self.source,
            company_id=self.company_id,
        )


@strawberry.input(description="A number, and what of it is to be changed.")
class UpdateTrackingNumberInput(ChangesInput):
    tracking_number_id: strawberry.ID = strawberry.field(description="`num_…`.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse where the number has another version by now."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="The changed number, or why it is not changed.")
class UpdateTrackingNumberPayload:
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The number after it."
    )
    user_errors: Sequence[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Numbers of the inventory, as its list finds them.")
class InventoryInput(TrackingNumberFilter):
    tab: NumberTab | None = strawberry.field(default=None, description="Of this tab only.")
    source: str | None = strawberry.field(
        default=None, description="With exactly this source."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this account; yours where nothing is said."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this company only."
    )
    search: str | None = strawberry.field(
        default=None, description="As in the list: digits of the number, or words of its name."
    )


@strawberry.input(
    description=f"Which numbers: their ids or a filter, at most {MOST_NUMBERS:,}."
)
class NumbersInput:
    tracking_number_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="These."
    )
    filter: InventoryInput | None = strawberry.field(
        default=None, description="Those that it finds."
    )
    dry_run: bool = strawberry.field(default=False, description=_TRIAL)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    @property
    def choice(self) -> Choice:
        """Raises `BadUserInput`."""
        if self.filter is None:
            return Choice(number_ids=self.tracking_number_ids)
        found = read_filter(
            tab=self.filter.tab,
            source=self.filter.source,
            account_id=self.filter.account_id,
            company_id=self.filter.company_id,
            filter=self.filter,
            search=self.filter.search,
        )
        return Choice(number_ids=self.tracking_number_ids, filter=found)


@strawberry.input(description="Numbers, and what of all of them is to be changed.")
class UpdateTrackingNumbersInput(NumbersInput):
    changes: ChangesInput = strawberry.field(description="The same for each of them.")


@strawberry.input(description="Numbers that are to be disabled.")
class DisableTrackingNumbersInput(NumbersInput):
    pass


@strawberry.type(description="The numbers after it; all were changed, or none.")
class TrackingNumbersPayload:
    tracking_numbers: Sequence[TrackingNumber] = strawberry.field(
        description="As they are, or after a dry run as they would be; empty where refused."
    )
    user_errors: Sequence[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type
class NumberChangeMutation:
    @strawberry.mutation(
        description="Changes a number's forwarding number, name, source or company."
    )
    async def update_tracking_number(
        self, info: NumbersInfo, input: Annotated[UpdateTrackingNumberInput, INPUT]
    ) -> UpdateTrackingNumberPayload:
        async def act(connection: Connection) -> list[tracking_numbers.TrackingNumber]:
            number = await change_number(
                connection,
                _actor(info),
                input.tracking_number_id,
                input.changes,
                expected_version=input.expected_version,
                rules=info.context.room.change_rules,
            )
            return [number]

        try:
            numbers = await _run_once(info, "updateTrackingNumber", input, act)
        except (Refusal, Refused) as refused:
            return UpdateTrackingNumberPayload(
                tracking_number=None, user_errors=user_errors(refused)
            )
        return UpdateTrackingNumberPayload(
            tracking_number=numbers[0] if numbers else None, user_errors=[]
        )

    @strawberry.mutation(
        description="Changes many numbers in the same way; all of them or none."
    )
    async def update_tracking_numbers(
        self, info: NumbersInfo, input: Annotated[UpdateTrackingNumbersInput, INPUT]
    ) -> TrackingNumbersPayload:
        return await _change_all(
            info,
            "updateTrackingNumbers",
            input,
            lambda connection: change_numbers(
                connection,
                _actor(info),
                input.choice,
                input.changes.changes,
                rules=info.context.room.change_rules,
                is_trial=input.dry_run,
            ),
        )

    @strawberry.mutation(
        description="Disables many numbers: no charges and no calls; all of them or none."
    )
    async def disable_tracking_numbers(
        self, info: NumbersInfo, input: Annotated[DisableTrackingNumbersInput, INPUT]
    ) -> TrackingNumbersPayload:
        return await _change_all(
            info,
            "disableTrackingNumbers",
            input,
            lambda connection: disable_numbers(
                connection, _actor(info), input.choice, is_trial=input.dry_run
            ),
        )


Act = Callable[[Connection], Awaitable[list[tracking_numbers.TrackingNumber]]]


async def _change_all(
    info: NumbersInfo, mutation: str, given: NumbersInput, act: Act
) -> TrackingNumbersPayload:
    try:
        with bad_user_input():
            if given.dry_run:
                async with info.context.database.transaction(
                    info.context.caller
                ) as connection:
                    would_be = [TrackingNumber.of(number) for number in await act(connection)]
                return TrackingNumbersPayload(tracking_numbers=would_be, user_errors=[])
            numbers = await _run_once(info, mutation, given, act)
    except (Refusal, Refused) as refused:
        return TrackingNumbersPayload(tracking_numbers=[], user_errors=user_errors(refused))
    return TrackingNumbersPayload(tracking_numbers=numbers, user_errors=[])


async def _run_once(
    info: NumbersInfo, mutation: str, given: Any, act: Act
) -> list[TrackingNumber]:
    """`given` is the input, with its `idempotency_key` if any."""
    caller = info.context.caller
    async with info.context.database.transaction(caller) as connection:

        async def act_for_ids() -> list[str]:
            return [number.id for number in await act(connection)]

        ids = await remember_id(
            connection, caller, mutation=mutation, given=given, act=act_for_ids
        )
        found = await find_numbers(connection, ids, info.context.sight)
    return [TrackingNumber.of(found[each]) for each in ids if each in found]


def _actor(info: NumbersInfo) -> Actor:
    return Actor(name=name_of(info.context.caller), sight=info.context.sight)
