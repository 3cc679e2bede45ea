"""`python -m deploy.emulator --character prompt …`: one carrier of one character, until it is stopped.

The secret that both sides sign with comes from the environment: CARRIER_SECRET.
"""

import argparse
import os
import sys

import uvicorn

from deploy.emulator.app import CarrierEmulator
from deploy.emulator.characters import CHARACTERS


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.emulator", description="A carrier that answers by a script."
    )
    parser.add_argument("--character", choices=CHARACTERS, default="prompt")
    parser.add_argument("--seed", type=int, default=1, help="chooses among a script's chances")
    parser.add_argument(
        "--hour-seconds", type=float, default=1.0, help="how long its hours take"
    )
    parser.add_argument("--listen-port", type=int, required=True)
    parser.add_argument(
        "--callback-url", required=True, help="where it tells what it has to say"
    )
    chosen = parser.parse_args()
    secret = os.environ.get("CARRIER_SECRET")
    if not secret:
        print("CARRIER_SECRET: set it to what the other side signs with", file=sys.stderr)
        return 1
    emulator = CarrierEmulator(
        chosen.character,
        secret=secret,
        callback_url=chosen.callback_url,
        seed=chosen.seed,
        hour_s=chosen.hour_seconds,
    )
    uvicorn.run(emulator.app, host="127.0.0.1", port=chosen.listen_port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
