"""Who may see which status change, and what a subscription asks for."""

from dataclasses import dataclass

from libs.common.caller import Caller, Member, Role, Support
from services.notifications.domain.status_changes import StatusChange, SubjectKind

PORTS = frozenset({SubjectKind.PORT_REQUEST, SubjectKind.PORT_OUT})
NUMBERS = frozenset({SubjectKind.TRACKING_NUMBER})


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is asked for; the right to see is another question. Absent means any."""

    kinds: frozenset[SubjectKind]
    account_id: str | None = None
    company_id: str | None = None
    port_request_id: str | None = None

    def includes(self, change: StatusChange) -> bool:
        return (
            change.subject_kind in self.kinds
            and self.account_id in {None, change.account_id}
            and (self.company_id is None or self.company_id in change.company_ids)
            and self.port_request_id in {None, change.subject}
        )


def may_see(caller: Caller, change: StatusChange) -> bool:
    if change.subject_kind is SubjectKind.ACCOUNT:
        return False
    match caller:
        case Support():
            return True
        case Member(account_id=change.account_id):
            return _is_in_reach(caller, change)
        case _:
            return False


def _is_in_reach(member: Member, change: StatusChange) -> bool:
    if member.role is Role.ADMINISTRATOR:
        return True
    if member.company_ids.isdisjoint(change.company_ids):
        return False
    return change.subject_kind is not SubjectKind.PORT_REQUEST or requester_seen_by(
        member
    ) in {None, change.requester_id}


def companies_seen_by(caller: Caller) -> frozenset[str] | None:
    """None is every company."""
    if isinstance(caller, Member) and caller.role is not Role.ADMINISTRATOR:
        return caller.company_ids
    return None


def requester_seen_by(caller: Caller) -> str | None:
    """Whose port requests alone are seen; None is everybody's."""
    if isinstance(caller, Member) and caller.role is Role.CLIENT_MANAGER:
        return caller.member_id
    return None


def loses(before: Caller, now: Caller) -> bool:
    """Whether a right was taken away: its streams end, and the client asks anew."""
    if not isinstance(before, Member):
        return False
    if not isinstance(now, Member):
        return True
    if now.role is Role.ADMINISTRATOR:
        return False
    return now.role is not before.role or not before.company_ids <= now.company_ids
