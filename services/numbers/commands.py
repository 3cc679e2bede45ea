"""What an operator runs by hand: `python -m services.numbers.commands recount`."""

import asyncio
import sys

from libs.common.database import open_database
from services.numbers.settings import Settings
from services.numbers.use_cases.recounting import recount_all


async def recount() -> int:
    """While numbers runs: how many counters by tab were wrong, and are right by now."""
    settings = Settings()
    database = await open_database(settings.database_url.get_secret_value(), "numbers")
    try:
        count = await recount_all(database)
    finally:
        await database.close()
    print(f"{count} counts were wrong, and are right now.")  # noqa: T201
    return count


def main(arguments: list[str]) -> int:
    """1 where something was wrong: a check may run it, too."""
    if arguments != ["recount"]:
        print(__doc__, file=sys.stderr)  # noqa: T201 - said to who runs it
        return 2
    return 1 if asyncio.run(recount()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
