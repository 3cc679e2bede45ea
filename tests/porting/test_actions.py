"""An action is listed exactly where its mutation would do something, for every role and status."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from libs.common.caller import Member
from libs.common.database import Database
from services.porting.domain.actions import PortRequestAction
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from tests.porting.builders import (
    House,
    a_full_draft,
    a_line,
    business_day,
    found_house,
    now,
    phone,
    request_of,
)
from tests.porting.test_schema import LETTER

# A request in each status, by the states that its two lines are in; and what else its row says.
SENT = {"sent_at": "now() - interval '2 days'", "preconfigured_at": "now()"}
SCENES: dict[str, tuple[str, str, dict[str, str]]] = {
    "DRAFT": ("ADDED", "ADDED", {"submitted_by": "NULL"}),
    "AWAITING_AUTHORIZATION": ("READY", "READY", {}),
    "AWAITING_SIGNATURE": ("READY", "READY", {}),
    "IN_REVIEW": ("READY", "READY", {}),
    "IN_REVIEW, preconfigured": ("READY", "READY", {"preconfigured_at": "now()"}),
    "WITH_CARRIER": ("WITH_CARRIER", "APPROVED", SENT),
    "APPROVED": ("APPROVED", "APPROVED", SENT),
    "PORTING": ("ACTIVATING", "PORTED", SENT),
    "COMPLETED": ("PORTED", "PORTED", SENT),
    "PARTIALLY_COMPLETED": ("PORTED", "CANCELLED", SENT),
    "ACTION_REQUIRED": ("READY", "READY", {}),
    "ACTION_REQUIRED, sent": ("REJECTED", "WITH_CARRIER", SENT),
    "ACTION_REQUIRED, all rejected": ("REJECTED", "REJECTED", SENT),
    "CANCEL_REQUESTED": ("CANCEL_REQUESTED", "CANCEL_REQUESTED", SENT),
    "CANCELLED": ("CANCELLED", "CANCELLED", {}),
    "EXPIRED": ("CANCELLED", "CANCELLED", {}),
}
DATED = ["APPROVED", "ACTIVATING", "PORTED", "CANCEL_REQUESTED"]
CALLERS = (
    "administrator",
    "submitter, an administrator now",
    "manager",
    "client manager",
    "viewer",
    "support",
)
# How each action is done; a draft is edited by many commands, one of them stands for all.
COMMANDS: dict[PortRequestAction, tuple[str, dict[str, Any]]] = {
    PortRequestAction.EDIT: ("acknowledgeWarnings", {}),
    PortRequestAction.EDIT_LETTER: ("prepareLetter", {**LETTER, "subscriberName": "Other"}),
    PortRequestAction.SEND_LETTER: (
        "sendLetter",
        {"signerName": "Grace Hopper", "signerEmail": "grace@example.com"},
    ),
    PortRequestAction.SIGN: ("signLetter", {"signerName": "Ada", "consent": True}),
    PortRequestAction.SUBMIT: ("submitPortRequest", {}),
    PortRequestAction.AUTHORIZE: ("authorizePortRequest", {}),
    PortRequestAction.DECLINE: ("declinePortRequest", {"reason": "No."}),
    PortRequestAction.ATTACH_DOCUMENT: (
        "attachDocument",
        {"uploadId": "up_x", "kind": "INVOICE"},
    ),
    PortRequestAction.REVIEW_DOCUMENT: (
        "reviewDocument",
        {"documentId": "the invoice's", "decision": "ACCEPT"},
    ),
    PortRequestAction.REQUEST_FIRM_DATE: (
        "requestFirmDate",
        {"firmDate": business_day(14).isoformat()},
    ),
    PortRequestAction.SEND_TO_CARRIER: ("sendToCarrier", {}),
    PortRequestAction.RECORD_FIRM_DATE: (
        "recordFirmDate",
        {"firmDate": (now().date() + timedelta(days=9)).isoformat()},
    ),
    PortRequestAction.RECORD_PORTED: ("recordPorted", {"portedAt": now().isoformat()}),
    PortRequestAction.RECORD_REJECTION: ("recordRejection", {"code": "PIN_INVALID"}),
    PortRequestAction.RECORD_CONFLICT: ("recordConflict", {}),
    PortRequestAction.START_ACTIVATION: ("startActivation", {}),
    PortRequestAction.RECORD_ACTIVATION_FAILURE: ("recordActivationFailure", {}),
    PortRequestAction.RECORD_NOT_PORTABLE: ("recordNotPortable", {}),
    PortRequestAction.RECORD_SNAPBACK: ("recordSnapback", {}),
    PortRequestAction.RECORD_CANCELLATION: ("recordCancellation", {"isConfirmed": True}),
    PortRequestAction.CORRECT_LINES: (
        "correctLines",
        {"corrections": [{"trackingNumber": "a line's", "note": "Corrected."}]},
    ),
    PortRequestAction.DROP_LINES: ("dropLines", {"trackingNumbers": ["a line's"]}),
    PortRequestAction.RESUBMIT: ("resubmitPortRequest", {}),
    PortRequestAction.CANCEL: ("cancelPortRequest", {}),
}
# What is refused for what the input lacks is not refused for role or status.
OF_ROLE_OR_STATUS = {
    "INVALID_STATE",
    "OWN_SUBMISSION",
    "AWAITING_PRECONFIGURATION",
    "NOT_FOUND",
    "NOT_THE_REQUESTER",
    "TOO_LATE_TO_CANCEL",
}


# In a draft EDIT stands for it.
EDITING = {"ATTACH_DOCUMENT", "DROP_LINES", "REQUEST_FIRM_DATE"}


class RehearsedError(Exception):
    pass


@dataclass
class Rehearsal:
    """Commands run and are rolled back; what the request's version would have become is kept."""

    request_id: str = ""
    invoice: str = ""
    version: int = 0


