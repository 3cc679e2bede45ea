"""The file store: a local folder, or S3, GCS or Azure by its URL."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

_METHOD: Final = "PUT"
_PATIENCE_S: Final = 10.0


class Part(StrEnum):
    """What is kept beside an uploaded file."""

    PICTURE = "picture"
    THUMBNAIL = "thumbnail"
    TEXT = "text"


class FilesUnavailable(ConnectionError):
    """The file store does not answer, or not in time: worth another try."""


def file_key(upload_id: str, part: Part | None = None) -> str:
    """Made by us, never from a file's name."""
    return f"uploads/{upload_id}.{part}" if part else f"uploads/{upload_id}"


class Files:
    """`files_url` such as `file:///srv/files` or `s3://bucket/prefix`."""

    def __init__(self, files_url: str) -> None:
        parts = urlsplit(files_url)
        if parts.scheme == "file":
            Path(unquote(parts.path)).mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(files_url)

    async def put(self, upload_id: str, content: bytes) -> None:
        """The bytes of an upload."""
        await self.write(file_key(upload_id), content)

    async def get(self, upload_id: str) -> bytes:
        return await self.read(file_key(upload_id))

    async def write(self, key: str, content: bytes) -> None:
        async with _answering():
            await obstore.put_async(self._store, key, content)

    async def read(self, key: str) -> bytes:
        async with _answering():
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())

    async def open(self, key: str) -> tuple[int, AsyncIterator[bytes]]:
        """Its size in bytes, and a stream of them."""
        async with _answering():
            found = await obstore.get_async(self._store, key)

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in found.stream():
                yield bytes(chunk)

        return found.meta["size"], chunks()

    async def remove_upload(self, upload_id: str) -> None:
        """Its bytes and all that is kept beside them; also where there are none."""
        for key in (file_key(upload_id), *(file_key(upload_id, part) for part in Part)):
            async with _answering():
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, key)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            yield
    except (TimeoutError, BaseError, OSError) as fault:
        raise FilesUnavailable("the file store does not answer") from fault


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
