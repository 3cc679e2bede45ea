"""The same against the use cases as the real roles: two accounts that want one number."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from anyio import from_thread, to_thread
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from libs.common.caller import Member
from libs.common.database import Database
from libs.contracts.number_events import PreconfigurationRefused, RefusedLine
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.lines import FAULTY, TERMINAL, LineEvent, LineState
from services.porting.domain.requests import FINAL, PortRequestStatus
from services.porting.use_cases import (
    activating,
    cancelling,
    carrier,
    faults,
    resubmitting,
    submitting,
)
from services.porting.use_cases.activating import start_due_activations
from services.porting.use_cases.expiring import look_at_idle_request
from services.porting.use_cases.resubmitting import Correction
from tests.porting.builders import (
    IDLE_LIMITS,
    SUPPORT,
    House,
    a_full_draft,
    a_line,
    first_call,
    found_house,
    hear,
    heard,
    let_pass,
    lines_of,
    now,
    phone,
    preconfigure,
    request_of,
)
from tests.porting.test_lines import recomputed

_places = count(100)
_heard = count(1)

CODES = ("PIN_INVALID", "ADDRESS_MISMATCH", "SV_CONFLICT", "nobody knows this")
SUBSETS = st.sampled_from([None, (0,), (1,), (0, 1), (2,)])


@dataclass
class Watched:
    """One request, and what was known of it after the last move."""

    house: House
    requester: Member
    id: str
    numbers: list[str]
    states: dict[str, LineState] = field(default_factory=dict)
    status: PortRequestStatus = PortRequestStatus.DRAFT
    version: int = 0


class MovesOnPostgreSQL(RuleBasedStateMachine):
    """Each rule is one command or message; refusals are expected, faults are not."""

    database: Database

    requests = st.sampled_from([0, 0, 0, 1])

    @initialize(by_manager=st.booleans(), is_sent=st.sampled_from([True, True, False]))
    def start(self, by_manager, is_sent):
        """Most of what can happen happens at the carrier: as a rule the first is there."""
        from_thread.run(self._start, by_manager)
        if is_sent:
            self.submit(0)
            self.authorize(0)
            self.numbers_are_preconfigured(0)
            self.send(0)

    async def _start(self, by_manager):
        wanted_twice, *others = [phone(next(_places)) for _ in range(5)]
        self.watched = []
        for numbers in ([wanted_twice, *others[:2]], [wanted_twice, *others[2:]]):
            house = await found_house(self.database)
            caller = house.manager if by_manager else house.administrator
            added = [a_line(house.dental, number) for number in numbers]
            request_id = await a_full_draft(self.database, caller, house.dental, added)
            watched = Watched(house=house, requester=caller, id=request_id, numbers=numbers)
            self.watched.append(watched)
            await self._check(watched)

    def act(self, which, command, *arguments, caller=None, **named):
        """A use case as `caller`, by default as support, on one of the two requests."""
        watched = self.watched[which]
        who = caller or SUPPORT

        async def run():
            try:
                async with self.database.transaction(who) as connection:
                    await command(connection, who, watched.id, *arguments, **named)
            except (Refusal, Refused):
                pass
            for each in self.watched:
                await self._check(each)

        from_thread.run(run)

    def hear(self, which, listen):
        """A message or a timer of one of the requests."""
        watched = self.watched[which]

        async def run():
            await listen(watched)
            for each in self.watched:
                await self._check(each)

        from_thread.run(run)

    def chosen(self, which, places):
        numbers = self.watched[which].numbers
        return None if places is None else [numbers[place] for place in places]

    @rule(which=requests)
    def submit(self, which):
        caller = self.watched[which].requester
        self.act(which, submitting.submit_request, caller=caller)

    @rule(which=requests)
    def authorize(self, which):
        caller = self.watched[which].house.second_administrator
        self.act(which, submitting.authorize_request, caller=caller)

    @rule(which=requests)
    def numbers_are_preconfigured(self, which):
        async def listen(watched):
            if watched.status is not PortRequestStatus.DRAFT:
                await preconfigure(self.database, watched.id)

        self.hear(which, listen)

    @rule(which=requests)
    def numbers_refuse_a_line(self, which):
        async def listen(watched):
            line, *_ = await lines_of(self.database, watched.id)
            refused = RefusedLine(
                line_id=line.id, tracking_number=line.tracking_number, code="FORWARDING_LOOP"
            )
            fact = PreconfigurationRefused(
                account_id=watched.house.id, refused_count=1, lines=[refused]
            )
            said = heard(fact, subject=watched.id, sequence=next(_heard))
            await hear(self.database, said)

        self.hear(which, listen)

    @rule(which=requests)
    def send(self, which):
        self.act(which, carrier.send_to_carrier)

    @rule(which=requests, days=st.sampled_from([9, 9, 5, 1, 0]), places=SUBSETS)
    def firm_date(self, which, days, places):
        day = now().date() + timedelta(days=days)
        self.act(which, carrier.record_firm_date, day, self.chosen(which, places))

    @rule(
        which=requests,
        event=st.sampled_from(
            [LineEvent.REJECTED, LineEvent.CONFLICT_RAISED, LineEvent.ACTIVATION_FAILED]
        ),
        code=st.sampled_from(CODES),
        places=SUBSETS,
    )
    def fault(self, which, event, code, places):
        self.act(
            which,
            faults.record_fault,
            event,
            code=code,
            carrier_text=None,
            numbers=self.chosen(which, places),
        )

    @rule(which=requests, places=SUBSETS)
    def not_portable(self, which, places):
        numbers = self.chosen(which, places)
        self.act(which, faults.record_not_portable, code="NOT_PORTABLE", numbers=numbers)

    @rule(which=requests, places=SUBSETS)
    def start_moving(self, which, places):
        self.act(which, activating.start_activation, self.chosen(which, places))

    @rule(which=requests, places=SUBSETS)
    def ported(self, which, places):
        self.act(which, carrier.record_ported, now(), self.chosen(which, places))

    @rule(which=requests, place=st.integers(0, 2))
    def call(self, which, place):
        async def listen(watched):
            number = watched.numbers[place]
            await hear(self.database, first_call(watched.house, watched.id, number, now()))

        self.hear(which, listen)

    @rule(which=requests, places=SUBSETS)
    def go_back(self, which, places):
        numbers = self.chosen(which, places)
        self.act(which, activating.record_snapback, numbers, "Undone")

    @rule(which=requests, places=st.sampled_from([(0,), (1,), (0, 1), (2,)]))
    def correct(self, which, places):
        caller = self.watched[which].requester
        corrections = [
            Correction(number=number, note="Put right")
            for number in self.chosen(which, places)
        ]
        self.act(which, resubmitting.correct_lines, corrections, caller=caller)

    @rule(which=requests, places=st.sampled_from([(0,), (1,), (2,)]))
    def drop(self, which, places):
        caller = self.watched[which].requester
        numbers = self.chosen(which, places)
        self.act(which, resubmitting.drop_lines, numbers, None, caller=caller)

    @rule(which=requests, places=SUBSETS)
    def send_again(self, which, places):
        caller = self.watched[which].requester
        numbers = self.chosen(which, places)
        self.act(which, resubmitting.resubmit_request, numbers, caller=caller)

    @rule(which=requests)
    def sign_again(self, which):
        async def listen(watched):
            async with self.database.working() as connection:
                await connection.execute(
                    "UPDATE letters SET signed_at = now() WHERE port_request_id = $1",
                    watched.id,
                )

        self.hear(which, listen)

    @rule(which=requests, by_support=st.booleans())
    def cancel(self, which, by_support):
        caller = SUPPORT if by_support else self.watched[which].requester
        self.act(which, cancelling.cancel_request, None, caller=caller)

    @rule(which=requests, is_confirmed=st.booleans(), places=SUBSETS)
    def answer_the_cancelling(self, which, is_confirmed, places):
        self.act(
            which,
            cancelling.record_cancellation,
            self.chosen(which, places),
            is_confirmed=is_confirmed,
            reason=None,
        )

    @rule(which=requests, days=st.sampled_from([0, 0, 30, 50]))
    def idle_clock(self, which, days):
        async def listen(watched):
            await let_pass(self.database, watched.id, timedelta(days=days))
            async with self.database.working() as connection:
                await look_at_idle_request(connection, watched.id, IDLE_LIMITS)

        self.hear(which, listen)

    @rule(which=requests)
    def firm_date_comes(self, which):
        async def listen(watched):
            async with self.database.working() as connection:
                await start_due_activations(connection, watched.id)

        self.hear(which, listen)

    async def _check(self, watched):
        request = await request_of(self.database, watched.id)
        lines = await lines_of(self.database, watched.id)
        states = {line.tracking_number: line.state for line in lines}
        assert request.sent_at is None or request.status is recomputed([*states.values()])
        self._check_what_is_final(watched, request.status, states)
        if (states, request.status) != (watched.states, watched.status):
            assert request.version > watched.version
        assert request.version >= watched.version
        watched.states, watched.status = states, request.status
        watched.version = request.version
        async with self.database.working() as connection:
            await self._check_rows(connection, watched)
            open_faults = await connection.fetch(
                """
                SELECT DISTINCT line_id FROM faults
                WHERE port_request_id = $1 AND line_id IS NOT NULL AND closed_at IS NULL
                """,
                watched.id,
            )
        faulty = {row["line_id"] for row in open_faults}
        assert {line.id for line in lines if line.state in FAULTY} <= faulty
        assert not faulty & {line.id for line in lines if line.state in TERMINAL}

    def _check_what_is_final(self, watched, status, states):
        # From a draft, also a line that can never move may be taken out.
        present = states if status is not PortRequestStatus.DRAFT else watched.states | states
        for number, before in watched.states.items():
            if before in TERMINAL and present[number] is not before:
                assert (before, present[number]) == (LineState.PORTED, LineState.REVERTED)
        if watched.status in FINAL:
            assert status is watched.status

    async def _check_rows(self, connection, watched):
        """Every version has one event and one row of history, and somebody who made it."""
        rows = await connection.fetch(
            """
            SELECT event.sequence, event.type, entry.version, entry.event_type, entry.actor
            FROM outbox AS event
            FULL JOIN history AS entry
              ON entry.port_request_id = event.subject AND entry.version = event.sequence
            WHERE event.subject = $1 OR entry.port_request_id = $1
            ORDER BY event.sequence
            """,
            watched.id,
        )
        assert [row["sequence"] for row in rows] == [*range(1, watched.version + 1)]
        for row in rows:
            assert (row["sequence"], row["type"]) == (row["version"], row["event_type"])
            assert row["actor"] == "system" or row["actor"].startswith(("member:", "support:"))
        claimed_twice = await connection.fetchval(
            """
            SELECT count(*) FROM (
              SELECT tracking_number FROM lines
              WHERE state <> ALL($1::text[]) AND state <> 'ADDED'
              GROUP BY tracking_number HAVING count(*) > 1
            ) AS twice
            """,
            [*TERMINAL],
        )
        assert claimed_twice == 0


async def test_random_moves_of_all_actors_keep_every_invariant(database):
    class Machine(MovesOnPostgreSQL):
        pass

    Machine.database = database
    await to_thread.run_sync(
        lambda: run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=10,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
    )
