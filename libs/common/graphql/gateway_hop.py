"""Whether a request came through our gateway: Hive's `hmacSignature`, checked.

Base64 of HMAC-SHA256 over `{"query":…,"variables":…}` with sorted keys, in
`extensions["hmac-signature"]`. It proves that the gateway sent this document with these
variables; who asks is still the token's word, and a copied request stays valid with its token.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

EXTENSION = "hmac-signature"


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
        text = orjson.dumps(signed, option=orjson.OPT_SORT_KEYS)
        return base64.b64encode(hmac.digest(self._secret, text, hashlib.sha256)).decode()

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
