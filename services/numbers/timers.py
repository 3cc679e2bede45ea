"""Which due date starts what in numbers."""

from collections.abc import Mapping

from libs.common.database import Connection
from libs.common.timers import Fire
from services.numbers.use_cases.quarantines import ENDINGS_DUE, Retention, end_due_numbers


def timers_of(retention: Retention) -> Mapping[str, Fire]:
    async def end_numbers(connection: Connection, key: str) -> None:
        await end_due_numbers(connection, key, retention)

    return {ENDINGS_DUE: end_numbers}
