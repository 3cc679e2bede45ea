"""Where spans go: an OTLP collector over HTTP, in batches, from a thread of its own."""

from typing import Final
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# The relay's and a consumer's batches of 500 come many at once; what does not fit is not told.
_MOST_WAITING: Final = 16_384


def open_provider(service: str, url: str) -> TracerProvider:
    """Its `shutdown` sends what is left.

    How much is told, how often and with which headers is said by OpenTelemetry's own variables.
    """
    resource = Resource.create({"service.namespace": "portline", "service.name": service})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=url, session=_session_to(url))
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_MOST_WAITING))
    return provider


def _session_to(url: str) -> requests.Session:
    """A collector on this machine is met directly, whatever proxy the environment names."""
    session = requests.Session()
    session.trust_env = urlsplit(url).hostname not in {"127.0.0.1", "::1", "localhost"}
    return session
