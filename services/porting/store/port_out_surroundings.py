"""What happened around port-outs, read from PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection
from libs.contracts.number_events import MemberChanged
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
      EXISTS (
        SELECT
        FROM administrator_changes AS latest
        WHERE latest.account_id = asked.account_id
          AND latest.changed_at >= asked.received_at - $2::interval
          AND latest.changed_at <= asked.answer_by
      ) AS administrators_changed,
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

# Of members who are administrators now or were until now: before their copies are renewed.
_NOTE_CHANGES: Final = """
    INSERT INTO administrator_changes (account_id, changed_at)
    SELECT heard.account_id, max(heard.at)
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
      AS heard (account_id, member_id, role, at)
    LEFT JOIN members AS known ON known.member_id = heard.member_id
    WHERE 'ADMINISTRATOR' IN (heard.role, known.role)
    GROUP BY heard.account_id
    ON CONFLICT (account_id) DO UPDATE
    SET changed_at = greatest(administrator_changes.changed_at, excluded.changed_at)
"""


async def note_administrator_changes(
    connection: Connection, changes: Sequence[tuple[str, datetime, MemberChanged]]
) -> None:
    """Each of an account at an instant; those of other members are left out."""
    await connection.execute(
        _NOTE_CHANGES,
        [account_id for account_id, _, _ in changes],
        [fact.member_id for _, _, fact in changes],
        [fact.role for _, _, fact in changes],
        [at for _, at, _ in changes],
    )


async def find_surroundings(
    connection: Connection, port_out_ids: Sequence[str]
) -> dict[str, PortOutSurroundings]:
    rows = await connection.fetch(_FIND, list(port_out_ids), LATELY)
    return {
        row["id"]: PortOutSurroundings(
            number_count=row["number_count"],
            is_first_to_this_carrier=row["is_first_to_this_carrier"],
            administrators_changed=row["administrators_changed"],
            acts={ShieldAct(act) for act in row["acts"]},
        )
        for row in rows
    }
