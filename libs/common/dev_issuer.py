"""The development issuer: signs tokens for demo and tests, and shows its key as JWKS.

Whoever knows TOKEN_CLIENT_SECRET gets machines' tokens at `/token`, by client credentials.

`python -m libs.common.dev_issuer --listen-port 9000 --key-folder .local/keys` serves the JWKS;
`sign_token(load_key(folder), …)` signs. A production service refuses its name.
"""

import argparse
import base64
import hmac
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from libs.common.tokens import DEVELOPMENT_ISSUER

DEVELOPMENT_AUDIENCE = "portline"
JWKS_PATH = "/.well-known/jwks.json"
_KEY_FILE = "development-issuer.pem"
_LIFETIME_S = 900


@dataclass(frozen=True)
class IssuerKey:
    private: ec.EllipticCurvePrivateKey

    @property
    def public_jwk(self) -> dict[str, Any]:
        jwk: dict[str, Any] = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return jwk | {"kid": self.key_id, "alg": "ES256", "use": "sig"}

    @property
    def key_id(self) -> str:
        return f"development-{self.private.public_key().public_numbers().x % 10**10:010d}"


def load_key(folder: Path) -> IssuerKey:
    """The folder's key, made with mode 0600 when it is not there yet."""
    path = folder / _KEY_FILE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _write_key(path)
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no P-256 key: remove it")
    return IssuerKey(private)


def _write_key(path: Path) -> None:
    """Two that start at once end with the same key: the first link wins."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # with mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    draft = Path(name)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def sign_token(
    key: IssuerKey,
    *,
    subject: str,
    account_id: str | None = None,
    scopes: Iterable[str] = (),
    lifetime_s: float = _LIFETIME_S,
    audience: str = DEVELOPMENT_AUDIENCE,
) -> str:
    now = time.time()
    claims: dict[str, Any] = {
        "iss": DEVELOPMENT_ISSUER,
        "aud": audience,
        "sub": subject,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now + lifetime_s),
        "dev": True,
    }
    if account_id is not None:
        claims["account"] = account_id
    if scope := " ".join(scopes):
        claims["scope"] = scope
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.key_id})


def create_app(
    key: IssuerKey,
    client_secret: str | None = None,
    audience: str = DEVELOPMENT_AUDIENCE,
) -> Starlette:
    async def give_token(request: Request) -> JSONResponse:
        """RFC 6749 4.4, as a provider would: for the client's name, with the scopes it asks for."""
        client, _, secret = _credentials_of(request).partition(":")
        if not client_secret or not hmac.compare_digest(
            secret.encode(), client_secret.encode()
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        asked = dict(parse_qsl((await request.body()).decode(errors="replace")))
        token = sign_token(
            key, subject=client, scopes=asked.get("scope", "").split(), audience=audience
        )
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": _LIFETIME_S}
        )

    async def show_keys(_request: Request) -> JSONResponse:
        return JSONResponse({"keys": [key.public_jwk]})

    async def is_alive(_request: Request) -> JSONResponse:
        return JSONResponse({"alive": True})

    return Starlette(
        routes=[
            Route(JWKS_PATH, show_keys),
            Route("/token", give_token, methods=["POST"]),
            Route("/healthz", is_alive),
        ]
    )


def _credentials_of(request: Request) -> str:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return ""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Serves the development issuer's JWKS.")
    parser.add_argument("--listen-port", type=int, required=True)
    parser.add_argument("--key-folder", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    uvicorn.run(
        create_app(
            load_key(chosen.key_folder),
            os.environ.get("TOKEN_CLIENT_SECRET"),
            os.environ.get("JWT_AUDIENCE", DEVELOPMENT_AUDIENCE),
        ),
        host="127.0.0.1",
        port=chosen.listen_port,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
