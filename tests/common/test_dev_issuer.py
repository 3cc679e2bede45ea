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


async def ask_for_token(client, secret, scope="letters:deliver"):
    return await client.post(
        "/token",
        auth=("notifications", secret),
        data={"grant_type": "client_credentials", "scope": scope},
    )


async def test_a_client_that_knows_the_secret_gets_a_machines_token(issuer_key):
    transport = httpx.ASGITransport(create_app(issuer_key, "s" * 64))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer") as client:
        given = (await ask_for_token(client, "s" * 64)).json()

    claims = jwt.decode(given["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["scope"]) == ("notifications", "letters:deliver")
    assert given["token_type"] == "Bearer"
    assert 0 < given["expires_in"] <= claims["exp"] - claims["iat"]


@pytest.mark.parametrize("secret", [None, "s" * 64])
async def test_nobody_else_gets_a_token(issuer_key, secret):
    transport = httpx.ASGITransport(create_app(issuer_key, secret))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer") as client:
        answers = [
            await ask_for_token(client, "t" * 64),
            await ask_for_token(client, ""),
            await client.post("/token", data={"scope": "support"}),
            await client.post("/token", headers={"authorization": "Basic *"}),
            await client.post("/token", headers={"authorization": "Bearer x"}),
        ]

    assert {answer.status_code for answer in answers} == {401}
