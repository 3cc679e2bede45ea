"""Who may see which status change, and what a subscription asks for."""

from dataclasses import dataclass

from libs.common.caller import Caller, Member, Role
from libs.common.sight import Sight
from services.notifications.domain.status_changes import StatusChange, SubjectKind

PORTS = frozenset({SubjectKind.PORT_REQUEST, SubjectKind.PORT_OUT})
NUMBERS = frozenset({SubjectKind.TRACKING_NUMBER})
DESK_QUEUE = frozenset({SubjectKind.PORT_REQUEST, SubjectKind.DESK})


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is asked for; the right to see is another question. Absent means any.

    Of `statuses` a change is included that leads to one of them, or out of one: who shows what
    stands there also hears what does so no longer.
    """

    kinds: frozenset[SubjectKind]
    account_id: str | None = None
    company_id: str | None = None
    port_request_id: str | None = None
    subject: str | None = None
    statuses: frozenset[str] | None = None

    def includes(self, change: StatusChange, sight: Sight) -> bool:
        return (
            change.subject_kind in self.kinds
            and (self.account_id is None or self.account_id == change.account_id)
            and (self.company_id is None or self.company_id in change.company_ids)
            and (
                self.port_request_id is None
                or self.port_request_id == change.subject
                or (
                    _sees_every_request(sight)
                    and self.port_request_id == change.port_request_id
                )
            )
            and (self.subject is None or self.subject == change.subject)
            and (
                self.statuses is None
                or change.status in self.statuses
                or change.status_before in self.statuses
            )
        )


def _sees_every_request(sight: Sight) -> bool:
    """Nobody else learns from a filter which numbers came by a request (S48)."""
    return sight.company_ids is None and sight.requester_id is None


def may_see(sight: Sight, change: StatusChange) -> bool:
    return (
        change.subject_kind is not SubjectKind.ACCOUNT
        and (change.subject_kind is not SubjectKind.DESK or sight.account_id is None)
        and sight.has_account(change.account_id)
        and sight.has_any_company(change.company_ids)
        and (
            change.subject_kind is not SubjectKind.PORT_REQUEST
            or sight.has_requester(change.requester_id)
        )
    )


def loses(before: Caller, now: Caller) -> bool:
    """Whether a right was taken away: its streams end, and the client asks anew."""
    if not isinstance(before, Member):
        return False
    if not isinstance(now, Member):
        return True
    if now.role is Role.ADMINISTRATOR:
        return False
    return now.role is not before.role or not before.company_ids <= now.company_ids
