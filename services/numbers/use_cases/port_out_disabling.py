"""Whether an account's numbers are disabled at once when they leave."""

import logging

from libs.common import outbox
from libs.common.database import Connection
from libs.common.sight import Sight
from libs.contracts.number_events import PortOutDisablingChanged
from services.numbers.domain.refusals import AccountNotFound, VersionConflict
from services.numbers.store import port_out_disabling as store
from services.numbers.store.port_out_disabling import PortOutDisabling

log = logging.getLogger(__name__)


async def change_port_out_disabling(
    connection: Connection,
    account_id: str,
    *,
    disables_ported_out: bool,
    sight: Sight,
    expected_version: int | None,
) -> None:
    """Counts for what leaves from now on. Raises `AccountNotFound` or `VersionConflict`."""
    before = await store.lock_port_out_disabling(connection, account_id, sight)
    if before is None:
        raise AccountNotFound().at("input", "accountId")
    if expected_version not in {None, before.version}:
        raise VersionConflict().at("input", "expectedVersion")
    if before.disables_ported_out is disables_ported_out:
        return
    version = await outbox.record(
        connection,
        account_id,
        before.version,
        PortOutDisablingChanged(disables_ported_out=disables_ported_out),
    )
    after = PortOutDisabling(version=version, disables_ported_out=disables_ported_out)
    await store.save_port_out_disabling(connection, account_id, after)
    log.info(
        "account changed",
        extra={"action": "account.port_out_disabling_changed", "account_id": account_id},
    )
