"""What an operator runs by hand: `python -m services.notifications.commands --help`."""

import sys

from libs.common.operations import run_command
from libs.contracts.topology import TOPOLOGY
from services.notifications.settings import Settings


def main(arguments: list[str]) -> int:
    return run_command("notifications", Settings, TOPOLOGY, (), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
