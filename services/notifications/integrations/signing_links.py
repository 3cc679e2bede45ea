"""Signing links: asks porting whom a letter goes to and by which link, when its mail is sent.

What it answers holds a token: it goes into that one mail, and is neither kept nor logged (S53).
"""

import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

SCOPE: Final = "letters:deliver"
_TIMEOUT_S: Final = 10
# A porting or issuer on this machine is asked directly, whatever proxy the environment names.
_PAST_THE_PROXY: Final = {"all://127.0.0.1": None, "all://localhost": None}
# A token this near to its end is not used any more.
_SPARE_S: Final = 30
_SHORTEST_LIFE_S: Final = 60


class LinkIsOver(Exception):
    """The link was used, replaced, or has run out: nobody needs its mail any more."""


class PortingNotReached(Exception):
    """Says at which step and why, never what was answered."""


@dataclass(frozen=True, kw_only=True)
class SigningLink:
    """Whom a letter goes to, and the link that opens it."""

    name: str
    address: str
    url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SigningPlace:
    """Where signers are asked for, and who asks there: a client that `token_url` knows."""

    porting_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)


def open_signing_links(place: SigningPlace) -> "SigningLinks":
    client = httpx.AsyncClient(mounts=_PAST_THE_PROXY)
    tokens = MachineTokens(place.token_url, place.client_id, place.client_secret, client)
    return SigningLinks(place.porting_url, tokens, client)


class MachineTokens:
    """By client credentials (RFC 6749 4.4): one token, until it is about to end."""

    def __init__(
        self, url: str, client_id: str, client_secret: str, client: httpx.AsyncClient
    ) -> None:
        self._url = url
        self._credentials = (client_id, client_secret)
        self._client = client
        self._token = ""
        self._good_until = 0.0

    async def get(self) -> str:
        if time.monotonic() >= self._good_until:
            answer = await self._client.post(
                self._url,
                auth=self._credentials,
                data={"grant_type": "client_credentials", "scope": SCOPE},
                timeout=_TIMEOUT_S,
            )
            if answer.status_code != HTTPStatus.OK:
                raise PortingNotReached(f"token: {answer.status_code}")
            given = answer.json()
            self._token = str(given["access_token"])
            life_s = max(_SHORTEST_LIFE_S, float(given.get("expires_in", 0)))
            self._good_until = time.monotonic() + life_s - _SPARE_S
        return self._token

    def forget(self) -> None:
        self._good_until = 0.0


class SigningLinks:
    def __init__(
        self, porting_url: str, tokens: MachineTokens, client: httpx.AsyncClient
    ) -> None:
        self._url = porting_url.rstrip("/")
        self._tokens = tokens
        self._client = client

    async def find(self, link_id: str) -> SigningLink:
        """Raises LinkIsOver or PortingNotReached."""
        try:
            return await self._find(link_id)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise PortingNotReached(f"link: {type(error).__name__}") from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _find(self, link_id: str) -> SigningLink:
        answer = await self._client.get(
            f"{self._url}/signing-links/{link_id}",
            headers={"authorization": f"Bearer {await self._tokens.get()}"},
            timeout=_TIMEOUT_S,
        )
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise LinkIsOver
        if answer.status_code != HTTPStatus.OK:
            self._tokens.forget()
            raise PortingNotReached(f"link: {answer.status_code}")
        given: dict[str, Any] = answer.json()
        return SigningLink(
            name=str(given["recipient"]["name"]),
            address=str(given["recipient"]["email"]),
            url=str(given["url"]),
        )
