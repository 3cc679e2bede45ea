"""What of the rows a caller may see at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.caller import Caller, Member, Role, Support


@dataclass(frozen=True, kw_only=True)
class Sight:
    """None means no limit."""

    account_id: str | None
    company_ids: Sequence[str] | None

    def has_account(self, account_id: str) -> bool:
        return self.account_id in {None, account_id}


# Machines and strangers: no account and no company has an empty id.
NOTHING = Sight(account_id="", company_ids=())
EVERYTHING = Sight(account_id=None, company_ids=None)


def sight_of(caller: Caller) -> Sight:
    match caller:
        case Support():
            return EVERYTHING
        case Member(role=Role.ADMINISTRATOR):
            return Sight(account_id=caller.account_id, company_ids=None)
        case Member():
            return Sight(account_id=caller.account_id, company_ids=sorted(caller.company_ids))
        case _:
            return NOTHING
