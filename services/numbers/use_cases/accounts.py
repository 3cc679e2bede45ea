"""What may be done with an account: made whole, renamed, disabled and reactivated."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from libs.common import outbox
from libs.common.database import Connection, after_commit
from libs.common.ids import new_id
from libs.contracts.company_names import company_key
from libs.contracts.number_events import (
    AccountChanged,
    AccountDisabled,
    AccountFact,
    AccountReactivated,
)
from libs.contracts.refusals import refuse_all
from services.numbers.domain.account_actions import account_actions_for
from services.numbers.domain.account_refusals import AccountStateRefused
from services.numbers.domain.accounts import (
    Account,
    Company,
    Member,
    NewAccount,
    Standing,
    clean_text,
    faults_of_name,
    find_faults,
)
from services.numbers.domain.members import companies_of
from services.numbers.store import account_changes as changes
from services.numbers.store import accounts as store
from services.numbers.store.ports_under_way import find_ties
from services.numbers.use_cases.account_access import (
    By,
    about,
    about_company,
    about_member,
    lock_account,
    record_change,
)

log = logging.getLogger(__name__)


async def create_account(connection: Connection, new: NewAccount) -> Account:
    """Account, companies and members are one aggregate, and come into being together.

    Raises `Refused` with every fault of the input.
    """
    refuse_all(find_faults(new))
    account_id = new_id("acc")
    companies = [
        Company(id=new_id("co"), account_id=account_id, name=clean_text(name))
        for name in new.companies
    ]
    members = _make_members(new, account_id, companies)
    account = Account(
        id=account_id,
        version=1 + len(companies) + len(members),
        name=clean_text(new.name),
        standing=Standing(
            card_on_file=new.card_on_file,
            balance_current=new.balance_current,
            in_good_standing=new.in_good_standing,
            in_trial=new.in_trial,
            changed_at=datetime.now(UTC),
        ),
    )
    await store.add_account(connection, account)
    await store.add_companies(connection, companies)
    await store.add_members(connection, members)
    await outbox.record(connection, account_id, 0, *_facts_of(account, companies, members))
    after_commit(
        lambda: log.info(
            "account created", extra={"action": "account.created", "account_id": account_id}
        )
    )
    return account


def _make_members(new: NewAccount, account_id: str, companies: list[Company]) -> list[Member]:
    ids = {company_key(company.name): company.id for company in companies}
    return [
        Member(
            id=new_id("mem"),
            account_id=account_id,
            name=clean_text(member.name),
            email=member.email,
            role=member.role,
            company_ids=companies_of(
                member.role, [ids[company_key(name)] for name in member.companies]
            ),
            login_issuer=member.login_issuer,
            login_subject=member.login_subject,
        )
        for member in new.members
    ]


def _facts_of(
    account: Account, companies: list[Company], members: list[Member]
) -> Iterator[AccountFact]:
    yield about(AccountChanged, account)
    for company in companies:
        yield about_company(company)
    for member in members:
        yield about_member(member)


async def rename_account(
    connection: Connection, account_id: str, name: str, *, by: By
) -> Account:
    account = await lock_account(connection, account_id, by)
    refuse_all(faults_of_name(name, "name"))
    renamed = replace(account, name=clean_text(name))
    if renamed == account:
        return account
    renamed = await record_change(connection, renamed, about(AccountChanged, renamed))
    await changes.save_name(connection, renamed)
    return renamed


async def disable_account(connection: Connection, account_id: str, *, by: By) -> Account:
    """Refused while anything ties it; all of it is told at once (S76, S81, S82).

    Numbers that port in at this moment wait for the account's row, or find it disabled.
    """
    account = await lock_account(connection, account_id, by)
    if account.is_disabled:
        raise await _state_refused(connection, account, by)
    ties = await find_ties(connection, [account_id])
    refuse_all(ties[account_id].find_faults())
    now = datetime.now(UTC)
    disabled = replace(account, disabled_at=now, disabled_by=by.name)
    fact = about(AccountDisabled, disabled, disabled_at=now, disabled_by=by.name)
    disabled = await record_change(connection, disabled, fact)
    await changes.save_disabled(connection, disabled)
    return disabled


async def reactivate_account(connection: Connection, account_id: str, *, by: By) -> Account:
    """Its numbers stay as they are: each was disabled by itself."""
    account = await lock_account(connection, account_id, by)
    if not account.is_disabled:
        raise await _state_refused(connection, account, by)
    active = replace(account, disabled_at=None, disabled_by=None)
    active = await record_change(connection, active, about(AccountReactivated, active))
    await changes.save_disabled(connection, active)
    return active


async def _state_refused(
    connection: Connection, account: Account, by: By
) -> AccountStateRefused:
    ties = await find_ties(connection, [account.id])
    actions = account_actions_for(by.caller, account, ties[account.id])
    refusal = AccountStateRefused(is_disabled=account.is_disabled, available_actions=actions)
    return refusal.at("input", "accountId")
