"""Members of an account that is there already: added, changed, deactivated and reactivated."""

from libs.common.caller import Member as MemberCaller
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.sight import EVERYTHING
from libs.contracts.refusals import refuse_all
from services.numbers.domain.accounts import MOST_MEMBERS, Member, clean_text
from services.numbers.domain.members import (
    MemberChange,
    MemberWish,
    companies_of,
    faults_of_lost_rights,
)
from services.numbers.domain.refusals import LoginGivenTwice, TooMany
from services.numbers.store import account_changes as changes
from services.numbers.store import accounts as store
from services.numbers.use_cases.account_access import (
    By,
    about_member,
    lock_account,
    lock_account_of_member,
    record_part,
)


async def add_member(
    connection: Connection, account_id: str, wish: MemberWish, *, by: By
) -> Member:
    """One login is one member, also where that member is not active any more."""
    account = await lock_account(connection, account_id, by)
    companies = await changes.find_own_companies(connection, account_id, wish.company_ids)
    faults = wish.find_faults(companies)
    if await changes.has_login(connection, account_id, wish.login_issuer, wish.login_subject):
        faults.append(LoginGivenTwice().at("input", "loginSubject"))
    if await changes.count_members_of(connection, account_id) >= MOST_MEMBERS:
        faults.append(TooMany("members", MOST_MEMBERS).at("input", "accountId"))
    refuse_all(faults)
    member = Member(
        id=new_id("mem"),
        account_id=account_id,
        name=clean_text(wish.name),
        email=wish.email,
        role=wish.role,
        company_ids=companies_of(wish.role, wish.company_ids),
        login_issuer=wish.login_issuer,
        login_subject=wish.login_subject,
    )
    await store.add_members(connection, [member])
    await record_part(connection, account, about_member(member))
    return member


async def change_member(
    connection: Connection, member_id: str, change: MemberChange, *, by: By
) -> Member:
    """An account keeps an active administrator, and nobody ends their own rights."""
    account = await lock_account_of_member(connection, member_id, by)
    member = (await store.find_members(connection, [member_id], EVERYTHING))[member_id]
    companies = await changes.find_own_companies(
        connection, account.id, change.company_ids or ()
    )
    faults = change.find_faults(companies)
    after = change.apply_to(member)
    faults += faults_of_lost_rights(
        member,
        after,
        is_self=isinstance(by.caller, MemberCaller) and by.caller.member_id == member_id,
        has_other_administrator=await changes.has_other_administrator(
            connection, account.id, member_id
        ),
    )
    refuse_all(faults)
    if after != member:
        await changes.save_member(connection, after)
        await record_part(connection, account, about_member(after))
    return after
