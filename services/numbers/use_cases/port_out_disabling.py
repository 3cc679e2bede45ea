"""Whether an account's numbers are disabled at once when they leave."""

from libs.common.database import Connection
from libs.contracts.number_events import PortOutDisablingChanged
from services.numbers.domain.accounts import Account
from services.numbers.store import port_out_disabling as store
from services.numbers.use_cases.account_access import By, lock_account, record_part


async def change_port_out_disabling(
    connection: Connection, account_id: str, *, disables_ported_out: bool, by: By
) -> Account:
    """Counts for what leaves from now on. Raises `AccountNotFound` or `VersionConflict`."""
    account = await lock_account(connection, account_id, by)
    before = await store.find_disables_ported_out(connection, account_id)
    if before is not disables_ported_out:
        fact = PortOutDisablingChanged(disables_ported_out=disables_ported_out)
        await record_part(connection, account, fact)
        await store.save_disables_ported_out(connection, account_id, disables_ported_out)
    return account
