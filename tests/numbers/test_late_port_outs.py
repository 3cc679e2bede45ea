"""What is said late of a port-out does not undo how it ended."""

from itertools import permutations

import pytest

from libs.common.consumer import work_of
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutCancelled,
    PortOutDisputed,
    PortOutPorted,
    PortOutReceived,
    PortOutReturned,
)
from services.numbers.consumers import CONSUMES
from services.numbers.domain.tracking_numbers import NumberState
from tests.numbers.builders import add_number, found_account, numbers_by_phone, phone
from tests.numbers.test_disabling_accounts import port_out_fact

WAYS = {
    "withdrawn": (PortOutReceived, PortOutAuthorized, PortOutCancelled),
    "returned": (PortOutAuthorized, PortOutPorted, PortOutDisputed, PortOutReturned),
}
_WORK = work_of(CONSUMES)


@pytest.mark.parametrize("way", WAYS)
async def test_a_number_that_stays_is_in_use_in_whatever_order_it_is_told(database, way):
    house = await found_account(database)
    orders = [*permutations(enumerate(WAYS[way], start=1))]
    for place, order in enumerate(orders):
        await add_number(database, house, phone(place), state=NumberState.ACTIVE)
        for _ in range(2):
            for sequence, kind in order:
                event = port_out_fact(
                    house, kind, sequence, phone(place), port_out=f"po_{place}"
                )
                async with database.working() as connection:
                    await _WORK[event.type].do(connection, event)
    numbers = (await numbers_by_phone(database)).values()
    assert len(numbers) == len(orders)
    assert {(each.state, each.port_out_id) for each in numbers} == {(NumberState.ACTIVE, None)}


async def test_the_end_of_an_earlier_port_out_is_not_that_of_a_later_one(database):
    house = await found_account(database)
    await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    for kind, sequence, port_out in (
        (PortOutAuthorized, 2, "po_a"),
        (PortOutAuthorized, 2, "po_b"),
        (PortOutCancelled, 3, "po_a"),
        (PortOutAuthorized, 2, "po_a"),
    ):
        event = port_out_fact(house, kind, sequence, phone(1), port_out=port_out)
        async with database.working() as connection:
            await _WORK[event.type].do(connection, event)
    number = (await numbers_by_phone(database))[phone(1)]
    assert (number.state, number.port_out_id) == (NumberState.PORTING_OUT, "po_b")
