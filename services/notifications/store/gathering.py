"""Notices that gather: one open one for each message, subject and company takes in the others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from libs.common.database import Connection
from services.notifications.domain.notices import Notice, merged
from services.notifications.store.notices import add_notices

# Answers those that were never gathered before.
_ADD_PARTS: Final = """
    INSERT INTO notice_parts (message, key)
    SELECT *
    FROM unnest($1::text[], $2::text[])
    ON CONFLICT ON CONSTRAINT each_part_is_gathered_once DO NOTHING
    RETURNING message, key
"""
# Whoever tells an open one has locked it, and then it is open no more.
_LOCK_OPEN: Final = """
    SELECT notice_id, notices.message, notices.subject, notices.company_ids, content
    FROM unnest($1::text[], $2::text[]) AS asked (message, subject)
    JOIN notices
      ON notices.message = asked.message
      AND notices.subject = asked.subject
      AND notices.state = 'pending'
    ORDER BY notice_id
    FOR UPDATE OF notices
"""
_SAVE_CONTENT: Final = """
    UPDATE notices
    SET content = given.content
    FROM unnest($1::text[], $2::jsonb[]) AS given (notice_id, content)
    WHERE notices.notice_id = given.notice_id
"""
# What a later notice tells as well.
_COVER: Final = """
    UPDATE notices
    SET state = 'told', reason = 'COVERED'
    FROM unnest($1::text[], $2::text[]) AS covered (message, subject)
    WHERE notices.message = covered.message
      AND notices.subject = covered.subject
      AND notices.state = 'pending'
"""
STATEMENTS: Final = (_ADD_PARTS, _LOCK_OPEN, _SAVE_CONTENT, _COVER)


async def gather_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    if not notices:
        return
    fresh = {
        (row["message"], row["key"])
        for row in await connection.fetch(
            _ADD_PARTS,
            [notice.message for notice in notices],
            [notice.key for notice in notices],
        )
    }
    bundles: dict[tuple[str, str, tuple[str, ...]], Notice] = {}
    for notice in notices:
        if (notice.message, notice.key) not in fresh:
            continue
        fresh.remove((notice.message, notice.key))
        bundle = (notice.message.value, notice.subject, notice.company_ids)
        gathered = bundles.get(bundle)
        bundles[bundle] = (
            notice
            if gathered is None
            else replace(gathered, content=merged(gathered.content, notice.content))
        )
    if not bundles:
        return
    open_ones = await connection.fetch(
        _LOCK_OPEN,
        [message for message, _, _ in bundles],
        [subject for _, subject, _ in bundles],
    )
    taken_in = []
    for row in open_ones:
        bundle = (row["message"], row["subject"], tuple(row["company_ids"]))
        if newer := bundles.pop(bundle, None):
            content = merged(orjson.loads(row["content"]), newer.content)
            taken_in.append((row["notice_id"], orjson.dumps(content).decode()))
    if taken_in:
        await connection.execute(_SAVE_CONTENT, *map(list, zip(*taken_in, strict=True)))
    await add_notices(connection, list(bundles.values()))


async def cover_notices(connection: Connection, covered: Sequence[tuple[str, str]]) -> None:
    """Open ones of these messages and subjects are told to nobody."""
    if covered:
        await connection.execute(_COVER, *map(list, zip(*covered, strict=True)))
