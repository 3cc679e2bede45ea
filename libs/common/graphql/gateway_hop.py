"""Whether a request, or a socket, came through our gateway: Hive's `hmacSignature`, checked.

Base64 of HMAC-SHA256 over `{"query":…,"variables":…}` with sorted keys, in
`extensions["hmac-signature"]`. It proves that the gateway sent this document with these
variables; who asks is still the token's word, and a copied request stays valid with its token.
A socket is signed once, in `connection_init`, over the `authorization` that it carries.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

EXTENSION = "hmac-signature"
SOCKET_PARAMETER = "x-portline-signature"


class GatewayHop:
    """The secret has at least 32 characters; a shorter one could be guessed from one request."""

    def __init__(self, secret: str) -> None:
        if len(secret) < 32:  # noqa: PLR2004 - said above
            raise ValueError("GATEWAY_SECRET: at least 32 characters")
        self._secret = secret.encode()

    def sign(self, query: str, variables: Mapping[str, Any] | None) -> str:
        signed: dict[str, Any] = {"query": query}
        if variables:
            signed["variables"] = variables
        return self._sign_text(orjson.dumps(signed, option=orjson.OPT_SORT_KEYS))

    def sign_socket(self, authorization: str | None) -> str:
        return self._sign_text((authorization or "").encode())

    def is_signed(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        extensions: Mapping[str, Any] | None,
    ) -> bool:
        given = (extensions or {}).get(EXTENSION)
        return isinstance(given, str) and hmac.compare_digest(
            given.encode(), self.sign(query, variables).encode()
        )

    def is_socket_signed(self, authorization: str | None, signature: str | None) -> bool:
        return hmac.compare_digest(
            (signature or "").encode(), self.sign_socket(authorization).encode()
        )

    def _sign_text(self, text: bytes) -> str:
        return base64.b64encode(hmac.digest(self._secret, text, hashlib.sha256)).decode()
