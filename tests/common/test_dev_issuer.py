"""The development issuer: one key that lasts, tokens that our services take."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import pytest

from libs.common.dev_issuer import JWKS_PATH, create_app, load_key, sign_token
from libs.common.tokens import DEVELOPMENT_ISSUER


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    first, second = load_key(tmp_path / "keys"), load_key(tmp_path / "keys")

    (file,) = (tmp_path / "keys").iterdir()
    assert first.public_jwk == second.public_jwk
    assert file.stat().st_mode & 0o777 == 0o600


def test_issuers_that_start_at_once_share_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_key, [tmp_path] * 8))

    assert len({key.key_id for key in keys}) == 1


def test_a_token_is_marked_as_development(issuer_key):
    token = sign_token(issuer_key, subject="ann", scopes=["support"], account_id="acc_1")

    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iss"] == DEVELOPMENT_ISSUER
    assert claims["dev"] is True
    assert (claims["scope"], claims["account"]) == ("support", "acc_1")


async def test_the_published_key_verifies_the_tokens_and_holds_no_secret(issuer_key):
    transport = httpx.ASGITransport(create_app(issuer_key))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer") as client:
        (key,) = (await client.get(JWKS_PATH)).json()["keys"]

    assert "d" not in key
    jwt.decode(
        sign_token(issuer_key, subject="ann"),
        jwt.PyJWK(key),
        algorithms=["ES256"],
        audience="portline",
    )


def test_it_starts_as_a_program(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen_port = free.getsockname()[1]
    program = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "libs.common.dev_issuer",
            "--listen-port",
            str(listen_port),
            "--key-folder",
            str(tmp_path),
        ],
        env={**os.environ, "PYTHONPATH": "."},
    )
    try:
        assert _answers(f"http://127.0.0.1:{listen_port}{JWKS_PATH}")
    finally:
        program.terminate()
        program.wait(10)


def _answers(url: str) -> bool:
    for _ in range(100):
        try:
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("it never listened")
