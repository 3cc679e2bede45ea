"""Where numbers ring: from PRECONFIGURED until disabled, for one kind of machine alone."""

import pytest

from services.numbers.domain.tracking_numbers import RINGS_THROUGH, NumberState
from services.numbers.store.routing import find_routes
from tests.numbers.builders import add_number, found_account, phone

ROUTER = "numbers:route"
ONE = """
query ($number: PhoneNumber!) {
  routeFor(number: $number) {
    phoneNumber forwardingNumber state trackingNumberId accountId companyId
  }
}
"""
MANY = """
query ($numbers: [PhoneNumber!]!) { routesFor(numbers: $numbers) { phoneNumber state } }
"""


async def put(database, number, state):
    async with database.working() as connection:
        await connection.execute(
            "UPDATE tracking_numbers SET state = $1 WHERE phone_number = $2", state, number
        )


@pytest.mark.requirement("S20", "S22")
async def test_a_number_rings_from_preconfiguration_until_it_is_disabled(database, door):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    ringing = set()
    for state in NumberState:
        await put(database, phone(1), state)
        route = (await door.see(ROUTER, ONE, number="(212) 555-0001"))["routeFor"]
        if route is not None:
            ringing.add(state)
            assert route == {
                "phoneNumber": phone(1),
                "forwardingNumber": number.forwarding_number,
                "state": state,
                "trackingNumberId": number.id,
                "accountId": house.id,
                "companyId": number.company_id,
            }
    assert ringing == set(RINGS_THROUGH)


async def test_many_are_answered_in_their_order_and_nobody_s_as_null(database, door):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    await add_number(database, house, phone(2), state=NumberState.ACTIVE)
    wanted = [phone(2), phone(9), phone(1), phone(2)]
    routes = (await door.see(ROUTER, MANY, numbers=wanted))["routesFor"]
    assert [route and route["phoneNumber"] for route in routes] == [
        phone(2),
        None,
        phone(1),
        phone(2),
    ]
    assert (await door.see(ROUTER, MANY, numbers=[]))["routesFor"] == []


async def test_more_than_a_hundred_at_once_are_refused(door):
    numbers = [phone(place) for place in range(101)]
    assert await door.code(ROUTER, MANY, numbers=numbers) == "BAD_USER_INPUT"


async def test_only_a_machine_that_routes_may_ask(database, door):
    house = await found_account(database)
    others = (*house.callers.values(), "support", "calls:report accounts:report", "stranger")
    for caller in others:
        assert await door.code(caller, ONE, number=phone(1)) == "FORBIDDEN"
        assert await door.code(caller, MANY, numbers=[phone(1)]) == "FORBIDDEN"
    assert await door.code(None, ONE, number=phone(1)) == "UNAUTHENTICATED"


async def test_routes_of_one_request_are_one_read(database, door, monkeypatch):
    asked = []
    fetch = database.fetch

    async def count(query, *arguments):
        asked.append(arguments)
        return await fetch(query, *arguments)

    monkeypatch.setattr(database, "fetch", count)
    fields = " ".join(
        f'r{place}: routeFor(number: "{phone(place)}") {{ state }}' for place in range(9)
    )
    await door.see(ROUTER, f"{{ {fields} }}")
    assert [len(numbers) for (numbers,) in asked] == [9]


async def test_a_route_is_read_by_the_index_of_live_numbers(database):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    async with database.working() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(
            """
            EXPLAIN SELECT n.forwarding_number
            FROM public.tracking_numbers AS n
            WHERE n.phone_number = ANY($1)
              AND n.state NOT IN ('DISABLED', 'RELEASED')
              AND n.state <> 'QUARANTINED'
            """,
            [phone(1)],
        )
    assert "one_live_number_per_phone_number" in str(plan)
    assert set(await find_routes(database, [phone(1), phone(2)])) == {phone(1)}
