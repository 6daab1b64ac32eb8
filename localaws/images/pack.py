"""A folder as an OCI image of one layer. The same files always make the same digest."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from localaws.images import ignore

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

HOME = "app"  # where the folder goes
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EPOCH = "1970-01-01T00:00:00Z"  # a real date would change the digest
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
CHUNK = 1024 * 1024
IN_MEMORY = 32 * 1024 * 1024  # of a layer; more goes to a temporary file


class PackError(Exception):
    """Why a folder makes no image, as a sentence."""


@dataclass(frozen=True)
class Blob:
    media_type: str
    digest: str
    size: int
    content: IO[bytes]

    def described(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Image:
    """To be closed, for its layers may lie in temporary files."""

    config: Blob
    layers: tuple[Blob, ...]
    manifest: Blob

    def __enter__(self) -> Image:
        return self

    def __exit__(self, *_: object) -> None:
        for layer in self.layers:
            layer.content.close()


def pack(directory: Path, command: Sequence[str] | None = None) -> Image:
    """`command` becomes the image's Cmd; without it the Procfile has the say."""
    if not (directory / "Procfile").is_file():
        raise PackError(
            f"{directory} has no Procfile, so nothing says what to run in it. "
            "Write one, for example: web: python3 web.py"
        )
    layer, diff_id = _layer(directory)
    config = _blob(CONFIG, _config(diff_id, command))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.described(),
        "layers": [layer.described()],
    }
    return Image(config, (layer,), _blob(MANIFEST, manifest))


def _layer(directory: Path) -> tuple[Blob, str]:
    """The folder, compressed, and the digest of what it is before compression."""
    content = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the image keeps it
    compressed = _Digesting(content)
    with gzip.GzipFile("", "wb", compresslevel=6, fileobj=compressed, mtime=0) as zipped:
        plain = _Digesting(zipped)
        stream = cast(IO[bytes], plain)  # of which a tar that streams asks only to be written
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            _fill(archive, directory)
    return Blob(LAYER, compressed.digest, compressed.size, content), plain.digest


def _fill(archive: tarfile.TarFile, directory: Path) -> None:
    archive.addfile(_entry(HOME, directory))
    for name, path in _files(directory):
        entry = _entry(f"{HOME}/{name}", path)
        if entry.isreg():
            with path.open("rb") as content:
                archive.addfile(entry, content)
        else:
            archive.addfile(entry)


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    """By name, folders before what is in them."""
    ignored = ignore.read(directory)
    found = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*")}
    kept = {name for name in found if not ignored(name)}
    parents = {parent.as_posix() for name in kept for parent in Path(name).parents} - {"."}
    for name in sorted(kept | parents):
        yield name, found[name]


def _entry(name: str, path: Path) -> tarfile.TarInfo:
    """Nobody's in particular: no owner, no date, and of the mode only whether it can be run."""
    entry, mode = tarfile.TarInfo(name), path.lstat().st_mode
    entry.mode = 0o755 if mode & 0o100 else 0o644
    if stat.S_ISLNK(mode):
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif stat.S_ISDIR(mode):
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    elif stat.S_ISREG(mode):
        entry.size = path.stat().st_size
    else:
        raise PackError(f"{path} is neither a file, a folder nor a link; an image cannot hold it.")
    return entry


def _config(diff_id: str, command: Sequence[str] | None) -> dict[str, Any]:
    machine = platform.machine().lower()
    run: dict[str, Any] = {"Env": [f"PATH={PATH}"], "WorkingDir": f"/{HOME}"}
    return {
        "created": EPOCH,
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": run | ({"Cmd": list(command)} if command else {}),
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": EPOCH, "created_by": "palatine localaws image"}],
    }


def _blob(media_type: str, value: dict[str, Any]) -> Blob:
    body = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return Blob(media_type, digest, len(body), io.BytesIO(body))


class _Digesting:
    """A file that knows the digest and the size of what was written to it."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def write(self, chunk: bytes) -> int:
        self._hash.update(chunk)
        self.size += len(chunk)
        return self._file.write(chunk)

    def flush(self) -> None:
        self._file.flush()
