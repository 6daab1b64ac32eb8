"""The registry's folder.

    blobs/sha256/<hex>                             what was pushed, once for all repositories
    uploads/<id>                                   what is being pushed
    repositories/<name>/_blobs/sha256/<hex>        empty: the repository has that blob
    repositories/<name>/_manifests/sha256/<hex>    holds the manifest's media type
    repositories/<name>/_tags/<tag>                holds the manifest's digest

No part of a repository's name begins with `_`, so nothing here can be mistaken for one. Names,
digests and tags reach this file already checked against the specification's grammar. A deleted
blob leaves its repository; its bytes stay.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from localaws.registry import errors

CHUNK = 1024 * 1024


class Store:
    def __init__(self, home: Path) -> None:
        self._home = home
        self.uploads = home / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        for left in self.uploads.iterdir():  # a push does not outlive the registry
            left.unlink()

    def known(self, name: str) -> bool:
        return self._repository(name).is_dir()

    def blob(self, name: str, digest: str) -> Path:
        """Where a repository's blob lies."""
        if not (self._repository(name) / "_blobs" / _path(digest)).exists():
            raise errors.blob_unknown(digest)
        return self.content(digest)

    def has_blob(self, name: str, digest: str) -> bool:
        return (self._repository(name) / "_blobs" / _path(digest)).exists()

    def has_manifest(self, name: str, digest: str) -> bool:
        return (self._repository(name) / "_manifests" / _path(digest)).exists()

    def content(self, digest: str) -> Path:
        return self._home / "blobs" / _path(digest)

    def link_blob(self, name: str, digest: str) -> None:
        _write(self._repository(name) / "_blobs" / _path(digest), "")

    def unlink_blob(self, name: str, digest: str) -> None:
        self.blob(name, digest)
        (self._repository(name) / "_blobs" / _path(digest)).unlink()

    def begin_upload(self) -> str:
        upload = uuid.uuid4().hex
        (self.uploads / upload).touch()
        return upload

    def upload(self, upload: str) -> Path:
        path = self.uploads / upload
        if not path.exists():
            raise errors.upload_unknown(upload)
        return path

    def finish_upload(self, name: str, upload: str, digest: str) -> None:
        """Makes it a blob, if it is what it claims to be. Reads it all: not for the event loop."""
        path = self.upload(upload)
        if digest_of(path, digest.partition(":")[0]) != digest:
            path.unlink()
            raise errors.digest_invalid(digest)
        content = self.content(digest)
        content.parent.mkdir(parents=True, exist_ok=True)
        path.replace(content)
        self.link_blob(name, digest)

    def put_manifest(self, name: str, digest: str, media_type: str, body: bytes) -> None:
        _write(self.content(digest), body)
        _write(self._repository(name) / "_manifests" / _path(digest), media_type)

    def manifest(self, name: str, digest: str) -> tuple[str, bytes]:
        """Its media type and its bytes."""
        path = self._repository(name) / "_manifests" / _path(digest)
        if not path.exists():
            raise errors.manifest_unknown(digest)
        return path.read_text(), self.content(digest).read_bytes()

    def delete_manifest(self, name: str, digest: str) -> None:
        self.manifest(name, digest)
        for tag in self.tags(name):
            if self.tagged(name, tag) == digest:
                self.untag(name, tag)
        (self._repository(name) / "_manifests" / _path(digest)).unlink()

    def tag(self, name: str, tag: str, digest: str) -> None:
        _write(self._repository(name) / "_tags" / tag, digest)

    def tagged(self, name: str, tag: str) -> str:
        path = self._repository(name) / "_tags" / tag
        if not path.exists():
            raise errors.manifest_unknown(tag)
        return path.read_text()

    def untag(self, name: str, tag: str) -> None:
        self.tagged(name, tag)
        (self._repository(name) / "_tags" / tag).unlink()

    def tags(self, name: str) -> list[str]:
        folder = self._repository(name) / "_tags"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def _repository(self, name: str) -> Path:
        return self._home / "repositories" / name


def digest_of(path: Path, algorithm: str) -> str:
    running = hashlib.new(algorithm)
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            running.update(chunk)
    return f"{algorithm}:{running.hexdigest()}"


def _path(digest: str) -> Path:
    algorithm, _, hexadecimal = digest.partition(":")
    return Path(algorithm, hexadecimal)


def _write(path: Path, content: str | bytes) -> None:
    """Whole or not at all, also beside a reader and after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"~{uuid.uuid4().hex}")
    written.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.replace(written, path)
