"""The file store: a local folder, or S3, GCS or Azure by its URL."""

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

import obstore
from obstore.store import ObjectStore, from_url

_METHOD: Final = "PUT"


class Files:
    """`files_url` such as `file:///srv/files` or `s3://bucket/prefix`."""

    def __init__(self, files_url: str) -> None:
        parts = urlsplit(files_url)
        if parts.scheme == "file":
            Path(unquote(parts.path)).mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(files_url)

    async def put(self, upload_id: str, content: bytes) -> None:
        await obstore.put_async(self._store, _key(upload_id), content)

    async def get(self, upload_id: str) -> bytes:
        found = await obstore.get_async(self._store, _key(upload_id))
        return bytes(await found.bytes_async())


def _key(upload_id: str) -> str:
    """Made by us, never from a file's name."""
    return f"uploads/{upload_id}"


class UploadLinks:
    """Links to PUT to, signed over method, upload, and the time until which they hold."""

    def __init__(self, public_url: str, secret: str) -> None:
        self._base = public_url.rstrip("/")
        self._secret = secret.encode()

    def make(self, upload_id: str, expires_at: datetime) -> str:
        expires = str(int(expires_at.timestamp()))
        query = urlencode({"expires": expires, "signature": self._sign(upload_id, expires)})
        return f"{self._base}/uploads/{upload_id}?{query}"

    def is_good(self, upload_id: str, expires: str, signature: str) -> bool:
        if not hmac.compare_digest(
            self._sign(upload_id, expires).encode(), signature.encode(errors="replace")
        ):
            return False
        return datetime.now(UTC).timestamp() <= int(expires)

    def _sign(self, upload_id: str, expires: str) -> str:
        text = f"{_METHOD}\n{upload_id}\n{expires}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


async def digest(content: bytes) -> str:
    """SHA-256 in a thread: ten megabytes would hold the event loop up."""
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
