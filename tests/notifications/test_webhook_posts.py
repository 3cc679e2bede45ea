"""Posting to receivers on this machine: bad ones, and those that names only lead to."""

import asyncio
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notifications.domain.webhook_deliveries import Answer, AttemptFault
from services.notifications.domain.webhook_urls import UrlRules, WebhookUrl, read_url
from services.notifications.integrations.webhook_posts import AddressGate, Poster, Resolver
from tests.notifications.receivers import (
    answer,
    babble,
    drip,
    hang,
    hang_up,
    pour,
    receiving,
)

NAME = "hooks.customer.com"
PUBLIC = "93.184.216.34"
SHORT_S = 0.3


def poster(*, loopback: bool = True, **given) -> Poster:
    gate = AddressGate(UrlRules(allows_loopback=loopback), given.pop("resolve", None))
    return Poster(gate, **{"timeout_s": SHORT_S, **given})


async def post(url: WebhookUrl | str, by: Poster | None = None) -> Answer:
    by = by or poster()
    read = read_url(url, by.gate.rules) if isinstance(url, str) else url
    async with by.open(read) as line:
        return await line.post({"webhook-id": "msg_1"}, '{"é": 1}')


def named(listen_port: int, scheme: str = "http") -> WebhookUrl:
    """As if it had been allowed when it was named."""
    text = f"{scheme}://{NAME}:{listen_port}/hook"
    return WebhookUrl(
        text=text, scheme=scheme, host=NAME, listen_port=listen_port, target="/hook"
    )


async def test_a_body_arrives_as_it_was_given() -> None:
    async with receiving() as receiver:
        given = await post(receiver.url("/a%20b?c=d"))

    [received] = receiver.received
    assert given == Answer(status_code=204)
    assert (received.path, received.body) == ("/a%20b?c=d", '{"é": 1}')
    assert received.headers["host"] == f"127.0.0.1:{receiver.listen_port}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"] == "msg_1"


async def test_one_connection_serves_while_there_is_something_to_post() -> None:
    async with receiving() as receiver, poster().open(named_url(receiver)) as line:
        for _ in range(3):
            await line.post({}, "{}")

    assert (len(receiver.received), receiver.connections) == (3, 1)


def named_url(receiver) -> WebhookUrl:
    return read_url(receiver.url(), UrlRules(allows_loopback=True))


async def test_a_failure_shows_the_beginning_of_what_was_said() -> None:
    async with receiving(answer(500, "<b>no\r\n\x1b[31m\0 idea</b>" + "x" * 999)) as receiver:
        given = await post(receiver.url())

    assert given.fault is AttemptFault.STATUS
    assert given.excerpt is not None
    assert given.excerpt.startswith("<b>no [31m idea</b>xxx")
    assert len(given.excerpt) == 200


