"""Preferences in the graph: read and changed by members, defaults by administrators."""

from functools import cache
from typing import Any

import pytest

from libs.common.caller import Caller, Role
from libs.common.database import Database
from libs.common.graphql.context import Context
from libs.common.graphql.schema import Graph
from services.notifications.schema.graph import build_graph
from tests.notifications.callers import SUPPORT, hear, member
from tests.notifications.facts import company_changed

READ = """
    { version locale timeZone quietHours { from until } digestAt
      choices { group channel delivery neededByLaw } }
"""
UPDATE = f"""
    mutation ($input: UpdateNotificationPreferencesInput!) {{
      done: updateNotificationPreferences(input: $input) {{
        preferences {READ} userErrors {{ code path }}
      }}
    }}
"""
DEFAULT = """
    mutation ($input: UpdateCompanyNotificationDefaultsInput!) {
      done: updateCompanyNotificationDefaults(input: $input) {
        defaults { group channel delivery } userErrors { code path }
      }
    }
"""
NO_MAILS = {"group": "REQUESTS", "channel": "MAIL", "delivery": "OFF"}


@cache
def _graph() -> Graph:
    return build_graph(shows_schema=True)


async def ask(database: Database, query: str, by: Caller | None = None, **given: Any) -> Any:
    context = Context(
        caller=by or member(),
        callers=None,  # type: ignore[arg-type]
        database=database,
        room=None,
    )
    result = await _graph().execute(query, {"input": given}, context_value=context)
    if result.errors:
        return result.errors[0].extensions["code"]
    return result.data["done"]


async def test_a_member_reads_and_changes_their_own_preferences(database):
    query = f"{{ done: notificationPreferences {READ} }}"
    before = await ask(database, query)
    assert (before["version"], before["locale"], before["quietHours"]) == (0, "ENGLISH", None)
    assert {
        "group": "SECURITY",
        "channel": "MAIL",
        "delivery": "AT_ONCE",
        "neededByLaw": True,
    } in before["choices"]

    done = await ask(
        database,
        UPDATE,
        locale="CANADIAN_FRENCH",
        timeZone="America/Toronto",
        quietHours={"from": "22:00", "until": "07:30"},
        digestAt="18:15",
        choices=[NO_MAILS],
        expectedVersion=0,
        idempotencyKey="k1",
    )

    assert done["userErrors"] == []
    assert await ask(database, query) == done["preferences"]
    assert done["preferences"] | {"choices": None} == {
        "version": 1,
        "locale": "CANADIAN_FRENCH",
        "timeZone": "America/Toronto",
        "quietHours": {"from": "22:00", "until": "07:30"},
        "digestAt": "18:15",
        "choices": None,
    }
    assert {**NO_MAILS, "neededByLaw": False} in done["preferences"]["choices"]


async def test_a_key_takes_effect_once(database):
    for _ in range(2):
        done = await ask(database, UPDATE, digestAt="09:00", idempotencyKey="k1")

    assert done["preferences"]["version"] == 1


async def test_what_the_law_needs_is_refused_by_its_place_in_the_input(database):
    off = {"group": "PORT_OUTS", "channel": "MAIL", "delivery": "OFF"}

    done = await ask(database, UPDATE, choices=[NO_MAILS, off])

    assert done == {
        "preferences": None,
        "userErrors": [
            {"code": "NEEDED_BY_LAW", "path": ["input", "choices", "1", "delivery"]}
        ],
    }


async def test_an_administrator_changes_a_companys_defaults(database):
    await hear(database, company_changed())

    done = await ask(database, DEFAULT, companyId="co_a", choices=[NO_MAILS])
    unknown = await ask(database, DEFAULT, companyId="co_z", choices=[NO_MAILS])

    assert NO_MAILS in done["defaults"]
    assert [error["path"] for error in unknown["userErrors"]] == [["input", "companyId"]]
    read = '{ done: companyNotificationDefaults(companyId: "%s") { delivery } }'
    assert {"delivery": "OFF"} in await ask(database, read % "co_a")
    assert await ask(database, read % "co_z") is None


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CLIENT_MANAGER, Role.VIEWER])
async def test_a_companys_defaults_are_administrators_to_change(database, role):
    answer = await ask(database, DEFAULT, member(role, "co_a"), companyId="co_a", choices=[])

    assert answer == "FORBIDDEN"


async def test_support_has_no_preferences(database):
    assert await ask(database, UPDATE, SUPPORT, digestAt="09:00") == "FORBIDDEN"
