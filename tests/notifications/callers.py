"""Who asks in tests, and the shortest way to let the service learn of events."""

from datetime import UTC, datetime, timedelta

from libs.common.caller import Login, Member, Role, Support
from libs.common.database import Database
from libs.common.dev_issuer import DEVELOPMENT_ISSUER
from libs.common.events import Event
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.domain.visibility import NUMBERS, PORTS, Watch
from services.notifications.use_cases.status_log import learn

EVERYTHING = Watch(kinds=PORTS | NUMBERS)


def _login(subject: str) -> Login:
    return Login(
        issuer=DEVELOPMENT_ISSUER,
        subject=subject,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


SUPPORT = Support(login=_login("desk"))


def member(
    role: Role = Role.ADMINISTRATOR,
    *companies: str,
    account: str = "acc_a",
    id: str = "mem_a",
) -> Member:
    return Member(
        login=_login(id),
        account_id=account,
        member_id=id,
        role=role,
        company_ids=frozenset(companies),
    )


async def hear(database: Database, *events: Event) -> list[LoggedChange]:
    async with database.working() as connection:
        return await learn(connection, events)