async def test_a_name_that_nobody_answers_for_has_one_thread(monkeypatch) -> None:
    answered = threading.Event()

    def look_up(host: str, listen_port: int, **_given: object) -> list[tuple]:
        if host == "slow.customer.com":
            answered.wait()
        return [(None, None, None, "", (PUBLIC, listen_port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = Resolver()
    try:
        for _ in range(99):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await resolver.resolve("slow.customer.com", 443)
        async with asyncio.timeout(2):
            assert await resolver.resolve(NAME, 443) == [PUBLIC]
    finally:
        answered.set()
    assert await resolver.resolve("slow.customer.com", 443) == [PUBLIC]


@pytest.mark.parametrize("name", ["Retry_After", "retry_after", "RETRY_AFTER"])
async def test_the_asked_pause_is_read_however_its_name_is_written(name: str) -> None:
    async with receiving(answer(429, **{name: "120"})) as receiver:
        given = await post(receiver.url())

    assert given.retry_after == "120"


async def test_of_a_success_nothing_is_kept() -> None:
    async with receiving(answer(200, "thank you")) as receiver:
        assert await post(receiver.url()) == Answer(status_code=200)


@pytest.mark.parametrize(
    ("behave", "fault"),
    [
        (hang, AttemptFault.TIMEOUT),
        (drip, AttemptFault.TIMEOUT),
        (babble, AttemptFault.BROKEN_ANSWER),
        (hang_up, AttemptFault.BROKEN_ANSWER),
    ],
)
async def test_a_bad_receiver_costs_no_more_than_the_time_it_has(behave, fault) -> None:
    async with receiving(behave) as receiver, asyncio.timeout(2):
        given = await post(receiver.url())

    assert given == Answer(fault=fault)
    assert receiver.connections == 1


async def test_of_a_hundred_megabytes_a_little_is_read() -> None:
    async with receiving(pour) as receiver, asyncio.timeout(2):
        given = await post(receiver.url())

    assert given.status_code == 500
    assert given.excerpt == "x" * 200


async def test_nobody_listening_is_no_connection() -> None:
    async with receiving() as receiver:
        url = receiver.url()

    assert await post(url) == Answer(fault=AttemptFault.NO_CONNECTION)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with (
        receiving() as within,
        receiving(answer(status, location=within.url())) as receiver,
    ):
        given = await post(receiver.url())

    assert (given.status_code, given.fault) == (status, AttemptFault.REDIRECT)
    assert len(receiver.received) == 1
    assert within.connections == 0


async def test_a_name_that_stands_for_this_machine_by_then_is_not_connected_to() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1"], []])

    async def rebind(_host: str, _listen_port: int) -> list[str]:
        return next(answers)

    by = poster(loopback=False, resolve=rebind)
    async with receiving() as within:
        url = named(within.listen_port)
        allowed_when_named = await by.gate.find_fault(url) is None
        faults = [(await post(url, by)).fault for _ in range(4)]

    assert allowed_when_named
    assert faults == [AttemptFault.ADDRESS_NOT_ALLOWED] * 4
    assert within.connections == 0


async def test_a_name_is_looked_up_once_for_a_connection() -> None:
    asked = []

    async def resolve(host: str, _listen_port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with receiving() as receiver:
        given = await post(named(receiver.listen_port), poster(resolve=resolve))

    assert (given.status_code, asked) == (204, [NAME])


async def test_names_are_looked_up_as_this_machine_does() -> None:
    async with receiving() as receiver:
        url = f"http://localhost:{receiver.listen_port}/"
        given = await post(url)
        unknown = await post("https://nobody.invalid/")

    assert given == Answer(status_code=204)
    assert unknown == Answer(fault=AttemptFault.ADDRESS_NOT_ALLOWED)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/hook?token=Can+ary%2F42&a=1 is Can ary/42", "/hook?… is …"),
        ("Can+ary/42, which was Can+ary%2F42", "…, which was …"),
        ('{"token": "Can+ary\\/42"}', '{"token": "…"}'),
    ],
    ids=["the query", "a plus left as it is", "JSON with escaped slashes"],
)
async def test_an_answer_that_repeats_the_query_leaves_no_token_in_the_excerpt(
    said, shown
) -> None:
    async with receiving(answer(404, body=said)) as receiver:
        given = await post(receiver.url("/hook?token=Can+ary%2F42&a=1"))

    assert given.excerpt == shown


async def test_an_answer_that_breaks_off_says_what_its_status_said() -> None:
    async def break_off(_received, writer) -> None:
        writer.write(b"HTTP/1.1 502 X\r\ncontent-length: 99\r\n\r\nno")
        writer.close()

    async with receiving(break_off) as receiver:
        given = await post(receiver.url())

    assert (given.status_code, given.excerpt) == (502, "no")


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url("/"))
        await post(receiver.url())

    assert (proxy.connections, receiver.connections) == (0, 1)


async def test_tls_and_host_bear_the_name_whatever_address_is_connected_to(tmp_path) -> None:
    contexts = certify(tmp_path, NAME)
    names: list[str | None] = []
    contexts[0].sni_callback = lambda _socket, name, _context: names.append(name)

    async def resolve(_host: str, _listen_port: int) -> list[str]:
        return ["127.0.0.1"]

    trusting = poster(resolve=resolve, ssl_context=contexts[1])
    async with receiving(ssl_context=contexts[0]) as receiver:
        url = named(receiver.listen_port, "https")
        given = await post(url, trusting)
        distrusted = await post(url, poster(resolve=resolve))

    assert given == Answer(status_code=204)
    assert distrusted == Answer(fault=AttemptFault.NO_CONNECTION)
    assert names[0] == NAME
    assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.listen_port}"


def certify(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows for this name, and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.pem").write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
