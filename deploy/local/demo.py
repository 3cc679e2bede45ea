"""`make demo`: one number's journey on a private stack, as a dashboard sees it.

With `CARRIER=…` an emulated carrier of that character does what support records otherwise.
"""

import os
import sys
from datetime import datetime
from functools import partial
from typing import Any

from deploy.emulator.characters import CHARACTERS
from deploy.local.arriving_mails import watch_mails
from deploy.local.carrier_journey import CarrierJourney
from deploy.local.demo_accounts import Tokens, create_account
from deploy.local.graph_client import GraphClient
from deploy.local.journey import Journey, open_dashboard
from deploy.local.reports import open_reporter
from deploy.local.stack import Stack
from deploy.local.terminal import run_on_a_stack


async def drive(stack: Stack, character: str | None) -> None:
    tokens = Tokens(stack.key_folder)
    say("Support creates an account with two companies and its members.")
    account = await create_account(stack.gateway_url, tokens, "Ada's Analytical Engines")
    support = GraphClient(stack.gateway_url, tokens.of_support())
    administrator = GraphClient(stack.gateway_url, account.tokens["ADMINISTRATOR"])
    async with (
        open_reporter(stack.amqp_url) as reporter,
        open_dashboard(support, account.id, show_event) as dashboard,
        watch_mails(stack.urls["mailbox"], show_mail) as mails,
    ):
        make = partial(CarrierJourney, character=character) if character else Journey
        journey = make(
            account=account,
            administrator=administrator,
            support=support,
            reporter=reporter,
            dashboard=dashboard,
            say=say,
        )
        await journey.run()
        await mails.settle()
        say(f"{len(mails.subjects)} mails were sent; `make up` shows them at its mailbox.")
    print(journey.last_line, flush=True)


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def show_event(event: dict[str, Any]) -> None:
    """Time, event type, subject, new state, as the subscription delivered them."""
    time = datetime.fromisoformat(event["occurredAt"]).strftime("%H:%M:%S.%f")[:-3]
    named = (
        event.get("trackingNumber") or event.get("portRequest") or event.get("portOut") or {}
    )
    name = named.get("phoneNumber") or named.get("name") or named.get("gainingCarrier") or ""
    print(
        f"{time}  {event['event']:<42} {event['subject']}  {event['status']:<22} {name}",
        flush=True,
    )


def show_mail(mail: dict[str, Any]) -> None:
    print(f"{'mail':<12}  to {', '.join(mail['to'])}: {mail['subject']}", flush=True)


def main() -> int:
    character = os.environ.get("CARRIER") or None
    if character not in {None, *CHARACTERS}:
        print(f"CARRIER: choose one of {', '.join(CHARACTERS)}.", file=sys.stderr)
        return 1
    return run_on_a_stack(lambda stack: drive(stack, character), carrier=character)


if __name__ == "__main__":
    sys.exit(main())
