"""Counters by tab, counted anew: one account after the other, while numbers change."""

import logging
from typing import Final

from libs.common.database import Database
from services.numbers.store.number_counts import find_accounts_after, recount

log = logging.getLogger(__name__)

_ACCOUNTS_AT_ONCE: Final = 500


async def recount_all(database: Database) -> int:
    """Answers how many were wrong; each is in the log."""
    wrong, after = 0, ""
    while True:
        async with database.working() as connection:
            accounts = await find_accounts_after(connection, after, most=_ACCOUNTS_AT_ONCE)
        for account_id in accounts:
            async with database.working() as connection:
                found = await recount(connection, account_id)
            for count in found:
                log.error(
                    "a count was wrong",
                    extra={
                        "action": "numbers.recounted",
                        "account_id": account_id,
                        "company_id": count.company_id,
                        "tab": count.tab,
                        "counted": count.counted,
                        "numbers": count.numbers,
                    },
                )
            wrong += len(found)
        if len(accounts) < _ACCOUNTS_AT_ONCE:
            return wrong
        after = accounts[-1]
