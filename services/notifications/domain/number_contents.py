"""What notices keep of facts about numbers, accounts and members."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from libs.contracts.number_events import (
    AccountDisabled,
    CallAfterPortOut,
    FirstCallReceived,
    MemberChanged,
)

Content: TypeAlias = dict[str, Any]

# Of more numbers than these only the count is told.
NUMBERS_NAMED: Final = 5


def named(tracking_numbers: Sequence[str], *, besides: int = 0) -> Content:
    return {
        "numbers": list(tracking_numbers[:NUMBERS_NAMED]),
        "number_count": len(tracking_numbers) + besides,
    }


def of_first_call(fact: FirstCallReceived) -> Content:
    """`port_request_id`, `company_id`, `called_at` of one of them; `numbers`, `number_count`."""
    return {
        "port_request_id": fact.port_request_id,
        "company_id": fact.company_id,
        "called_at": fact.called_at.isoformat(),
        **named([fact.tracking_number]),
    }


def of_call_after_port_out(fact: CallAfterPortOut) -> Content:
    """`port_out_id`, `company_id`, `called_at` of one of them; `numbers`, `number_count`."""
    return {
        "port_out_id": fact.port_out_id,
        "company_id": fact.company_id,
        "called_at": fact.called_at.isoformat(),
        **named([fact.tracking_number]),
    }


def of_disabled_account(fact: AccountDisabled) -> Content:
    """`disabled_at`, `by`."""
    return {"disabled_at": fact.disabled_at.isoformat(), "by": fact.disabled_by}


def of_member(fact: MemberChanged) -> Content:
    """`member_id`, `member_name`, `role`; and beside these `changes`, as `SecurityChange` names them.

    Never an address.
    """
    return {"member_id": fact.member_id, "member_name": fact.name, "role": fact.role}
