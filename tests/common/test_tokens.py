"""Tokens that are believed, and all those that are not."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, sign_token
from libs.common.tokens import (
    DEVELOPMENT_ISSUER,
    IssuerKeys,
    KeysUnavailable,
    TokenVerifier,
    Unauthenticated,
)
from tests.common.sample import keys_of, verifier_of

GOOD = {"iss": DEVELOPMENT_ISSUER, "aud": DEVELOPMENT_AUDIENCE, "sub": "ann"}


def signed(issuer_key, *, headers=None, algorithm="ES256", **claims):
    everything = {**GOOD, "exp": int(time.time()) + 60, **claims}
    return jwt.encode(
        {name: value for name, value in everything.items() if value is not None},
        issuer_key.private,
        algorithm=algorithm,
        headers={"kid": issuer_key.key_id, **(headers or {})},
    )


def handmade(header: dict, claims: dict, sign) -> str:
    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(sign(text.encode()))}"


async def reason_of(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.verify(token)
    assert str(refusal.value) == "The access token is missing, expired or not valid."
    return refusal.value.reason


async def test_a_signed_token_names_its_login(issuer_key):
    token = sign_token(issuer_key, subject="ann", account_id="acc_1", scopes=["support", "x"])

    claims = await verifier_of(issuer_key).verify(token)

    assert (claims.issuer, claims.subject) == (DEVELOPMENT_ISSUER, "ann")
    assert claims.account_id == "acc_1"
    assert claims.scopes == {"support", "x"}
    assert claims.expires_at > datetime.now(UTC)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"aud": "someone-else"}, "InvalidAudienceError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"iss": "https://evil.example"}, "InvalidIssuerError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"sub": None}, "MissingRequiredClaimError"),
        ({"nbf": int(time.time()) + 600}, "ImmatureSignatureError"),
        ({"sub": ""}, "malformed subject"),
        ({"sub": "x" * 300}, "malformed subject"),
        ({"sub": "ann\0"}, "malformed subject"),
        ({"sub": "\ud800"}, "malformed subject"),
        ({"sub": "ann\nbob"}, "malformed subject"),
        ({"exp": 10**18}, "malformed expiry"),
        ({"exp": 10**400}, "malformed expiry"),
        ({"exp": 1e300}, "malformed expiry"),
        ({"exp": "soon"}, "DecodeError"),
        ({"account": 7}, "malformed account"),
        ({"scope": ["support"]}, "malformed scope"),
    ],
)
async def test_wrong_claims_are_refused(issuer_key, claims, reason):
    token = signed(issuer_key, **claims)

    assert await reason_of(verifier_of(issuer_key), token) == reason


@pytest.mark.parametrize(
    "headers",
    [
        {"jku": "http://evil.example/jwks"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5u": "http://evil.example/cert"},
    ],
)
async def test_a_key_that_the_token_brings_is_never_looked_at(issuer_key, headers):
    stranger = ec.generate_private_key(ec.SECP256R1())
    token = jwt.encode(
        {**GOOD, "exp": int(time.time()) + 60},
        stranger,
        algorithm="ES256",
        headers={"kid": issuer_key.key_id, **headers},
    )

    assert await reason_of(verifier_of(issuer_key), token) == "InvalidSignatureError"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "HS512", "PS256", "ES384", "EdDSA"]
)
async def test_only_two_algorithms_are_allowed(issuer_key, algorithm):
    token = handmade(
        {"alg": algorithm, "typ": "JWT", "kid": issuer_key.key_id},
        {**GOOD, "exp": int(time.time()) + 60},
        lambda _text: b"",
    )

    assert await reason_of(verifier_of(issuer_key), token) == "algorithm not allowed"


@pytest.mark.parametrize("alg", ["HS256", "ES256", "RS256"])
async def test_a_public_key_is_no_shared_secret(issuer_key, alg):
    public = issuer_key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = handmade(
        {"alg": alg, "typ": "JWT", "kid": issuer_key.key_id},
        {**GOOD, "exp": int(time.time()) + 60},
        lambda text: hmac.digest(public, text, "sha256"),
    )

    await reason_of(verifier_of(issuer_key), token)


@pytest.mark.parametrize(
    "kid", ["../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "x" * 300, "", "unknown"]
)
async def test_a_key_id_is_only_looked_up(issuer_key, kid):
    token = signed(issuer_key, headers={"kid": kid})

    assert await reason_of(verifier_of(issuer_key), token) in {
        "unknown key",
        "malformed key id",
    }


async def test_a_subject_of_any_alphabet_is_taken(issuer_key):
    claims = await verifier_of(issuer_key).verify(signed(issuer_key, sub="Zoë|7 🌷"))

    assert claims.subject == "Zoë|7 🌷"


async def test_a_critical_header_is_refused(issuer_key):
    token = signed(issuer_key, headers={"crit": ["exp"]})

    assert await reason_of(verifier_of(issuer_key), token) == "malformed token"


TOO_DEEP = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "....", "é.é.é", "x" * 9000, f"{TOO_DEEP}.e30.e30"]
)
async def test_what_is_no_token_is_refused(issuer_key, token):
    await reason_of(verifier_of(issuer_key), token)


async def test_a_changed_token_is_refused_also_after_the_true_one_was_seen(issuer_key):
    verifier = verifier_of(issuer_key)
    token = signed(issuer_key)
    await verifier.verify(token)
    head, _, signature = token.split(".")
    forged = base64.urlsafe_b64encode(
        json.dumps({**GOOD, "sub": "eve", "exp": 2**40}).encode()
    )

    forged_token = f"{head}.{forged.rstrip(b'=').decode()}.{signature}"

    assert await reason_of(verifier, forged_token) == "InvalidSignatureError"


async def test_a_remembered_token_ends_when_it_says(issuer_key):
    now = time.time()
    verifier = verifier_of(issuer_key, clock=lambda: now)
    token = signed(issuer_key, exp=int(now) - 3)
    await verifier.verify(token)  # within the leeway
    now += 60

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jwt.api_jwt.datetime", _later(60))
        assert await reason_of(verifier, token) == "ExpiredSignatureError"


def _later(seconds):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(time.time() + seconds, tz)

    return Later


async def test_a_remembered_token_needs_no_second_signature_check(issuer_key, monkeypatch):
    verifier = verifier_of(issuer_key)
    token = signed(issuer_key)
    first = await verifier.verify(token)
    monkeypatch.setattr(jwt, "decode", lambda *_: pytest.fail("checked again"))

    assert await verifier.verify(token) is first


async def test_the_memory_is_bounded(issuer_key, monkeypatch):
    monkeypatch.setattr("libs.common.tokens._VERIFIED_KEPT", 3)
    verifier = verifier_of(issuer_key)

    for number in range(10):
        await verifier.verify(sign_token(issuer_key, subject=f"s{number}"))

    assert len(verifier._verified) == 3


def test_production_refuses_the_development_issuer(issuer_key):
    with pytest.raises(ValueError, match="refused in production"):
        verifier_of(issuer_key, production=True)


async def test_production_refuses_a_development_token_of_any_name(issuer_key):
    verifier = verifier_of(issuer_key, production=True, issuer="https://issuer.example")
    token = signed(issuer_key, iss="https://issuer.example", dev=True)

    assert await reason_of(verifier, token) == "development token"


class Issuer:
    """Answers JWKS requests, and counts them."""

    def __init__(self, *keys):
        self.keys = list(keys)
        self.asked = 0
        self.status = 200

    def __call__(self, _request):
        self.asked += 1
        return httpx.Response(self.status, json={"keys": self.keys})

    def as_keys(self, **options):
        client = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return IssuerKeys("http://issuer.test/jwks", client, **options)


def jwk_of(private, kid, **more):
    kind = ECAlgorithm if isinstance(private, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {
        **kind.to_jwk(private.public_key(), as_dict=True),
        "kid": kid,
        "use": "sig",
        **more,
    }


async def test_an_unknown_key_id_asks_again_but_not_at_once():
    now = 0.0
    old, new = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = Issuer(jwk_of(old, "old"))
    keys = issuer.as_keys(clock=lambda: now)
    assert await keys.find("old")
    issuer.keys.append(jwk_of(new, "new"))

    assert await keys.find("new") is None
    now = 6
    assert await keys.find("new")
    for _ in range(50):
        await keys.find("never")

    assert issuer.asked == 2


async def test_a_withdrawn_key_ends_remembered_tokens_with_the_next_fetch(issuer_key):
    now = 0.0
    issuer = Issuer(issuer_key.public_jwk)
    keys = issuer.as_keys(clock=lambda: now)
    verifier = TokenVerifier(
        keys, issuer=DEVELOPMENT_ISSUER, audience=DEVELOPMENT_AUDIENCE, production=False
    )
    token = sign_token(issuer_key, subject="ann")
    await verifier.verify(token)
    issuer.keys = [jwk_of(ec.generate_private_key(ec.SECP256R1()), "other")]
    now = 700

    assert await reason_of(verifier, signed(issuer_key)) == "unknown key"
    assert await reason_of(verifier, token) == "unknown key"


async def test_an_outage_of_the_issuer_locks_out_nobody_who_is_known(issuer_key):
    now = 0.0
    issuer = Issuer(issuer_key.public_jwk)
    keys = issuer.as_keys(clock=lambda: now)
    await keys.find(issuer_key.key_id)
    issuer.status, now = 500, 10_000

    assert await keys.find(issuer_key.key_id)


async def test_without_any_key_nobody_is_called_unauthenticated(issuer_key):
    issuer = Issuer()
    issuer.status = 503

    with pytest.raises(KeysUnavailable):
        await issuer.as_keys().find("any")


async def test_weak_and_foreign_keys_are_not_taken():
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused, so shown
    good = rsa.generate_private_key(65537, 2048)
    issuer = Issuer(
        jwk_of(small, "small"),
        jwk_of(good, "for-encryption", use="enc"),
        jwk_of(good, "other-algorithm", alg="RS512"),
        jwk_of(ec.generate_private_key(ec.SECP384R1()), "other-curve"),
        {"kty": "oct", "k": "AAAA", "kid": "shared"},
        {"kty": "RSA", "kid": "damaged"},
        "nonsense",
        jwk_of(good, "good", alg="RS256"),
    )
    keys = issuer.as_keys()

    taken = [
        key["kid"]
        for key in issuer.keys
        if isinstance(key, dict) and await keys.find(key["kid"])
    ]

    assert taken == ["good"]


async def test_an_rsa_token_is_verified_too():
    private = rsa.generate_private_key(65537, 2048)
    keys = Issuer(jwk_of(private, "r")).as_keys()
    verifier = TokenVerifier(
        keys, issuer=DEVELOPMENT_ISSUER, audience=DEVELOPMENT_AUDIENCE, production=False
    )
    token = jwt.encode({**GOOD, "exp": int(time.time()) + 60}, private, "RS256")

    assert (await verifier.verify(token)).subject == "ann"


@pytest.mark.parametrize("content", [b"no json", b"[]", b'{"keys": 1}'])
async def test_what_is_no_key_set_changes_nothing(content):
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    )

    with pytest.raises(KeysUnavailable):
        await IssuerKeys("http://issuer.test", client).find("any")


async def test_the_sample_key_set_is_read(issuer_key):
    assert await keys_of(issuer_key).find(issuer_key.key_id)
