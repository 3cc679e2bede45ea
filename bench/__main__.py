"""`python -m bench [NAME]`: one line for each goal; exit 1 where one is short."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable

import uvloop

from bench.calls import measure_calls
from bench.consumer import measure_consumer
from bench.delivery import measure_throughput
from bench.desk_queue import measure_desk_queue
from bench.idle import measure_idle
from bench.intake import measure_intake
from bench.inventory import measure_inventory
from bench.latency import measure_latency
from bench.listing import measure_listing
from bench.live_latency import measure_live_latency
from bench.measuring import Result
from bench.preconfigure import measure_preconfiguration
from bench.relay import measure_relay
from bench.routing import measure_routing
from bench.submit import measure_submit
from bench.subscribers import measure_subscribers
from bench.webhooks import measure_webhooks
from deploy.local.guard import Guard
from deploy.local.servers import Servers, provide_servers
from libs.common.serve import calm_garbage_collector

Benchmark = Callable[[Servers], Awaitable[list[Result]]]

BENCHMARKS: dict[str, Benchmark] = {
    "relay": measure_relay,
    "consumer": measure_consumer,
    "throughput": measure_throughput,
    "latency": measure_latency,
    "live_latency": measure_live_latency,
    "subscribers": measure_subscribers,
    "listing": measure_listing,
    "intake": measure_intake,
    "submit": measure_submit,
    "preconfigure": measure_preconfiguration,
    "desk_queue": measure_desk_queue,
    "calls": measure_calls,
    "routing": measure_routing,
    "inventory": measure_inventory,
    "webhooks": measure_webhooks,
    "idle": measure_idle,
}


def main(arguments: list[str]) -> int:
    if unknown := set(arguments) - BENCHMARKS.keys():
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    logging.disable(logging.INFO)
    calm_garbage_collector()
    results: list[Result] = []
    with Guard() as guard, provide_servers(guard, durable=True) as servers:
        for name in arguments or BENCHMARKS:
            # As services run: on uvloop.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                for result in runner.run(BENCHMARKS[name](servers)):
                    print(result, flush=True)
                    results.append(result)
    return 1 if any(result.is_short for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
