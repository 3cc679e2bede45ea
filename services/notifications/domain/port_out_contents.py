"""What notices keep of facts about port-outs and their shields."""

from libs.contracts.porting_events.port_out_shields import (
    PortOutLockFact,
    PortOutPinBlocked,
    PortOutShieldFact,
    PortOutUnlockAsked,
)
from libs.contracts.porting_events.port_outs import (
    NUMBERS_PER_EVENT,
    PortOutAuthorized,
    PortOutConfirmed,
    PortOutFact,
    PortOutPorted,
    PortOutReceived,
    PortOutRejected,
    PortOutRejectionProposed,
    PortOutScheduled,
)
from services.notifications.domain.number_contents import Content, named


def of_port_out(fact: PortOutFact) -> Content:
    """`gaining_carrier`, `reference`, `status`, `numbers`, `number_count`."""
    earlier = (fact.batch - 1) * NUMBERS_PER_EVENT
    return {
        "gaining_carrier": fact.gaining_carrier,
        "reference": fact.reference,
        "status": fact.status,
        **named(fact.tracking_numbers, besides=earlier),
    }


def of_port_out_received(fact: PortOutReceived) -> Content:
    """`of_port_out` and `received_at`, `answer_by`, `supplements`."""
    return {
        **of_port_out(fact),
        "received_at": fact.received_at.isoformat(),
        "answer_by": fact.answer_by.isoformat(),
        "supplements": fact.supplements,
    }


def of_port_out_authorized(fact: PortOutAuthorized) -> Content:
    """`of_port_out` and `by_silence`, `overturned`."""
    return {
        **of_port_out(fact),
        "by_silence": fact.by_silence,
        "overturned": fact.overturned,
    }


def of_port_out_refusal(
    fact: PortOutRejectionProposed | PortOutRejected,
) -> Content:
    """`of_port_out` and `code`; and `is_correctable` once it is refused."""
    is_correctable = (
        {"is_correctable": fact.is_correctable} if isinstance(fact, PortOutRejected) else {}
    )
    return {**of_port_out(fact), "code": fact.code, **is_correctable}


def of_port_out_date(fact: PortOutScheduled) -> Content:
    """`of_port_out` and `firm_date`."""
    return {**of_port_out(fact), "firm_date": fact.firm_date.isoformat()}


def of_port_out_ported(fact: PortOutPorted) -> Content:
    """`of_port_out` and `ported_out_at`."""
    return {**of_port_out(fact), "ported_out_at": fact.ported_out_at.isoformat()}


def of_port_out_confirmed(fact: PortOutConfirmed) -> Content:
    """`of_port_out`, of the confirmed number alone."""
    return {**of_port_out(fact), **named([fact.tracking_number])}


def of_shield(fact: PortOutShieldFact) -> Content:
    """Every fact about a shield: `by`, `at`, `is_account_locked`, `is_pin_set`."""
    return {
        "by": fact.by,
        "at": fact.at.isoformat(),
        "is_account_locked": fact.is_account_locked,
        "is_pin_set": fact.is_pin_set,
    }


def of_lock(fact: PortOutLockFact) -> Content:
    """`of_shield`, `numbers`, `number_count` (0: the whole account), and `unlocks_at` if asked."""
    unlocks_at = (
        {"unlocks_at": fact.unlocks_at.isoformat()}
        if isinstance(fact, PortOutUnlockAsked)
        else {}
    )
    return {**of_shield(fact), **named(fact.tracking_numbers), **unlocks_at}


def of_pin_block(fact: PortOutPinBlocked) -> Content:
    """`of_shield`, `numbers`, `number_count`, `blocked_until`."""
    return {
        **of_shield(fact),
        **named(fact.tracking_numbers),
        "blocked_until": fact.blocked_until.isoformat(),
    }
