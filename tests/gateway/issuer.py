"""A development issuer: one RSA key, its JWKS, and tokens right and wrong."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ISSUER = "https://issuer.test"
AUDIENCE = "portline"

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims(subject: str = "ada", **changes: Any) -> dict[str, Any]:
    standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": int(time.time()) + 600}
    return {name: v for name, v in (standard | changes).items() if v is not None}


def token(subject: str = "ada", *, key: Any = KEY, kid: str = "k1", **changes: Any) -> str:
    return jwt.encode(claims(subject, **changes), key, "RS256", headers={"kid": kid})


def bearer(subject: str = "ada", **changes: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token(subject, **changes)}"}


def forged(algorithm: str, sign_with: bytes | None) -> str:
    """A token by hand: PyJWT refuses to sign HS256 with a public key, an attacker does not."""

    def part(content: dict[str, Any] | bytes) -> str:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    body = f"{part({'alg': algorithm, 'kid': 'k1', 'typ': 'JWT'})}.{part(claims())}"
    signature = (
        hmac.new(sign_with, body.encode(), hashlib.sha256).digest() if sign_with else b""
    )
    return f"{body}.{part(signature)}"


def public_pem() -> bytes:
    return KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


BAD_TOKENS = {
    "expired": token(exp=int(time.time()) - 5),
    "without exp": token(exp=None),
    "for another audience": token(aud="elsewhere"),
    "of another issuer": token(iss="https://elsewhere.test"),
    "signed with another key": token(key=STRANGER),
    "naming an unknown key": token(key=STRANGER, kid="../../etc/passwd"),
    "unsigned": forged("none", None),
    "HS256 with the public key": forged("HS256", public_pem()),
    "no token at all": "hello",
}


def jwks_app() -> Starlette:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    keys = {"keys": [public | {"kid": "k1", "alg": "RS256", "use": "sig"}]}

    async def serve_keys(_: Request) -> JSONResponse:
        return JSONResponse(keys)

    return Starlette(routes=[Route("/jwks.json", serve_keys)])
