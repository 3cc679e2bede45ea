"""Changing preferences: a member their own, an administrator a company's defaults."""

import logging
from collections.abc import Sequence

from libs.common.caller import Member
from libs.common.database import Connection, after_commit
from libs.contracts.refusals import refuse_all
from services.notifications.domain.preference_refusals import (
    PreferencesChanged,
    UnknownCompany,
    UnknownTimeZone,
)
from services.notifications.domain.preferences import (
    ChoiceWish,
    HabitsWish,
    change_habits,
    refuse_choices,
)
from services.notifications.store import preferences as store

log = logging.getLogger(__name__)


async def change_preferences(
    connection: Connection,
    caller: Member,
    wish: HabitsWish,
    choices: Sequence[ChoiceWish],
    expected_version: int | None,
) -> None:
    habits = await store.find_habits(connection, caller.member_id)
    conflict = PreferencesChanged().at("input", "expectedVersion")
    if expected_version not in {None, habits.version}:
        raise conflict
    changed, faults = change_habits(habits, wish)
    zone = changed.time_zone
    # One that the teller's statement could not read would keep news from the whole account.
    if (
        not faults
        and zone != habits.time_zone
        and not await store.knows_time_zone(connection, zone)
    ):
        faults = [UnknownTimeZone().at("input", "timeZone")]
    refuse_all([*faults, *refuse_choices(choices)])
    if not await store.save_habits(connection, caller.account_id, caller.member_id, changed):
        raise conflict
    await store.save_choices(connection, caller.account_id, caller.member_id, choices)
    _log("preferences.changed", caller.member_id)


async def change_company_defaults(
    connection: Connection, caller: Member, company_id: str, choices: Sequence[ChoiceWish]
) -> None:
    """They hold for whoever has chosen nothing themselves."""
    if not await store.has_company(connection, caller.account_id, company_id):
        raise UnknownCompany().at("input", "companyId")
    refuse_all(refuse_choices(choices))
    await store.save_choices(connection, caller.account_id, company_id, choices)
    _log("company_defaults.changed", company_id)


def _log(action: str, owner_id: str) -> None:
    after_commit(
        lambda: log.info("preferences changed", extra={"action": action, "owner_id": owner_id})
    )
