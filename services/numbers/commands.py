"""What an operator runs by hand: `python -m services.numbers.commands replay-accounts QUEUE`.

QUEUE hears every account, company and member again: `porting.events`, `notifications.events`,
or that of a service that is new. `recount` checks the counts by tab and puts right what is wrong.
Everything goes on meanwhile.
"""

import asyncio
import sys
from typing import Final

from libs.common.database import open_database
from libs.common.replay import NoSuchQueueError, replay
from libs.contracts.number_events import NUMBER_EVENTS, AccountFact
from services.numbers.settings import Settings
from services.numbers.use_cases.recounting import recount_all

_TYPES: Final = tuple(fact.type for fact in NUMBER_EVENTS if issubclass(fact, AccountFact))


async def replay_accounts(queue: str) -> int:
    settings = Settings()
    database = await open_database(settings.database_url.get_secret_value(), "numbers", size=1)
    try:
        return await replay(
            database, settings.amqp_url.get_secret_value(), queue=queue, types=_TYPES
        )
    finally:
        await database.close()


async def recount() -> int:
    """How many counts by tab were wrong, and are right by now."""
    settings = Settings()
    database = await open_database(settings.database_url.get_secret_value(), "numbers", size=1)
    try:
        return await recount_all(database)
    finally:
        await database.close()


def main(arguments: list[str]) -> int:
    match arguments:
        case ["replay-accounts", queue]:
            try:
                count = asyncio.run(replay_accounts(queue))
            except NoSuchQueueError:
                print(f"There is no queue {queue}: start its service first.", file=sys.stderr)  # noqa: T201 - said to who runs it
                return 1
            print(f"{queue} was told {count} events again.")  # noqa: T201
            return 0
        case ["recount"]:
            count = asyncio.run(recount())
            print(f"{count} counts were wrong, and are right now.")  # noqa: T201
            return 1 if count else 0
        case _:
            print(__doc__, file=sys.stderr)  # noqa: T201 - said to who runs it
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
