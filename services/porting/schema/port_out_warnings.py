"""What is odd about a port-out, in the graph."""

from collections.abc import Sequence

from libs.common.caller import Member, Role, Support
from libs.common.graphql.enums import publish_enum
from services.porting.domain.port_out_warnings import PortOutWarning
from services.porting.schema.context import PortingContext, PortingInfo
from services.porting.schema.port_out_shields import HasId
from services.porting.store.port_out_surroundings import find_surroundings

publish_enum(
    PortOutWarning,
    description="Something odd about a port-out: a reason to look twice, never one to refuse.",
    values={
        PortOutWarning.MANY_NUMBERS: "Ten numbers or more leave at once.",
        PortOutWarning.NEW_GAINING_CARRIER: "The account never ported to this carrier before.",
        PortOutWarning.RECENT_ADMINISTRATOR_CHANGE: "An administrator came, went or was changed "
        "in the two days before, or while it waits for an answer.",
        PortOutWarning.RECENT_UNLOCK: "A lock was taken away in the two days before.",
        PortOutWarning.RECENT_PIN_CHANGE: "The PIN was changed in the two days before.",
        PortOutWarning.RECENT_WRONG_PINS: "Wrong PINs were written in the two days before.",
    },
)


async def warnings_of_port_out(root: HasId, info: PortingInfo) -> list[PortOutWarning]:
    return await info.context.loader(load_warnings).load(root.id)


async def load_warnings(
    context: PortingContext, port_out_ids: list[str]
) -> Sequence[list[PortOutWarning]]:
    """Of port-outs that the caller has been shown; none for who does not answer them."""
    match context.caller:
        case Support() | Member(role=Role.ADMINISTRATOR):
            async with context.database.reading(context.caller) as connection:
                found = await find_surroundings(connection, port_out_ids)
            return [list(found[each].warnings()) for each in port_out_ids]
        case _:
            return [[] for _ in port_out_ids]
