"""Notification preferences in the graph: a member's own, and a company's defaults."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from libs.common.caller import Member
from libs.common.database import Connection
from libs.common.graphql.callers import member_of
from libs.common.graphql.idempotency import remember
from libs.contracts.graph import user_errors
from libs.contracts.refusals import Refusal, Refused
from services.notifications.domain.preferences import HabitsWish
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.preference_types import (
    INPUT,
    CompanyNotificationDefaultsPayload,
    NotificationChoice,
    NotificationPreferences,
    NotificationPreferencesPayload,
    UpdateCompanyNotificationDefaultsInput,
    UpdateNotificationPreferencesInput,
    grid_of,
)
from services.notifications.store import preferences as store
from services.notifications.use_cases.preferences import (
    change_company_defaults,
    change_preferences,
)


@strawberry.type
class PreferenceQuery:
    @strawberry.field(description="Your own preferences in the account you are in.")
    async def notification_preferences(self, info: RoomInfo) -> NotificationPreferences | None:
        return await _read_preferences(info)

    @strawberry.field(description="A company's defaults; null where it is unknown.")
    async def company_notification_defaults(
        self,
        info: RoomInfo,
        company_id: Annotated[strawberry.ID, strawberry.argument(description="`co_…`.")],
    ) -> list[NotificationChoice] | None:
        return await _read_defaults(info, company_id)


@strawberry.type
class PreferenceMutation:
    @strawberry.mutation(
        description="Changes what you hear, how soon, and at which hours. What the law needs "
        "comes at once whatever you choose."
    )
    async def update_notification_preferences(
        self, info: RoomInfo, input: Annotated[UpdateNotificationPreferencesInput, INPUT]
    ) -> NotificationPreferencesPayload:
        quiet = input.quiet_hours
        wish = HabitsWish(
            locale=input.locale,
            time_zone=input.time_zone,
            quiet_hours=(quiet.begins, quiet.ends) if quiet else None,
            ends_quiet_hours=input.no_quiet_hours,
            digest_at=input.digest_at,
        )
        choices = [choice.wish for choice in input.choices]

        async def act(connection: Connection, caller: Member) -> None:
            await change_preferences(connection, caller, wish, choices, input.expected_version)

        try:
            await _run_once(info, "updateNotificationPreferences", input, act)
        except (Refusal, Refused) as refused:
            return NotificationPreferencesPayload(
                preferences=None, user_errors=user_errors(refused)
            )
        return NotificationPreferencesPayload(
            preferences=await _read_preferences(info), user_errors=[]
        )

    @strawberry.mutation(
        description="Changes what holds for a company's people who chose nothing themselves."
    )
    async def update_company_notification_defaults(
        self,
        info: RoomInfo,
        input: Annotated[UpdateCompanyNotificationDefaultsInput, INPUT],
    ) -> CompanyNotificationDefaultsPayload:
        choices = [choice.wish for choice in input.choices]

        async def act(connection: Connection, caller: Member) -> None:
            await change_company_defaults(connection, caller, input.company_id, choices)

        try:
            await _run_once(info, "updateCompanyNotificationDefaults", input, act)
        except (Refusal, Refused) as refused:
            return CompanyNotificationDefaultsPayload(
                defaults=None, user_errors=user_errors(refused)
            )
        return CompanyNotificationDefaultsPayload(
            defaults=await _read_defaults(info, input.company_id), user_errors=[]
        )


async def _run_once(
    info: RoomInfo,
    mutation: str,
    given: UpdateNotificationPreferencesInput | UpdateCompanyNotificationDefaultsInput,
    act: Callable[[Connection, Member], Awaitable[None]],
) -> None:
    caller = member_of(info)
    async with info.context.database.transaction(caller) as connection:

        async def act_once() -> dict[str, str]:
            await act(connection, caller)
            return {}

        await remember(
            connection,
            caller,
            mutation=mutation,
            key=given.idempotency_key,
            given=given,
            act=act_once,
        )


async def _read_preferences(info: RoomInfo) -> NotificationPreferences:
    caller = member_of(info)
    async with info.context.database.reading(caller) as connection:
        habits = await store.find_habits(connection, caller.member_id)
        choices = await store.find_choices(connection, caller.account_id, caller.member_id)
    return NotificationPreferences.of(habits, choices)


async def _read_defaults(info: RoomInfo, company_id: str) -> list[NotificationChoice] | None:
    caller = member_of(info)
    async with info.context.database.reading(caller) as connection:
        if not await store.has_company(connection, caller.account_id, company_id):
            return None
        return grid_of(await store.find_choices(connection, caller.account_id, company_id))
