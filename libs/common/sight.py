"""What of the rows a caller may see at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from libs.common.caller import Caller, Member, Role, Support


@dataclass(frozen=True, kw_only=True)
class Sight:
    """None means no limit; `requester_id` is whose requests alone are seen (S48)."""

    account_id: str | None = None
    company_ids: Sequence[str] | None = None
    requester_id: str | None = None

    def has_account(self, account_id: str) -> bool:
        return self.account_id in {None, account_id}

    def has_any_company(self, company_ids: Iterable[str]) -> bool:
        return self.company_ids is None or any(
            each in self.company_ids for each in company_ids
        )

    def has_requester(self, requester_id: str | None) -> bool:
        return self.requester_id in {None, requester_id}


EVERYTHING = Sight()
# No account, company or member has an empty id.
NOTHING = Sight(account_id="", company_ids=(), requester_id="")


def sight_of(caller: Caller) -> Sight | None:
    """None for who sees nothing at all."""
    match caller:
        case Support():
            return EVERYTHING
        case Member():
            return Sight(
                account_id=caller.account_id,
                company_ids=None
                if caller.role is Role.ADMINISTRATOR
                else sorted(caller.company_ids),
                requester_id=caller.member_id if caller.role is Role.CLIENT_MANAGER else None,
            )
        case _:
            return None
