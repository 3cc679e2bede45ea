"""Who changes an account or a part of it, and how each change becomes its next version."""

import logging
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from libs.common import outbox
from libs.common.caller import Caller, Member, Support
from libs.common.database import Connection, after_commit
from libs.common.sight import Sight, sight_of
from libs.contracts.number_events import (
    AccountFact,
    AccountState,
    CompanyChanged,
    MemberChanged,
)
from services.numbers.domain import accounts
from services.numbers.domain.account_refusals import (
    AccountNotFound,
    CompanyNotFound,
    MemberNotFound,
)
from services.numbers.domain.accounts import Account, Company
from services.numbers.domain.refusals import NumbersRefusal, VersionConflict
from services.numbers.store import account_changes as store

log = logging.getLogger(__name__)

_SUPPORT: Final = "support"

Said = TypeVar("Said", bound=AccountState)


@dataclass(frozen=True, kw_only=True)
class By:
    """Who acts, and which version of the account they looked at."""

    caller: Member | Support
    expected_version: int | None = None

    @property
    def name(self) -> str:
        return name_of(self.caller)

    @property
    def sight(self) -> Sight:
        sight = sight_of(self.caller)
        assert sight is not None
        return sight


def name_of(caller: Caller) -> str:
    """A member's id, or "support": which person of support, a customer is not told."""
    return caller.member_id if isinstance(caller, Member) else _SUPPORT


async def lock_account(connection: Connection, account_id: str, by: By) -> Account:
    account = await store.lock_account(connection, account_id, by.sight)
    return await _allow(connection, account, by, AccountNotFound().at("input", "accountId"))


async def lock_account_of_company(connection: Connection, company_id: str, by: By) -> Account:
    account = await store.lock_account_of_company(connection, company_id, by.sight)
    return await _allow(connection, account, by, CompanyNotFound().at("input", "companyId"))


async def lock_account_of_member(connection: Connection, member_id: str, by: By) -> Account:
    account = await store.lock_account_of_member(connection, member_id, by.sight)
    return await _allow(connection, account, by, MemberNotFound().at("input", "memberId"))


async def _allow(
    connection: Connection, account: Account | None, by: By, unknown: NumbersRefusal
) -> Account:
    """Whose rights ended while they waited for the row finds what a stranger finds."""
    if account is None:
        raise unknown
    if isinstance(by.caller, Member) and (
        account.is_disabled
        or not await store.is_administrator(connection, by.caller.member_id)
    ):
        raise unknown
    if by.expected_version not in {None, account.version}:
        raise VersionConflict().at("input", "expectedVersion")
    return account


async def record_change(
    connection: Connection, account: Account, fact: AccountFact
) -> Account:
    """The account at its next version; to be called while its row is locked."""
    version = await outbox.record(connection, account.id, account.version, fact)

    def write_log() -> None:
        log.info(
            "account changed",
            extra={
                "action": fact.type.rpartition(".v")[0],
                "account_id": account.id,
                "version": version,
            },
        )

    after_commit(write_log)
    return replace(account, version=version)


async def record_part(connection: Connection, account: Account, fact: AccountFact) -> None:
    """The same where only a company or a member changed."""
    after = await record_change(connection, account, fact)
    await store.save_version(connection, account.id, after.version)


def about(fact: type[Said], account: Account, **said: Any) -> Said:
    """The fact with the account's public state after it."""
    standing = account.standing
    return fact(
        name=account.name,
        card_on_file=standing.card_on_file,
        balance_current=standing.balance_current,
        in_good_standing=standing.in_good_standing,
        in_trial=standing.in_trial,
        disabled=account.is_disabled,
        **said,
    )


def about_company(company: Company) -> CompanyChanged:
    return CompanyChanged(company_id=company.id, name=company.name)


def about_member(member: accounts.Member) -> MemberChanged:
    return MemberChanged(
        member_id=member.id,
        name=member.name,
        email=member.email,
        role=member.role,
        company_ids=list(member.company_ids),
        login_issuer=member.login_issuer,
        login_subject=member.login_subject,
        active=member.active,
    )
