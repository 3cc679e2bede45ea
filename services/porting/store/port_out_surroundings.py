"""What happened around port-outs, read from PostgreSQL."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection
from services.porting.domain.port_out_shield import ShieldAct
from services.porting.domain.port_out_warnings import LATELY, PortOutSurroundings

# Of each of many port-outs. Ids sort by time of making.
_FIND: Final = """
    SELECT asked.id,
      (SELECT count(*) FROM port_out_numbers WHERE port_out_id = asked.id) AS number_count,
      NOT EXISTS (
        SELECT
        FROM port_outs AS earlier
        WHERE earlier.account_id = asked.account_id
          AND earlier.id < asked.id
          AND lower(earlier.gaining_carrier) = lower(asked.gaining_carrier)
      ) AS is_first_to_this_carrier,
      ARRAY(
        SELECT DISTINCT act
        FROM port_out_shield_records
        WHERE account_id = asked.account_id
          AND at < asked.received_at
          AND at >= asked.received_at - $2::interval
      ) AS acts
    FROM port_outs AS asked
    WHERE asked.id = ANY($1::text[])
"""


async def find_surroundings(
    connection: Connection, port_out_ids: Sequence[str]
) -> dict[str, PortOutSurroundings]:
    rows = await connection.fetch(_FIND, list(port_out_ids), LATELY)
    return {
        row["id"]: PortOutSurroundings(
            number_count=row["number_count"],
            is_first_to_this_carrier=row["is_first_to_this_carrier"],
            acts={ShieldAct(act) for act in row["acts"]},
        )
        for row in rows
    }
