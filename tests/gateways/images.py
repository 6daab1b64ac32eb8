"""Small container images, made in memory, as registries hold them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
GZIP_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Layer:
    """A blob; its bytes are made when they are sent."""

    digest: str
    size: int
    chunks: Callable[[], Iterator[bytes]]
    media_type: str = GZIP_LAYER


@dataclass(frozen=True)
class BuiltImage:
    media_type: str
    manifest: bytes
    blobs: tuple[Layer, ...] = ()
    variants: tuple[BuiltImage, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.manifest)


@dataclass(frozen=True)
class Link:
    to: str
    hard: bool = False


Files = dict[str, "str | bytes | Link | None"]  # None: a folder


def layer(files: Files, *, media_type: str = GZIP_LAYER, format: int = tarfile.PAX_FORMAT) -> Layer:
    packed = tar(files, format=format)
    return blob(gzip.compress(packed, 1) if media_type == GZIP_LAYER else packed, media_type)


def blob(body: bytes, media_type: str = GZIP_LAYER) -> Layer:
    return Layer(digest(body), len(body), lambda: iter([body]), media_type)


def huge(size: int) -> Layer:
    """A layer that claims `size` bytes and makes them up as they are sent."""
    piece = bytes(64 * 1024)
    return Layer(digest(b"huge"), size, lambda: (piece for _ in range(size // len(piece))))


def image(
    *layers: Layer,
    workdir: str | None = "/app",
    command: Sequence[str] | None = ("./server",),
    entrypoint: Sequence[str] | None = None,
    media_type: str = OCI_MANIFEST,
) -> BuiltImage:
    """Layers oldest first."""
    run = {"WorkingDir": workdir, "Cmd": command, "Entrypoint": entrypoint}
    config = blob(json.dumps({"os": "linux", "config": run}).encode(), "application/json")
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor(config),
        "layers": [descriptor(each) for each in layers],
    }
    return BuiltImage(media_type, json.dumps(manifest).encode(), (config, *layers))


def index(variants: dict[str, BuiltImage], *, media_type: str = OCI_INDEX) -> BuiltImage:
    """Variants by os/architecture."""
    entries = [
        {
            "mediaType": each.media_type,
            "digest": each.digest,
            "size": len(each.manifest),
            "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True)),
        }
        for platform, each in variants.items()
    ]
    body = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
    return BuiltImage(media_type, json.dumps(body).encode(), variants=tuple(variants.values()))


def descriptor(layer: Layer) -> dict[str, object]:
    return {"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size}


def tar(files: Files, *, format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in files.items():
            _add(archive, name, content)
    return buffer.getvalue()


def digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _add(archive: tarfile.TarFile, name: str, content: str | bytes | Link | None) -> None:
    member = tarfile.TarInfo(name)
    body = content.encode() if isinstance(content, str) else content
    if isinstance(body, bytes):
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
        return
    if isinstance(body, Link):
        member.type = tarfile.LNKTYPE if body.hard else tarfile.SYMTYPE
        member.linkname = body.to
    else:
        member.type = tarfile.DIRTYPE
    archive.addfile(member)
