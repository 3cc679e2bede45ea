"""The way to a mail server that wants encryption: trusted, or nothing is sent."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.listen_ports import LOOPBACK
from services.notifications.domain.mails import Accepted, NotReached
from services.notifications.integrations.envelopes import Envelope
from services.notifications.integrations.mail_server import MailServer, MailServerPlace
from tests.notifications.mail_server import TestMailServer

ENVELOPE = Envelope(
    sender="no-reply@portline.example",
    recipient="ada@customer.example",
    needs_utf8=False,
    message=b"Subject: Hello\r\n\r\nHello\r\n",
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("mail") / "mail.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@pytest.fixture(params=["smtps", "smtp+starttls"])
async def encrypted(request, certificate):
    """Where it is, and what it has taken."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    handler = TestMailServer()
    at_once = request.param == "smtps"
    options = {} if at_once else {"tls_context": context, "require_starttls": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="mail.example", **options),
        LOOPBACK,
        0,
        ssl=context if at_once else None,
    )
    listen_port = server.sockets[0].getsockname()[1]
    yield f"{request.param}://{LOOPBACK}:{listen_port}", handler
    server.close()


async def test_a_mail_goes_encrypted_to_a_server_that_is_trusted(encrypted, certificate):
    url, handler = encrypted
    trusting = ssl.create_default_context(cafile=certificate)
    server = MailServer(MailServerPlace.parse(url), tls_context=trusting)

    outcome = await server.send(ENVELOPE)
    await server.close()

    assert outcome == Accepted(code="250")
    assert handler.recipients == ["ada@customer.example"]


async def test_nothing_is_sent_to_a_server_that_nobody_vouches_for(encrypted):
    url, handler = encrypted
    server = MailServer(MailServerPlace.parse(url))

    outcome = await server.send(ENVELOPE)
    await server.close()

    assert isinstance(outcome, NotReached)
    assert handler.taken == []


async def test_nothing_is_sent_in_the_clear_where_encryption_is_asked_for():
    plain = TestMailServer()
    await plain.start()
    url = plain.url.replace("smtp://", "smtp+starttls://")
    server = MailServer(MailServerPlace.parse(url))

    outcome = await server.send(ENVELOPE)
    await server.close()
    await plain.stop()

    assert isinstance(outcome, NotReached)
    assert plain.taken == []
