"""Notices in PostgreSQL."""

from collections.abc import Sequence
from typing import Final

import orjson

from libs.common.database import Connection
from libs.common.ids import new_id
from services.notifications.domain.notices import Notice

# What is there already is told already, or about to be.
_ADD: Final = """
    INSERT INTO notices (
      notice_id, message, key, account_id, company_ids, requester_id, subject, occurred_at,
      due_at, content, traceparent
    )
    SELECT notice_id, message, key, account_id, string_to_array(company_ids, ','),
      requester_id, subject, occurred_at, due_at, content, traceparent
    FROM unnest(
      $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
      $8::timestamptz[], $9::timestamptz[], $10::jsonb[], $11::text[]
    ) AS given (
      notice_id, message, key, account_id, company_ids, requester_id, subject, occurred_at,
      due_at, content, traceparent
    )
    ON CONFLICT ON CONSTRAINT each_thing_is_told_once DO NOTHING
"""
STATEMENTS: Final = (_ADD,)


async def add_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    if not notices:
        return
    await connection.execute(
        _ADD,
        [new_id("ntc") for _ in notices],
        [each.message for each in notices],
        [each.key for each in notices],
        [each.account_id for each in notices],
        [",".join(each.company_ids) for each in notices],
        [each.requester_id for each in notices],
        [each.subject for each in notices],
        [each.occurred_at for each in notices],
        [each.due_at for each in notices],
        [orjson.dumps(each.content).decode() for each in notices],
        [each.traceparent for each in notices],
    )
