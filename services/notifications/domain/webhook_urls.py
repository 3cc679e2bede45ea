"""Where a webhook may be sent: which URLs, and which addresses their names may stand for.

Whoever names a URL makes us connect to it, from within our network (OWASP API7, SSRF). A name may
stand for another address by the next attempt, so the address is judged each time, at the moment of
connecting (integrations/webhook_posts.py).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import quote, unquote, unquote_plus

import httpx

Address: TypeAlias = IPv4Address | IPv6Address

LONGEST_URL: Final = 2_000
# What is shorter is nobody's secret, and stands in many an answer.
_SHORTEST_TOKEN: Final = 6
LISTEN_PORTS: Final = frozenset({443, 8443, 9443})
_HTTPS: Final = 443
_HTTP: Final = 80
_VISIBLE: Final = re.compile(r"[^\s\x00-\x20\x7f\\]+")

# IANA's special-purpose registry, and the metadata address of a cloud that stands outside of it.
_REFUSED_V4: Final = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Only what is given to networks is public; this leaves out loopback, link-local, unique local,
# multicast, IPv4-mapped and NAT64 (64:ff9b::/96) addresses at once.
_GIVEN_V6: Final = ip_network("2000::/3")
_REFUSED_V6: Final = tuple(
    ip_network(each)
    for each in (
        "2001::/23",  # Teredo, ORCHID, benchmarks: protocols, not hosts
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address within
        "3fff::/20",
    )
)


class UrlFault(StrEnum):
    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"
    NOT_HTTPS = "not_https"
    CREDENTIALS = "credentials"
    LISTEN_PORT = "listen_port"
    FRAGMENT = "fragment"
    ADDRESS = "address"


class UrlNotAllowed(Exception):
    def __init__(self, fault: UrlFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class UrlRules:
    """`allows_loopback` is for development: receivers on this machine, over http, on any port."""

    allows_loopback: bool = False

    def may_connect(self, text: str) -> bool:
        """Whether an address, as a resolver tells it, may be connected to."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return is_public(address) or (self.allows_loopback and address.is_loopback)


@dataclass(frozen=True, kw_only=True)
class WebhookUrl:
    """Read once; `host` is in ASCII, `target` the path with its query."""

    text: str
    scheme: str
    host: str
    listen_port: int
    target: str


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return (
        address.scope_id is None
        and address in _GIVEN_V6
        and not any(address in network for network in _REFUSED_V6)
    )


def read_url(text: str, rules: UrlRules) -> WebhookUrl:
    """Raises `UrlNotAllowed`. What its name stands for is judged when it is connected to."""
    url = _parse(text)
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    listen_port = url.port
    if listen_port is None:
        listen_port = _HTTPS if url.scheme == "https" else _HTTP
    if not (rules.allows_loopback and _names_loopback(host)):
        if url.scheme != "https":
            raise UrlNotAllowed(UrlFault.NOT_HTTPS)
        if listen_port not in LISTEN_PORTS:
            raise UrlNotAllowed(UrlFault.LISTEN_PORT)
    return WebhookUrl(
        text=str(url),
        scheme=url.scheme,
        host=host,
        listen_port=listen_port,
        target=url.raw_path.decode("ascii"),
    )


def without_query(url: str) -> str:
    """For whoever must not read what a customer put there: perhaps a token of its receiver."""
    path, mark, _ = url.partition("?")
    return f"{path}?…" if mark else url


def tokens_in(url: WebhookUrl) -> tuple[str, ...]:
    """The query and its values as an answer may repeat them, the longest first."""
    query = url.target.partition("?")[2]
    given = [part.partition("=")[2] or part for part in query.split("&")]
    read = {way(each) for each in given for way in (str, unquote, unquote_plus)}
    found = {query, *read, *(quote(each, safe="") for each in read)}
    found |= {each.replace("/", "\\/") for each in found}
    return tuple(
        sorted((each for each in found if len(each) >= _SHORTEST_TOKEN), key=len, reverse=True)
    )


def _parse(text: str) -> httpx.URL:
    if len(text) > LONGEST_URL:
        raise UrlNotAllowed(UrlFault.TOO_LONG)
    if not _VISIBLE.fullmatch(text):
        raise UrlNotAllowed(UrlFault.UNREADABLE)
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise UrlNotAllowed(UrlFault.UNREADABLE) from None
    if url.scheme not in {"http", "https"}:
        raise UrlNotAllowed(UrlFault.NOT_HTTPS)
    if not url.raw_host.strip(b"."):
        raise UrlNotAllowed(UrlFault.UNREADABLE)
    if url.userinfo:
        raise UrlNotAllowed(UrlFault.CREDENTIALS)
    if url.fragment:
        raise UrlNotAllowed(UrlFault.FRAGMENT)
    return url


def _names_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
