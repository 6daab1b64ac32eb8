"""The folder that a state is kept in: one file a part, and a manifest that says which count.

The manifest is replaced last, in one step of the file system: what is read is a whole state as it
was written, however the process ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from localaws.persistence.seal import Seal

if sys.platform != "win32":
    import fcntl

MANIFEST, KEY = "manifest.json", "key"


class Refused(Exception):
    """The text says why the state cannot be taken up, and what to do."""


@dataclass(frozen=True)
class Kept:
    facts: Mapping[str, Any]  # JSON
    parts: Mapping[str, bytes]


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, dict[str, str]] = {}  # of each part: its file, and its digest
        self._number = 0

    @cached_property
    def _seal(self) -> Seal:
        """Its key is made with the folder."""
        try:
            return Seal((self.path / KEY).read_bytes())
        except FileNotFoundError:
            self._write_file(KEY, key := Seal.new_key())
            return Seal(key)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Alone. The kernel lets go when we die, however that happens."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor, self.path)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Kept | None:
        """None: there is nothing yet. Raises Refused, for what is not as it was written."""
        try:
            manifest = json.loads((self.path / MANIFEST).read_bytes())
            self._number, self._files = int(manifest["number"]), dict(manifest["files"])
            parts = {name: self._part(**one) for name, one in self._files.items()}
            return Kept(manifest["facts"], parts)
        except FileNotFoundError as error:
            if error.filename == str(self.path / MANIFEST):
                return None
            raise self.refused(f"{error.filename} is missing") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self.refused(f"{error}") from error

    def write(self, facts: Mapping[str, Any], changed: Mapping[str, bytes]) -> None:
        """Parts that did not change stay as they are. Raises OSError, and nothing has changed."""
        number = self._number + 1
        files = self._files | {
            name: self._write_part(f"{_safe(name)}.{number}", content)
            for name, content in changed.items()
        }
        manifest = {"number": number, "facts": facts, "files": files}
        self._write_file(f"{MANIFEST}.new", json.dumps(manifest, indent=1).encode())
        (self.path / f"{MANIFEST}.new").replace(self.path / MANIFEST)
        self._sync()
        self._number, self._files = number, files
        self._forget_others()

    def refused(self, why: str) -> Refused:
        return Refused(
            f"The state in {self.path} cannot be taken up: {why}. "
            f"Empty it with `palatine localaws reset`, or choose another --home."
        )

    def _part(self, file: str, sha256: str) -> bytes:
        content = (self.path / file).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"{file} is not as it was written")
        return self._seal.open(content)

    def _write_part(self, file: str, content: bytes) -> dict[str, str]:
        sealed = self._seal.close(content)
        self._write_file(file, sealed)
        return {"file": file, "sha256": hashlib.sha256(sealed).hexdigest()}

    def _write_file(self, name: str, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with open(os.open(self.path / name, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _sync(self) -> None:
        """The new name is on the disk too."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _forget_others(self) -> None:
        known = {one["file"] for one in self._files.values()} | {MANIFEST, "lock", KEY}
        for path in self.path.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)


def _lock(descriptor: int, path: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused(
            f"A local AWS is running on {path.parent}: stop it, or choose another --home."
        ) from None


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)
