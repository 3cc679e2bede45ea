"""Three small subgraphs with the same shapes as ours, and everything a gateway can do wrong with them."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import Info

SECRET_WORDS = "select pin from letters where host = db-7.internal"


@dataclass
class Seen:
    """What reached the subgraphs."""

    headers: list[dict[str, str]] = field(default_factory=list)
    unsigned: int = 0
    streams: int = 0
    counted: int = 0
    entity_calls: list[int] = field(default_factory=list)


seen = Seen()


def authorization_of(info: Info) -> str:
    """The bearer token as the subgraph got it: by header, or by connection_init on a socket."""
    params = info.context.get("connection_params") or {}
    return params.get("authorization") or info.context["request"].headers.get(
        "authorization", ""
    )


@strawberry.federation.type(keys=["id"])
class TrackingNumber:
    id: strawberry.ID
    state: str
    digits: list[int]

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> "TrackingNumber | None":
        if id == "num_fault":
            raise RuntimeError(SECRET_WORDS)
        if id == "num_slow":
            await asyncio.sleep(0.3)
        if id == "num_counted":
            seen.counted += 1
            return cls(id=id, state=f"read {seen.counted}", digits=[1])
        return None if id == "num_unknown" else cls(id=id, state=f"state of {id}", digits=[1])


@strawberry.type
class NumbersQuery:
    @strawberry.field
    def numbers_caller(self, info: Info) -> str:
        return authorization_of(info)

    @strawberry.field
    def number(self) -> TrackingNumber:
        return TrackingNumber(id=strawberry.ID("num_1"), state="ACTIVE", digits=[1, 2])


@strawberry.federation.type(name="TrackingNumber", keys=["id"])
class NumberReference:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"])
class PortRequest:
    id: strawberry.ID
    name: str
    tracking_number: NumberReference | None
    lines: list[NumberReference | None]

    @strawberry.field
    def later(self, first: int | None = None) -> list["PortRequest"]:
        return [port_request("pr_2")][:first]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "PortRequest | None":
        return None if id == "pr_unknown" else port_request(id)


def port_request(id: str, number: str = "num_1") -> PortRequest:
    reference = NumberReference(id=strawberry.ID(number))
    return PortRequest(
        id=strawberry.ID(id), name=id, tracking_number=reference, lines=[reference]
    )


@strawberry.type
class RequestEdge:
    node: PortRequest


@strawberry.type
class RequestConnection:
    edges: list[RequestEdge]


@strawberry.type
class StatusChange:
    version: int
    port_request: PortRequest


@strawberry.type
class PortingQuery:
    @strawberry.field
    async def caller(self, info: Info) -> str:
        await asyncio.sleep(0.05)
        return authorization_of(info)

    @strawberry.field
    def headers(self, info: Info) -> list[str]:
        return sorted(f"{k}: {v}" for k, v in info.context["request"].headers.items())

    @strawberry.field
    def port_request(self, number: str = "num_1") -> PortRequest:
        return port_request("pr_1", number)

    @strawberry.field
    def port_requests(self, first: int | None = None) -> RequestConnection:
        return RequestConnection(edges=[RequestEdge(node=port_request("pr_1"))][:first])

    @strawberry.field
    def large_request(self, lines: int) -> PortRequest:
        references = [NumberReference(id=strawberry.ID(f"num_{n}")) for n in range(lines)]
        return PortRequest(
            id=strawberry.ID("pr_1"), name="large", tracking_number=None, lines=references
        )

    @strawberry.field
    async def slow(self, seconds: float) -> str | None:
        await asyncio.sleep(seconds)
        return "done"

    @strawberry.field
    def fault(self) -> str | None:
        raise RuntimeError(SECRET_WORDS)

    @strawberry.field
    def refused(self) -> str | None:
        extensions = {"code": "FORBIDDEN", "table": SECRET_WORDS}
        raise GraphQLError("A viewer may not submit.", extensions=extensions)


@strawberry.type
class PortingMutation:
    @strawberry.mutation
    async def rename(self, name: str, seconds: float = 0) -> PortRequest:
        await asyncio.sleep(seconds)
        return port_request(name)


@strawberry.type
class PortingSubscription:
    @strawberry.subscription
    async def port_status_changed(
        self, info: Info, numbers: list[str]
    ) -> AsyncGenerator[StatusChange, None]:
        """One event a number (`fault` fails it, `large` is 20 kB); then silence until cancelled."""
        seen.streams += 1
        try:
            for version, number in enumerate(numbers):
                if number == "mine":
                    yield StatusChange(
                        version=version, port_request=port_request(authorization_of(info))
                    )
                    continue
                name = f"pr_{version}" + ("x" * 20_000 if number == "large" else "")
                yield StatusChange(
                    version=Failing() if number == "fault" else version,
                    port_request=port_request(name, number),
                )
            await asyncio.sleep(3600)
        finally:
            seen.streams -= 1


class Failing:
    """No integer: the event's non-null `version` fails when it is answered."""

    def __str__(self) -> str:
        return SECRET_WORDS


@strawberry.federation.type(name="PortRequest", keys=["id"])
class NotifiedRequest:
    id: strawberry.ID
    notices: list[str]
    newest: str | None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "NotifiedRequest":
        return cls(id=id, notices=[f"notice of {id}"], newest=f"notice of {id}")


@strawberry.type
class NotificationsQuery:
    @strawberry.field
    def feed(self) -> list[str]:
        return ["a notice"]


class SignatureCheck(SchemaExtension):
    """The gateway's hop signature, checked as a service does it."""

    def on_operation(self) -> Any:
        context = self.execution_context
        params = (context.context or {}).get("connection_params")
        if params is not None:
            given = params.get("x-portline-signature")
            text = params.get("authorization", "")
        else:
            given = (context.operation_extensions or {}).get("hmac-signature")
            signed = {"query": context.query, "variables": context.variables}
            text = canonical({name: part for name, part in signed.items() if part})
        calls = [v for v in (context.variables or {}).values() if isinstance(v, list)]
        seen.entity_calls += [len(v) for v in calls if v and isinstance(v[0], dict)]
        seen.unsigned += given != signature_of(text)
        yield


def canonical(signed: dict[str, Any]) -> str:
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def signature_of(text: str) -> str:
    return base64.b64encode(
        hmac.digest(b"a secret that nobody guesses, of the hop", text.encode(), "sha256")
    ).decode()


def schema(query: type, **roots: type) -> strawberry.federation.Schema:
    return strawberry.federation.Schema(
        query=query, federation_version="2.9", extensions=[SignatureCheck], **roots
    )


SCHEMAS = {
    "porting": schema(
        PortingQuery, mutation=PortingMutation, subscription=PortingSubscription
    ),
    "numbers": schema(NumbersQuery),
    "notifications": schema(NotificationsQuery, types=[NotifiedRequest]),
}


class Subgraph(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: HTTPConnection, response: Any) -> dict[str, Any]:
        seen.headers.append(dict(request.headers))
        return {"request": request, "response": response}


def subgraph_app(name: str) -> Subgraph:
    return Subgraph(
        SCHEMAS[name],
        graphql_ide=None,
        subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        max_subscriptions_per_connection=None,
    )
