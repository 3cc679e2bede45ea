"""What an operator runs by hand: `python -m services.porting.commands reseal-pins`."""

import asyncio
import sys

from libs.common.database import open_database
from libs.common.vault import Vault, read_keys
from services.porting.settings import Settings
from services.porting.use_cases.pins import reseal_pins


async def reseal() -> None:
    """While porting runs: afterwards nothing needs the older keys of PIN_KEYS any more."""
    settings = Settings()
    vault = Vault(read_keys(settings.pin_keys.get_secret_value()))
    database = await open_database(settings.database_url.get_secret_value(), "porting")
    try:
        count = await reseal_pins(database, vault)
    finally:
        await database.close()
    print(f"{count} PINs are sealed under the newest key, {vault.key_id}.")  # noqa: T201


def main(arguments: list[str]) -> int:
    if arguments != ["reseal-pins"]:
        print(__doc__, file=sys.stderr)  # noqa: T201 - said to who runs it
        return 2
    asyncio.run(reseal())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
