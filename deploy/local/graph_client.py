"""Asking the gateway as a page would: operations by name, and subscriptions over a WebSocket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import DocumentNode, parse, separate_operations

OPERATIONS: Mapping[str, DocumentNode] = separate_operations(
    parse((Path(__file__).parent / "journey.graphql").read_text())
)


class RefusedError(Exception):
    """A mutation answered with user errors, each a mapping with `code`, `message`, `path`."""

    def __init__(self, operation: str, user_errors: list[dict[str, Any]]) -> None:
        said = " ".join(f"{fault['code']}: {fault['message']}" for fault in user_errors)
        super().__init__(f"{operation} was refused: {said}")
        self.user_errors = user_errors


class GraphClient:
    """One person, or machine, by their token; all they ask is in the trace that they name."""

    def __init__(self, gateway_url: str, token: str, traceparent: str | None = None) -> None:
        self._url = f"{gateway_url}/graphql"
        self._authorization = f"Bearer {token}"
        self._trace = {"traceparent": traceparent} if traceparent else {}

    async def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The answer's data. Raises `gql.transport.exceptions.TransportError`."""
        headers = {"authorization": self._authorization, **self._trace}
        transport = HTTPXAsyncTransport(url=self._url, headers=headers, timeout=30)
        async with Client(transport=transport) as session:
            answer: dict[str, Any] = await session.execute(_request(operation, variables))
            return answer

    async def do(self, operation: str, **given: Any) -> dict[str, Any]:
        """The payload of a mutation whose only variable is `input`. Raises `RefusedError`."""
        answer = await self.ask(operation, input=given)
        [payload] = answer.values()
        if payload["userErrors"]:
            raise RefusedError(operation, payload["userErrors"])
        payload.pop("userErrors")
        [result] = payload.values()
        return dict(result)

    @asynccontextmanager
    async def listen(
        self, operation: str, **variables: Any
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The events of a subscription."""
        transport = WebsocketsTransport(
            url=self._url.replace("http", "ws", 1),
            init_payload={"authorization": self._authorization},
        )
        async with Client(transport=transport) as session:
            yield _events(session.subscribe(_request(operation, variables)))


async def _events(answers: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    async for answer in answers:
        [event] = answer.values()
        yield event


def _request(operation: str, variables: Mapping[str, Any]) -> GraphQLRequest:
    return GraphQLRequest(OPERATIONS[operation], variable_values=dict(variables))


__all__ = ["GraphClient", "RefusedError", "TransportError"]
