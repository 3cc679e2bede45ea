"""Members of an account as they are changed: nobody loses the last administrator, or themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from libs.common.caller import Caller, Role
from libs.common.caller import Member as MemberCaller
from libs.contracts.refusals import Refusal
from services.numbers.domain.account_refusals import LastAdministrator, OwnRights
from services.numbers.domain.accounts import (
    Member,
    clean_text,
    faults_of_email,
    faults_of_login,
    faults_of_name,
)
from services.numbers.domain.refusals import CompanyUnknown


class MemberAction(StrEnum):
    CHANGE = "CHANGE"
    DEACTIVATE = "DEACTIVATE"
    REACTIVATE = "REACTIVATE"


@dataclass(frozen=True, kw_only=True)
class MemberWish:
    """A member of an account that is there already; `company_ids` are those they see."""

    name: str
    email: str
    role: Role
    company_ids: tuple[str, ...]
    login_issuer: str
    login_subject: str

    def find_faults(self, companies: Collection[str]) -> list[Refusal]:
        return [
            *faults_of_name(self.name, "name"),
            *faults_of_email(self.email, "email"),
            *faults_of_login(self.login_issuer, self.login_subject),
            *_faults_of_companies(self.company_ids, companies),
        ]


@dataclass(frozen=True, kw_only=True)
class MemberChange:
    """None leaves as it is."""

    name: str | None = None
    email: str | None = None
    role: Role | None = None
    company_ids: tuple[str, ...] | None = None
    active: bool | None = None

    def find_faults(self, companies: Collection[str]) -> list[Refusal]:
        """Each with its place in the input; `companies` are the account's."""
        return [
            *(faults_of_name(self.name, "name") if self.name is not None else ()),
            *(faults_of_email(self.email, "email") if self.email is not None else ()),
            *_faults_of_companies(self.company_ids or (), companies),
        ]

    def apply_to(self, member: Member) -> Member:
        role = member.role if self.role is None else self.role
        wanted = member.company_ids if self.company_ids is None else self.company_ids
        return replace(
            member,
            name=member.name if self.name is None else clean_text(self.name),
            email=member.email if self.email is None else self.email,
            role=role,
            company_ids=companies_of(role, wanted),
            active=member.active if self.active is None else self.active,
        )


def companies_of(role: Role, company_ids: Sequence[str]) -> tuple[str, ...]:
    """An administrator has every company: none is written down."""
    return () if role is Role.ADMINISTRATOR else tuple(dict.fromkeys(company_ids))


def faults_of_lost_rights(
    before: Member, after: Member, *, is_self: bool, has_other_administrator: bool
) -> list[Refusal]:
    """Where an active administrator would be one no more."""
    if not _is_in_charge(before) or _is_in_charge(after):
        return []
    field = "memberId" if not after.active else "role"
    faults: list[Refusal] = []
    if is_self:
        faults.append(OwnRights().at("input", field))
    if not has_other_administrator:
        faults.append(LastAdministrator().at("input", field))
    return faults


def member_actions_for(
    caller: Caller, member: Member, *, administrators: int
) -> tuple[MemberAction, ...]:
    """For administrators and support; `administrators` are the account's active ones."""
    if isinstance(caller, MemberCaller) and caller.account_is_disabled:
        return ()
    if not member.active:
        return (MemberAction.CHANGE, MemberAction.REACTIVATE)
    faults = faults_of_lost_rights(
        member,
        replace(member, active=False),
        is_self=isinstance(caller, MemberCaller) and caller.member_id == member.id,
        has_other_administrator=administrators > 1,
    )
    return (MemberAction.CHANGE,) if faults else (MemberAction.CHANGE, MemberAction.DEACTIVATE)


def _is_in_charge(member: Member) -> bool:
    return member.active and member.role is Role.ADMINISTRATOR


def _faults_of_companies(
    company_ids: Sequence[str], companies: Collection[str]
) -> list[Refusal]:
    return [
        CompanyUnknown().at("input", "companyIds", str(place))
        for place, company_id in enumerate(company_ids)
        if company_id not in companies
    ]
