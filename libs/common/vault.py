"""The vault: secrets sealed by AES-256-GCM, each to its own place, under keys that are named."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class CannotUnseal(Exception):
    """The key is gone, or the bytes were changed or copied from another place."""


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """`key_id` names the key; `box` is nonce and ciphertext."""

    key_id: str
    box: bytes


class Vault:
    """The first key seals; the others only unseal what was sealed before they were replaced."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_name(key): AESGCM(key) for key in keys}
        self.key_id = _name(keys[0])
        self._mark = hashlib.blake2b(b"portline mark", key=keys[0]).digest()

    def seal(self, secret: str, place: str) -> Sealed:
        """`place` is the row and column that it is for: it opens nowhere else."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self._keys[self.key_id].encrypt(nonce, secret.encode(), place.encode())
        return Sealed(key_id=self.key_id, box=nonce + box)

    def unseal(self, sealed: Sealed, place: str) -> str:
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise CannotUnseal("no key of this name")
        nonce, box = sealed.box[:_NONCE_BYTES], sealed.box[_NONCE_BYTES:]
        try:
            return key.decrypt(nonce, box, place.encode()).decode()
        except InvalidTag as fault:
            raise CannotUnseal("changed, or of another place") from fault

    def mark(self, secret: str) -> str:
        """Equal for equal secrets, and worth nothing without the key."""
        return hashlib.blake2b(secret.encode(), key=self._mark, digest_size=16).hexdigest()


def read_keys(text: str) -> list[bytes]:
    """64 hexadecimal digits each, with commas, the newest first."""
    keys = [bytes.fromhex(each.strip()) for each in text.split(",")]
    if any(len(key) != _KEY_BYTES for key in keys):
        raise ValueError("each key is 64 hexadecimal digits")
    return keys


def _name(key: bytes) -> str:
    """Told by the key itself, so that none can be mislabelled."""
    return hashlib.blake2b(b"portline key name", key=key, digest_size=6).hexdigest()
