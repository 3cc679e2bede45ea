"""What may be done with an account, its companies and its members."""

import logging
from collections.abc import Iterator

from libs.common import outbox
from libs.common.caller import Role
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.company_names import company_key
from libs.contracts.number_events import (
    AccountChanged,
    AccountFact,
    CompanyChanged,
    MemberChanged,
)
from libs.contracts.refusals import refuse_all
from services.numbers.domain.accounts import (
    Account,
    Company,
    Member,
    NewAccount,
    clean_text,
    find_faults,
)
from services.numbers.store import accounts as store

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
        card_on_file=new.card_on_file,
        balance_current=new.balance_current,
        in_good_standing=new.in_good_standing,
        in_trial=new.in_trial,
    )
    await store.add_account(connection, account)
    await store.add_companies(connection, companies)
    await store.add_members(connection, members)
    await outbox.record(connection, account_id, 0, *_facts_of(account, companies, members))
    log.info("account created", extra={"action": "account.created", "account_id": account_id})
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
            company_ids=()
            if member.role is Role.ADMINISTRATOR
            else tuple(dict.fromkeys(ids[company_key(name)] for name in member.companies)),
            login_issuer=member.login_issuer,
            login_subject=member.login_subject,
        )
        for member in new.members
    ]


def _facts_of(
    account: Account, companies: list[Company], members: list[Member]
) -> Iterator[AccountFact]:
    yield AccountChanged(
        name=account.name,
        card_on_file=account.card_on_file,
        balance_current=account.balance_current,
        in_good_standing=account.in_good_standing,
        in_trial=account.in_trial,
    )
    for company in companies:
        yield CompanyChanged(company_id=company.id, name=company.name)
    for member in members:
        yield MemberChanged(
            member_id=member.id,
            name=member.name,
            email=member.email,
            role=member.role,
            company_ids=list(member.company_ids),
            login_issuer=member.login_issuer,
            login_subject=member.login_subject,
            active=member.active,
        )
