"""Commands about accounts, companies and members, as a client sends them."""

from typing import Any

from libs.common.caller import Member
from tests.numbers.door import Door

ANSWERS = {
    "account": """account {
      id name version disabledAt cardOnFile balanceCurrent inGoodStanding inTrial
      availableActions
    }""",
    "company": "company { id name account { version } }",
    "member": "member { id name email role active companies { id } }",
    "report": "tookEffect",
}
THINGS = {
    "renameAccount": "account",
    "changeStanding": "account",
    "disableAccount": "account",
    "reactivateAccount": "account",
    "reportStanding": "report",
    "addCompany": "company",
    "renameCompany": "company",
    "addMember": "member",
    "changeMember": "member",
    "deactivateMember": "member",
    "reactivateMember": "member",
}


def command(mutation: str) -> str:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    return f"""mutation ($input: {kind}!) {{
      {mutation}(input: $input) {{ {ANSWERS[THINGS[mutation]]} userErrors {{ code path }} }}
    }}"""


async def do(door: Door, caller: Member | str, mutation: str, **given: Any) -> Any:
    """What there is after it."""
    answer = (await door.see(caller, command(mutation), input=given))[mutation]
    assert answer["userErrors"] == []
    thing = THINGS[mutation]
    return answer["tookEffect" if thing == "report" else thing]


async def refusals(
    door: Door, caller: Member | str, mutation: str, **given: Any
) -> list[tuple[str, str]]:
    """Code and place, without `input`."""
    answer = (await door.see(caller, command(mutation), input=given))[mutation]
    assert [answer.get(THINGS[mutation])] == [None]
    return [(fault["code"], ".".join(fault["path"][1:])) for fault in answer["userErrors"]]


async def code(door: Door, caller: Member | str | None, mutation: str, **given: Any) -> Any:
    """The one top-level error's."""
    return await door.code(caller, command(mutation), input=given)
