"""Where webhooks may go: a table of what strangers would have us connect to."""

import socket

import pytest

from services.notifications.domain.webhook_urls import (
    UrlFault,
    UrlNotAllowed,
    UrlRules,
    read_url,
)
from services.notifications.integrations.webhook_posts import AddressGate

RULES = UrlRules()
DEVELOPMENT = UrlRules(allows_loopback=True)
# What the names of these tests stand for.
NAMES = {
    "hooks.customer.com": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
    "private.customer.com": ["10.0.0.7"],
    "loopback.customer.com": ["127.0.0.1"],
    "loopback6.customer.com": ["::1"],
    "metadata.customer.com": ["169.254.169.254"],
    "both.customer.com": ["93.184.216.34", "192.168.1.1"],
    "mapped.customer.com": ["::ffff:10.0.0.7"],
    "localhost": ["127.0.0.1", "::1"],
}


async def resolve(host: str, listen_port: int) -> list[str]:
    """Numbers in the many writings that a resolver takes are read by the machine's own."""
    if host in NAMES:
        return NAMES[host]
    try:
        found = socket.getaddrinfo(host, listen_port, flags=socket.AI_NUMERICHOST)
    except OSError:
        raise OSError("nobody knows it") from None
    return [str(address[0]) for *_, address in found]


async def test_nobody_learns_which_names_our_own_network_knows() -> None:
    async def resolve(host: str, _listen_port: int) -> list[str]:
        if host == "unknown.internal":
            raise OSError
        return {"empty.internal": [], "database.internal": ["10.0.0.7"]}[host]

    gate = AddressGate(RULES, resolve)
    faults = {
        await gate.find_fault(read_url(f"https://{name}.internal/", RULES))
        for name in ("unknown", "empty", "database")
    }

    assert faults == {UrlFault.ADDRESS}


async def fault_of(url: str, rules: UrlRules = RULES) -> UrlFault | None:
    try:
        read = read_url(url, rules)
    except UrlNotAllowed as refused:
        return refused.fault
    return await AddressGate(rules, resolve).find_fault(read)


@pytest.mark.parametrize(
    "url",
    [
        # Not a URL that anything is posted to.
        "",
        "hooks.customer.com",
        "https://",
        "https:///hook",
        "https://.",
        "https://hooks.customer.com:99999/",
        "https://hooks.customer.com\\@127.0.0.1/",
        "https://hooks.customer.com/a b",
        "https://hooks.customer.com/\r\nHost: 127.0.0.1",
        "https://hooks.customer.com/" + "x" * 2_000,
        "file:///etc/passwd",
        "gopher://hooks.customer.com/",
        "ftp://hooks.customer.com/",
        "javascript:alert(1)",
        # Not encrypted, or not where webhooks are received.
        "http://hooks.customer.com/",
        "http://127.0.0.1/",
        "https://hooks.customer.com:22/",
        "https://hooks.customer.com:25/",
        "https://hooks.customer.com:5432/",
        "https://hooks.customer.com:0/",
        # Says who we are, or who somebody else is.
        "https://user:word@hooks.customer.com/",
        "https://hooks.customer.com@127.0.0.1/",
        "https://hooks.customer.com/#@127.0.0.1",
        # This machine.
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://0.0.0.0/",
        "https://127.0.0.1./",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://①②⑦.⓪.⓪.①/",
        # Networks of our own, and of our neighbours.
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://100.100.100.200/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        # What clouds tell those who ask from within.
        "https://169.254.169.254/latest/meta-data/",
        "https://0xa9fea9fe/",
        "https://168.63.129.16/",
        "https://192.0.0.192/",
        # IPv4 within IPv6.
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:a00:1::1]/",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        # Nobody's, or everybody's.
        "https://192.0.2.1/",
        "https://198.18.0.1/",
        "https://198.51.100.1/",
        "https://203.0.113.1/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[2001:db8::1]/",
        "https://[ff02::1]/",
        # Names that stand for them.
        "https://private.customer.com/",
        "https://loopback.customer.com/",
        "https://loopback6.customer.com/",
        "https://metadata.customer.com/",
        "https://both.customer.com/",
        "https://mapped.customer.com/",
        "https://unknown.customer.com/",
    ],
)
async def test_nothing_is_sent_where_no_customer_receives(url: str) -> None:
    assert await fault_of(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.customer.com/portline?key=1",
        "https://HOOKS.customer.com:8443",
        "https://hooks.customer.com:9443/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    ],
)
async def test_a_public_receiver_may_be_named(url: str) -> None:
    assert await fault_of(url) is None


async def test_only_in_development_a_receiver_is_on_this_machine() -> None:
    assert await fault_of("http://127.0.0.1:12345/hook", DEVELOPMENT) is None
    assert await fault_of("http://localhost:12345/hook", DEVELOPMENT) is None
    assert await fault_of("http://10.0.0.7:12345/", DEVELOPMENT) is UrlFault.NOT_HTTPS
    assert await fault_of("https://10.0.0.7/", DEVELOPMENT) is UrlFault.ADDRESS
    assert await fault_of("http://hooks.customer.com/", DEVELOPMENT) is UrlFault.NOT_HTTPS


def test_what_is_no_address_is_not_connected_to() -> None:
    assert not DEVELOPMENT.may_connect("hooks.customer.com")


def test_a_url_is_kept_as_it_is_sent_to() -> None:
    read = read_url("https://Bücher.example/a/../b?x=1", RULES)

    assert (read.scheme, read.host, read.listen_port) == (
        "https",
        "xn--bcher-kva.example",
        443,
    )
    assert read_url(read.text, RULES) == read
