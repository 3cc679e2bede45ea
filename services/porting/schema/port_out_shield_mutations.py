"""What can be set against unwanted port-outs; each mutation is one command."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, EXPECTED, INPUT, KEY
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused
from services.porting.schema.commands import customer_or_support_of, member_of, run_once
from services.porting.schema.context import PortingInfo
from services.porting.schema.port_out_shields import PortOutShield, load_shields
from services.porting.use_cases import port_out_locks, port_out_pins

_ACCOUNT = "The account; support names it, administrators need not."
_NUMBERS = "These numbers, at most 500; left away, the whole account."
_REASON = "Why, at most 500 characters; support must say it."


@strawberry.input
class OnPortOutShield:
    """What every command about a shield begins with."""

    account_id: strawberry.ID | None = strawberry.field(default=None, description=_ACCOUNT)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)
    reason: str | None = strawberry.field(default=None, description=_REASON)


@strawberry.input(description="Numbers or an account, to be locked or unlocked.")
class PortOutLockInput(OnPortOutShield):
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description=_NUMBERS
    )


@strawberry.input(description="An account whose PIN may be tried anew.")
class ResetPortOutPinTriesInput(OnPortOutShield):
    pass


@strawberry.input(description="The PIN that a gaining carrier must know.")
class SetPortOutPinInput:
    pin: str = strawberry.field(
        description="4 to 10 digits that neither repeat nor count, as 0000 and 1234 do."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="That gaining carriers are asked for no PIN any more.")
class RemovePortOutPinInput:
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A reading of the account identifier.")
class RevealPortOutIdentifierInput:
    reason: str | None = strawberry.field(
        default=None, description="What for, such as the gaining carrier's name."
    )


@strawberry.type(description="What became of a command about a port-out shield.")
class PortOutShieldPayload:
    port_out_shield: PortOutShield | None = strawberry.field(
        description="The shield after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The account's name towards gaining carriers.")
class RevealPortOutIdentifierPayload:
    port_out_identifier: str | None = strawberry.field(
        description="What a gaining carrier writes as account number or SID."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class PortOutShieldMutation:
    @strawberry.mutation(
        description="Refuses port-outs of numbers or of the whole account, from now on; "
        "an unlocking that still cools off is taken back."
    )
    async def lock_port_out(
        self, info: PortingInfo, input: Annotated[PortOutLockInput, INPUT]
    ) -> PortOutShieldPayload:
        caller = customer_or_support_of(info)
        return await _change(
            info,
            "lockPortOut",
            input,
            lambda connection: port_out_locks.lock_port_out(
                connection,
                caller,
                input.account_id,
                input.tracking_numbers,
                reason=input.reason,
                expected_version=input.expected_version,
            ),
        )

    @strawberry.mutation(
        description="Lets port-outs through again once it has cooled off: every administrator "
        "is told, and can take it back until then."
    )
    async def unlock_port_out(
        self, info: PortingInfo, input: Annotated[PortOutLockInput, INPUT]
    ) -> PortOutShieldPayload:
        caller = customer_or_support_of(info)
        return await _change(
            info,
            "unlockPortOut",
            input,
            lambda connection: port_out_locks.unlock_port_out(
                connection,
                caller,
                input.account_id,
                input.tracking_numbers,
                reason=input.reason,
                expected_version=input.expected_version,
                cooling_off=info.context.room.port_out_cooling_off,
            ),
        )

    @strawberry.mutation(
        description="Sets the PIN that a gaining carrier must know, from now on."
    )
    async def set_port_out_pin(
        self, info: PortingInfo, input: Annotated[SetPortOutPinInput, INPUT]
    ) -> PortOutShieldPayload:
        member = member_of(info)
        kept = replace(input, pin=info.context.room.vault.mark(input.pin))
        return await _change(
            info,
            "setPortOutPin",
            kept,
            lambda connection: port_out_pins.set_port_out_pin(
                connection, member, input.pin, expected_version=input.expected_version
            ),
        )

    @strawberry.mutation(description="Asks gaining carriers for no PIN, from now on.")
    async def remove_port_out_pin(
        self, info: PortingInfo, input: Annotated[RemovePortOutPinInput, INPUT]
    ) -> PortOutShieldPayload:
        member = member_of(info)
        return await _change(
            info,
            "removePortOutPin",
            input,
            lambda connection: port_out_pins.set_port_out_pin(
                connection, member, None, expected_version=input.expected_version
            ),
        )

    @strawberry.mutation(description="Lets the PIN be tried anew after too many wrong ones.")
    async def reset_port_out_pin_tries(
        self, info: PortingInfo, input: Annotated[ResetPortOutPinTriesInput, INPUT]
    ) -> PortOutShieldPayload:
        caller = customer_or_support_of(info)
        return await _change(
            info,
            "resetPortOutPinTries",
            input,
            lambda connection: port_out_pins.reset_pin_tries(
                connection,
                caller,
                input.account_id,
                reason=input.reason,
                expected_version=input.expected_version,
            ),
        )

    @strawberry.mutation(
        description="Shows the account identifier that a gaining carrier asks for; each time is "
        "on record."
    )
    async def reveal_port_out_identifier(
        self, info: PortingInfo, input: Annotated[RevealPortOutIdentifierInput, INPUT]
    ) -> RevealPortOutIdentifierPayload:
        member = member_of(info)
        try:
            async with info.context.database.transaction(member) as connection:
                identifier = await port_out_pins.reveal_identifier(
                    connection, member, input.reason
                )
        except (Refusal, Refused) as refused:
            return RevealPortOutIdentifierPayload(
                port_out_identifier=None, user_errors=user_errors(refused)
            )
        return RevealPortOutIdentifierPayload(port_out_identifier=identifier, user_errors=[])


async def _change(
    info: PortingInfo,
    mutation: str,
    given: object,
    act: Callable[[Connection], Awaitable[str]],
) -> PortOutShieldPayload:
    """`act` answers the account's id."""
    try:
        account_id = await run_once(info, mutation, given, act)
    except (Refusal, Refused) as refused:
        return PortOutShieldPayload(port_out_shield=None, user_errors=user_errors(refused))
    [shield] = await load_shields(info.context, [account_id])
    return PortOutShieldPayload(port_out_shield=shield, user_errors=[])
