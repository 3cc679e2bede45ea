"""`make up`: the whole stack until Ctrl-C, with a token for each role of two accounts."""

import asyncio
import sys

from deploy.local.demo_accounts import Tokens, create_account
from deploy.local.stack import Stack
from deploy.local.terminal import run_on_a_stack


async def stay(stack: Stack) -> None:
    tokens = Tokens(stack.key_folder)
    accounts = [
        await create_account(stack.gateway_url, tokens, name)
        for name in ("Ada's Analytical Engines", "Babbage Mills")
    ]
    print(f"\ngateway        {stack.gateway_url}/graphql")
    print(f"mailbox        {stack.urls['mailbox']}")
    print(f"logs           {stack.folder}")
    print(f"\nsupport        {tokens.of_support()}")
    print(f"machine        {tokens.of_machine()}")
    for account in accounts:
        print(f"\n{account.name}  {account.id}")
        for name, company_id in account.company_ids.items():
            print(f"  company {name:<9} {company_id}")
        for role, token in account.tokens.items():
            print(f"  {role:<14} {token}")
    print("\nSend a token as `authorization: Bearer …`. Ctrl-C stops everything.", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(run_on_a_stack(stay))