@contextmanager
def rehearsals() -> Iterator[Rehearsal]:
    transaction, seen = Database.transaction, Rehearsal()

    @asynccontextmanager
    async def rehearse(self: Database, caller: Any) -> AsyncIterator[Any]:
        with suppress(RehearsedError):
            async with transaction(self, caller) as connection:
                yield connection
                seen.version = await connection.fetchval(
                    "SELECT version FROM port_requests WHERE id = $1", seen.request_id
                )
                raise RehearsedError

    with patch.object(Database, "transaction", rehearse):
        yield seen


async def a_scene(database: Database, house: House, name: str) -> str:
    first, second, columns = SCENES[name]
    added = [a_line(house.dental, phone(100)), a_line(house.dental, phone(101))]
    request_id = await a_full_draft(database, house.client_manager, house.dental, added)
    submitter = house.second_administrator.member_id
    changed = {"submitted_by": f"'{submitter}'", **columns}
    async with database.working() as connection:
        sets = ", ".join(f"{column} = {value}" for column, value in changed.items())
        await connection.execute(
            f"UPDATE port_requests SET status = $2, {sets} WHERE id = $1",
            request_id,
            name.partition(",")[0],
        )
        for number, state in ((phone(100), first), (phone(101), second)):
            await connection.execute(
                """
                UPDATE lines
                SET state = $2,
                  ported_at = CASE WHEN $2 = 'PORTED' THEN now() - interval '1 day' END,
                  firm_date = CASE WHEN $2 = ANY($3) THEN current_date + 7 END
                WHERE tracking_number = $1
                """,
                number,
                state,
                DATED,
            )
        await connection.execute("UPDATE letters SET state = 'DRAFT'")
    return request_id


def callers_of(house: House) -> dict[str, Member | str]:
    callers = (
        house.administrator,
        house.second_administrator,
        house.manager,
        house.client_manager,
        house.viewer,
        "support",
    )
    return dict(zip(CALLERS, callers, strict=True))


async def takes_effect(door, rehearsal, caller, action, request_id, version) -> bool:
    """With one of the lines, where lines are named; also where only the input was too little."""
    mutation, given = COMMANDS[action]
    rehearsal.request_id = request_id
    for number in (phone(100), phone(101)):
        rehearsal.version = version
        answer = await door.ask(
            caller,
            door.mutation(mutation),
            input={"portRequestId": request_id, **filled_in(given, number, rehearsal)},
        )
        if "errors" in answer:
            assert [each["extensions"]["code"] for each in answer["errors"]] == ["FORBIDDEN"]
            return False
        codes = {error["code"] for error in answer["data"][mutation]["userErrors"]}
        if codes - OF_ROLE_OR_STATUS or (not codes and rehearsal.version > version):
            return True
    return False


def filled_in(given: Any, number: str, rehearsal: Rehearsal) -> Any:
    if isinstance(given, dict):
        return {key: filled_in(each, number, rehearsal) for key, each in given.items()}
    if isinstance(given, list):
        return [filled_in(each, number, rehearsal) for each in given]
    return {"a line's": number, "the invoice's": rehearsal.invoice}.get(given, given)


async def invoice_of(database: Database, request_id: str) -> str:
    sql = "SELECT id FROM documents WHERE port_request_id = $1 AND kind = 'INVOICE'"
    async with database.working() as connection:
        found: str = await connection.fetchval(sql, request_id)
    return found


@pytest.mark.parametrize("scene", SCENES)
async def test_an_action_is_listed_where_its_command_does_something(door, database, scene):
    house = await found_house(database)
    request_id = await a_scene(database, house, scene)
    version = (await request_of(database, request_id)).version
    invoice = await invoice_of(database, request_id)
    query = "query ($id: ID!) { portRequest(id: $id) { availableActions } }"
    for who, caller in callers_of(house).items():
        shown = await door.see(caller, query, id=request_id)
        listed = {
            each for each in shown["portRequest"]["availableActions"] if each in COMMANDS
        }
        with rehearsals() as rehearsal:
            rehearsal.invoice = invoice
            possible = {
                action.value
                for action in COMMANDS
                if await takes_effect(door, rehearsal, caller, action, request_id, version)
            }
        assert (who, listed) == (who, possible - EDITING if "EDIT" in listed else possible)


def test_every_action_has_its_command_here():
    assert set(COMMANDS) == set(PortRequestAction)


@pytest.mark.parametrize("scene", SCENES)
async def test_a_request_always_says_whose_turn_it_is(door, database, scene):
    house = await found_house(database)
    request_id = await a_scene(database, house, scene)
    query = """query ($id: ID!) { portRequest(id: $id) {
      status statusSince: waitingOn { waitingOn since remedy } } }"""
    shown = (await door.see(house.viewer, query, id=request_id))["portRequest"]
    turn = shown["statusSince"]
    is_over = shown["status"] in {"COMPLETED", "PARTIALLY_COMPLETED", "CANCELLED", "EXPIRED"}
    assert (turn["waitingOn"] == WaitingOn.NOBODY) is is_over
    assert turn["remedy"].endswith(".")
    assert turn["since"]


def test_every_status_is_a_scene():
    assert {name.partition(",")[0] for name in SCENES} == {*PortRequestStatus}
