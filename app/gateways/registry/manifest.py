"""Manifests, indexes and configs: bytes from a registry to values, or a refusal.

Both families are read: OCI image 1.x and Docker schema 2; they differ in media types only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from app.domain.image import is_digest
from app.gateways.registry.errors import MalformedImage

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join(MANIFESTS + INDEXES)
MAX_LAYERS = 512

_LAYER = re.compile(
    r"application/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar(?:\+gzip|\+zstd)?"
    r"|docker\.image\.rootfs(?:\.foreign)?\.diff\.tar(?:\.gzip|\.zstd)?)"
)


@dataclass(frozen=True)
class Descriptor:
    media_type: str
    digest: str
    size: int
    platform: str | None = None  # os/architecture, of an index's entries


@dataclass(frozen=True)
class Manifest:
    config: Descriptor
    layers: tuple[Descriptor, ...]  # oldest first, as they are applied


@dataclass(frozen=True)
class Config:
    workdir: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]


def read(body: bytes) -> Manifest | tuple[Descriptor, ...]:
    """A manifest, or the entries of an index."""
    document = _document(body, "manifest")
    if "manifests" in document and "layers" in document:  # OCI: neither may pass as the other
        raise MalformedImage("The image's manifest is both manifest and index: build it again.")
    if "manifests" in document:
        return tuple(_descriptor(each) for each in _list(document, "manifests"))
    if "layers" in document and "config" in document:
        return _manifest(document)
    if document.get("schemaVersion") == 1:
        raise MalformedImage(
            "The image was pushed in Docker's old schema 1: push it again with a current tool."
        )
    raise MalformedImage("The registry's answer is not an image manifest: check the reference.")


def read_config(body: bytes) -> Config:
    document = _document(body, "config")
    if document.get("os", "linux") != "linux":
        raise MalformedImage("The image is not for Linux: build it with --platform linux/amd64.")
    run = document.get("config") or {}
    if not isinstance(run, dict):
        raise MalformedImage("The image's config cannot be read: build and push it again.")
    workdir = run.get("WorkingDir") or "/"
    if not isinstance(workdir, str):
        raise MalformedImage("The image's WORKDIR cannot be read: build and push it again.")
    return Config(workdir, _words(run, "Entrypoint"), _words(run, "Cmd"))


def choose(entries: tuple[Descriptor, ...], architecture: str) -> Descriptor:
    """The entry for linux/`architecture`, else the only one there is."""
    runnable = [e for e in entries if e.platform != "unknown/unknown"]  # attestations
    wanted = f"linux/{architecture}"
    for entry in runnable:
        if entry.platform == wanted:
            return entry
    if len(runnable) == 1:
        return runnable[0]
    offered = ", ".join(sorted({e.platform or "unnamed" for e in runnable})[:10]) or "none"
    raise MalformedImage(
        f"The image has no variant for {wanted} (it has: {offered}):"
        f" build it with --platform {wanted}."
    )


def _manifest(document: dict[str, Any]) -> Manifest:
    layers = tuple(_descriptor(each) for each in _list(document, "layers"))
    if len(layers) > MAX_LAYERS:
        raise MalformedImage(f"The image has more than {MAX_LAYERS} layers: squash some.")
    for layer in layers:
        if not _LAYER.fullmatch(layer.media_type):
            raise MalformedImage(
                f"A layer is of type {layer.media_type[:100]!r}, which is no container file"
                " system: deploy a container image."
            )
    return Manifest(_descriptor(document["config"]), layers)


def _descriptor(value: object) -> Descriptor:
    match value:
        case {"mediaType": str(media_type), "digest": str(digest), "size": int(size), **rest} if (
            is_digest(digest) and size >= 0
        ):
            return Descriptor(media_type, digest, size, _platform(rest.get("platform")))
    raise MalformedImage("The image's manifest cannot be read: build and push it again.")


def _platform(value: object) -> str | None:
    match value:
        case {"os": str(os), "architecture": str(architecture)}:
            return f"{os}/{architecture}"
    return None


def _words(run: dict[str, Any], key: str) -> tuple[str, ...]:
    words = run.get(key) or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise MalformedImage(f"The image's {key} is not a list of words: build it again.")
    return tuple(words)


def _list(document: dict[str, Any], key: str) -> list[Any]:
    value = document[key]
    if not isinstance(value, list):
        raise MalformedImage("The image's manifest cannot be read: build and push it again.")
    return value


def _document(body: bytes, what: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedImage(f"The image's {what} is not a JSON object: build and push it again.")
    return document
