"""Accounts of a test's own in a service that other tests share."""

import asyncio
from uuid import uuid4

from tests.notifications.facts import member_changed
from tests.notifications.processes import RunningService


class Names:
    """Ids that no other test uses."""

    def __init__(self) -> None:
        unique = uuid4().hex[:8]
        self.account = f"acc_{unique}"
        self.company = f"co_{unique}"
        self.member = f"mem_{unique}"
        self.request = f"pr_{unique}"
        self.port_out = f"po_{unique}"
        self.number = f"num_{unique}"

    @property
    def owner(self) -> dict[str, str]:
        return {
            "account_id": self.account,
            "company_id": self.company,
            "requester_id": self.member,
        }


async def add_member(service: RunningService, names: Names, **given: object) -> str:
    """Answers the token, once the service knows the member."""
    await service.publish(
        member_changed(names.account, sequence=1, **{"member_id": names.member, **given})
    )
    token = service.token(names.member)
    for _ in range(100):
        answer = await service.ask("{ statusChanges { totalCount } }", token)
        if "errors" not in answer:
            return token
        await asyncio.sleep(0.05)
    raise AssertionError(answer)
