"""How fast requests of 1, 100 and 10,000 lines are submitted, against the raw transaction."""

from collections.abc import Sequence

from bench.drafts import Office, make_numbers, open_office
from bench.measuring import Result, Stopwatch, compare, take_turns
from deploy.local.servers import Servers
from libs.contracts.phone_number import PhoneNumber
from services.porting.use_cases.submitting import submit_request

# Lines of a request, requests in a round, and the goal.
SIZES = ((1, 60, 4.0), (100, 20, 3.0), (10_000, 1, 3.0))

_READY = "UPDATE lines SET state = 'READY' WHERE port_request_id = $1"
_SUBMITTED = """
    UPDATE port_requests
    SET status = 'IN_REVIEW', status_since = now(), submitted_at = now(), version = version + 3
    WHERE id = $1
"""
_OUTBOX = ("event_id", "source", "subject", "sequence", "type", "traceparent", "body")


async def measure_submit(servers: Servers) -> list[Result]:
    async with open_office(servers) as office:
        return [
            await _measure(office, lines, requests, goal) for lines, requests, goal in SIZES
        ]


async def _measure(office: Office, lines: int, requests: int, goal: float) -> Result:
    numbers = make_numbers(lines * requests, exchange=736)
    parts = [numbers[start : start + lines] for start in range(0, len(numbers), lines)]
    events = await _record_events(office, parts)

    async def submit_raw() -> float:
        request_ids = await _fill(office, parts)
        watch = Stopwatch()
        for request_id, records in zip(request_ids, events, strict=True):
            async with office.owner.transaction():
                await office.owner.execute(_READY, request_id)
                await office.owner.copy_records_to_table(
                    "outbox",
                    columns=_OUTBOX,
                    records=[(*_[:2], request_id, *_[3:]) for _ in records],
                )
                await office.owner.execute(_SUBMITTED, request_id)
        return 1e3 * watch.seconds / requests

    async def submit() -> float:
        request_ids = await _fill(office, parts)
        watch = Stopwatch()
        for request_id in request_ids:
            async with office.database.transaction(office.member) as connection:
                await submit_request(connection, office.member, request_id)
        return 1e3 * watch.seconds / requests

    ratio, figures = compare(await take_turns(submit_raw, submit))
    return Result(
        name=f"submitting {lines:,} lines to the rows alone",
        value=ratio,
        goal=goal,
        more_is_better=False,
        detail=f"ms a request: {figures}",
    )


async def _fill(office: Office, parts: Sequence[Sequence[PhoneNumber]]) -> list[str]:
    await office.forget()
    request_ids = [await office.add_full_draft(numbers) for numbers in parts]
    await office.owner.execute("ANALYZE lines")
    return request_ids


async def _record_events(
    office: Office, parts: Sequence[Sequence[PhoneNumber]]
) -> list[list[tuple[object, ...]]]:
    """What a submission tells, for the raw transaction to tell the same."""
    events = []
    for request_id in await _fill(office, parts):
        await office.owner.execute("TRUNCATE outbox")
        async with office.database.transaction(office.member) as connection:
            await submit_request(connection, office.member, request_id)
        rows = await office.owner.fetch(f"SELECT {', '.join(_OUTBOX)} FROM outbox")
        events.append([tuple(row) for row in rows])
    return events
