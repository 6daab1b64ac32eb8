"""Config vars at rest: AES-256-GCM, bound to the app, name and version they belong to.

The additional data keeps a ciphertext from being moved to another app, name or version.
Layout: key id (1 byte) · nonce (12) · ciphertext and tag.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_ID = b"\x01"
_NONCE = 12


class Cipher:
    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def encrypt(self, value: str, *, app_id: UUID, name: str, version: int) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._aead.encrypt(nonce, value.encode(), _bound_to(app_id, name, version))
        return _KEY_ID + nonce + sealed

    def decrypt(self, blob: bytes, *, app_id: UUID, name: str, version: int) -> str:
        """Raises `cryptography.exceptions.InvalidTag` when the blob is not this var's."""
        nonce, sealed = blob[1 : 1 + _NONCE], blob[1 + _NONCE :]
        return self._aead.decrypt(nonce, sealed, _bound_to(app_id, name, version)).decode()


def load_key(path: Path) -> bytes:
    """The 32-byte key in `path`, made on first use, readable by its owner only."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make_key(path)
    if len(key) != 32:
        raise ValueError(f"{path} does not hold a 32-byte key; restore it from your backup.")
    return key


def _make_key(path: Path) -> bytes:
    """Written beside and linked into place, so that two starters end with the same key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its key is the key
    finally:
        fresh.unlink()
    return path.read_bytes()


def _bound_to(app_id: UUID, name: str, version: int) -> bytes:
    return f"{app_id}/{name}/{version}".encode()
