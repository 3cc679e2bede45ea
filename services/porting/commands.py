"""What an operator runs by hand: `python -m services.porting.commands --help`.

Beside what every service has: `reseal-pins`, while porting runs, after which nothing needs the
older keys of PIN_KEYS any more.
"""

import sys
from typing import Final

from libs.common.command_line import Arguments, Command, Hand, say
from libs.common.operations import run_command
from libs.common.vault import Vault, read_keys
from libs.contracts.topology import TOPOLOGY
from services.porting.settings import Settings
from services.porting.use_cases.pins import reseal_pins


async def _reseal(hand: Hand, _given: Arguments) -> int:
    assert isinstance(hand.settings, Settings)
    vault = Vault(read_keys(hand.settings.pin_keys.get_secret_value()))
    count = await reseal_pins(hand.database, vault)
    say(f"{count} PINs are sealed under the newest key, {vault.key_id}.")
    return 0


_COMMANDS: Final = (
    Command(name="reseal-pins", help="seals every PIN under the newest key", run=_reseal),
)


def main(arguments: list[str]) -> int:
    return run_command("porting", Settings, TOPOLOGY, _COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
