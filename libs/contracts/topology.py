"""Which exchanges and queues there are, and which events each service hears."""

from typing import Final

from libs.common.broker import Queue, Topology

EVENTS: Final = "portline.events"
REPORTS: Final = "portline.reports"
LIVE: Final = "portline.live"

PORTING_EVENTS: Final = Queue(name="porting.events", exchange=EVENTS, keys=("numbers.#",))
PORTING_REPORTS: Final = Queue(
    name="porting.port_outs", exchange=REPORTS, keys=("port_outs.reported.v1",)
)
NUMBERS_EVENTS: Final = Queue(
    name="numbers.events",
    exchange=EVENTS,
    keys=(
        "porting.port_submitted.v1",
        "porting.port_declined.v1",
        "porting.port_cancelled.v1",
        "porting.port_expired.v1",
        "porting.port_completed.v1",
        "porting.lines_readied.v1",
        "porting.review_started.v1",
        "porting.lines_ported.v1",
        "porting.lines_cancelled.v1",
        "porting.lines_not_portable.v1",
        "porting.lines_reverted.v1",
        "porting.port_out_received.v1",
        "porting.port_out_authorized.v1",
        "porting.port_out_rejected.v1",
        "porting.port_out_cancelled.v1",
        "porting.port_out_ported.v1",
        "porting.port_out_disputed.v1",
        "porting.port_out_dispute_refused.v1",
        "porting.port_out_returned.v1",
        "porting.port_out_confirmed.v1",
    ),
)
NUMBERS_REPORTS: Final = Queue(
    name="numbers.calls", exchange=REPORTS, keys=("calls.call_received.v1",)
)
NUMBERS_STANDINGS: Final = Queue(
    name="numbers.standings", exchange=REPORTS, keys=("accounts.standing_changed.v1",)
)
NOTIFICATIONS_EVENTS: Final = Queue(
    name="notifications.events", exchange=EVENTS, keys=("porting.#", "numbers.#")
)

TOPOLOGY: Final = Topology(
    exchanges=(EVENTS, REPORTS, LIVE),
    queues=(
        PORTING_EVENTS,
        PORTING_REPORTS,
        NUMBERS_EVENTS,
        NUMBERS_REPORTS,
        NUMBERS_STANDINGS,
        NOTIFICATIONS_EVENTS,
    ),
    streams=(
        # Every event for whoever comes later; also makes every event routable.
        Queue(name="portline.stream", exchange=EVENTS, keys=("#",)),
    ),
)
