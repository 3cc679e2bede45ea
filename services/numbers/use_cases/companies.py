"""Companies of an account that is there already: added and renamed."""

from dataclasses import replace

from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.sight import EVERYTHING
from libs.contracts.refusals import refuse_all
from services.numbers.domain.accounts import (
    MOST_COMPANIES,
    Company,
    clean_text,
    faults_of_name,
)
from services.numbers.domain.refusals import TooMany
from services.numbers.store import account_changes as changes
from services.numbers.store import accounts as store
from services.numbers.use_cases.account_access import (
    By,
    about_company,
    lock_account,
    lock_account_of_company,
    record_part,
)


async def add_company(
    connection: Connection, account_id: str, name: str, *, by: By
) -> Company:
    """Raises `CompanyNamedTwice` where one is called so, in whatever writing."""
    account = await lock_account(connection, account_id, by)
    faults = faults_of_name(name, "name")
    if await changes.count_companies_of(connection, account_id) >= MOST_COMPANIES:
        faults.append(TooMany("companies", MOST_COMPANIES).at("input", "accountId"))
    refuse_all(faults)
    company = Company(id=new_id("co"), account_id=account_id, name=clean_text(name))
    await store.add_companies(connection, [company])
    await record_part(connection, account, about_company(company))
    return company


async def rename_company(
    connection: Connection, company_id: str, name: str, *, by: By
) -> Company:
    """Raises `CompanyNamedTwice`; another writing of its own name is no other company's."""
    account = await lock_account_of_company(connection, company_id, by)
    refuse_all(faults_of_name(name, "name"))
    company = (await store.find_companies(connection, [company_id], EVERYTHING))[company_id]
    renamed = replace(company, name=clean_text(name))
    if renamed != company:
        await changes.save_company(connection, renamed)
        await record_part(connection, account, about_company(renamed))
    return renamed
