"""An account's standing: card on file, balance, good standing, trial (S5 to S8)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from libs.common.database import Connection
from libs.common.sight import EVERYTHING
from libs.contracts.number_events import AccountChanged
from services.numbers.domain.account_refusals import AccountNotFound
from services.numbers.domain.accounts import Account, Standing
from services.numbers.store import account_changes as store
from services.numbers.use_cases.account_access import (
    By,
    about,
    lock_account,
    record_change,
)


@dataclass(frozen=True, kw_only=True)
class StandingChange:
    """None leaves as it is."""

    card_on_file: bool | None = None
    balance_current: bool | None = None
    in_good_standing: bool | None = None
    in_trial: bool | None = None

    def apply_to(self, standing: Standing, at: datetime) -> Standing:
        said = {name: value for name, value in vars(self).items() if value is not None}
        if at <= standing.changed_at:
            return replace(standing, **said)
        return replace(standing, **said, changed_at=at, sequence=0)


async def change_standing(
    connection: Connection, account_id: str, change: StandingChange, *, by: By
) -> Account:
    """Support's word counts from now on: a report of an earlier time does not undo it."""
    account = await lock_account(connection, account_id, by)
    return await _save(
        connection, account, change.apply_to(account.standing, datetime.now(UTC))
    )


async def note_standing(
    connection: Connection, account_id: str, standing: Standing
) -> Account:
    """What a billing system reports, in whatever order: late and doubled change nothing."""
    account = await store.lock_account(connection, account_id, EVERYTHING)
    if account is None:
        raise AccountNotFound().at("input", "accountId")
    if not standing.follows(account.standing):
        return account
    return await _save(connection, account, standing)


async def _save(connection: Connection, account: Account, standing: Standing) -> Account:
    """An event only where something of it is different."""
    after = replace(account, standing=standing)
    fact = about(AccountChanged, after)
    if fact != about(AccountChanged, account):
        after = await record_change(connection, after, fact)
    await store.save_standing(connection, after)
    return after
