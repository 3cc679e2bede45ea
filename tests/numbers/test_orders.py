"""A port-in, a port-out and the calls told in every order between them, and each thing twice."""

from datetime import timedelta

import pytest

from services.numbers.domain.tracking_numbers import RINGS_THROUGH
from services.numbers.store.billing_periods import find_periods
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.returns import cancel_port_out, take_back_numbers
from services.numbers.use_cases.tracking_numbers import (
    finish_port_out,
    port_in_numbers,
    start_port_out,
)
from tests.numbers.builders import (
    NOON,
    a_line,
    found_account,
    numbers_by_phone,
    phone,
    review,
)

HOUR = timedelta(hours=1)
# What one service says of one thing comes in its order; what others say, at any time.
PORT_IN = ("review", "port")
RETURNED = ("authorize", "port out", "return")
CANCELLED = ("authorize", "cancel")


def interleave(*streams):
    if not any(streams):
        yield ()
    for place, stream in enumerate(streams):
        if stream:
            rest = [*streams[:place], stream[1:], *streams[place + 1 :]]
            yield from ((stream[0], *order) for order in interleave(*rest))


async def tell(database, house, line, word):
    numbers, port_out_id = [line.tracking_number], f"po_{line.line_id}"
    if word == "review":
        request = f"pr_{line.line_id}"
        await review(database, house, [line], port_request_id=request)
        return
    async with database.working() as connection:
        match word:
            case "port":
                await port_in_numbers(connection, house.id, {line.line_id: NOON})
            case "call":
                await receive_calls(connection, numbers, [NOON])
            case "authorize":
                await start_port_out(connection, house.id, port_out_id, numbers)
            case "port out":
                await finish_port_out(connection, house.id, port_out_id, numbers, NOON)
            case "cancel":
                await cancel_port_out(connection, house.id, port_out_id, numbers)
            case "return":
                await take_back_numbers(
                    connection, house.id, port_out_id, numbers, NOON + HOUR
                )


@pytest.mark.requirement("S12", "S20", "S22")
@pytest.mark.parametrize("port_out", [RETURNED, CANCELLED], ids=["returned", "cancelled"])
async def test_every_order_ends_with_a_number_that_rings_and_one_charge(database, port_out):
    house = await found_account(database)
    orders = list(interleave(PORT_IN, port_out, ("call",)))
    for place, order in enumerate(orders):
        line = a_line(house.companies["Dental"], phone(place))
        for word in order:
            for _ in range(2):
                await tell(database, house, line, word)
    numbers = await numbers_by_phone(database)
    assert len(numbers) == len(orders)
    for number in numbers.values():
        assert number.state in RINGS_THROUGH
        assert (number.port_out_id, number.ported_at) == (None, NOON)
    async with database.working() as connection:
        periods = await find_periods(connection, list(numbers.values()))
    spans = [(each.started_at, each.ended_at) for found in periods.values() for each in found]
    assert spans == [(NOON, None)] * len(orders)
