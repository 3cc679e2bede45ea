"""Where numbers ring: one indexed read in one round trip, which needs no account and no broker."""

from collections.abc import Mapping, Sequence

from libs.common.database import Database
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.routing import Route
from services.numbers.domain.tracking_numbers import NumberState

# Of those that ring here.
_FIND = """
    SELECT phone_number, forwarding_number, state, number_id, account_id, company_id
    FROM find_routes($1)
"""


async def find_routes(
    database: Database, phone_numbers: Sequence[PhoneNumber]
) -> Mapping[PhoneNumber, Route]:
    rows = await database.fetch(_FIND, phone_numbers)
    routes = (
        Route(
            phone_number=PhoneNumber(row["phone_number"]),
            forwarding_number=PhoneNumber(row["forwarding_number"]),
            state=NumberState(row["state"]),
            number_id=row["number_id"],
            account_id=row["account_id"],
            company_id=row["company_id"],
        )
        for row in rows
    )
    return {route.phone_number: route for route in routes}
