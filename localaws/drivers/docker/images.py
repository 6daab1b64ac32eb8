"""Images for the engine: fetched here from a registry of this machine, and loaded into it.

The engine does not pull by itself: it may live in a virtual machine, whose loopback is not ours.
"""

from __future__ import annotations

import asyncio
import json
import tarfile
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

from aiodocker import Docker, DockerError

from localaws.drivers import platforms, registry
from localaws.drivers.driver import Image, PullFailed

REPOSITORY = "localaws"  # of the names that images have in the engine
CHUNK = 1 << 20


class Images:
    def __init__(self, docker: Docker, own_registry_port: int) -> None:
        self._docker, self._port = docker, own_registry_port
        self._pulling: dict[str, asyncio.Lock] = {}

    async def pull(self, text: str) -> Image:
        """Raises PullFailed. Containers that start together pull together."""
        reference = registry.parse(text, self._port)
        async with self._pulling.setdefault(text, asyncio.Lock()):
            if not (reference.by_digest and await self._has(reference.version)):
                digest, manifest = await asyncio.to_thread(platforms.manifest, reference)
                if not await self._has(digest):
                    await self._load(reference, digest, manifest)
                return Image(digest, reference=text)
            return Image(reference.version, reference=text)

    async def _has(self, digest: str) -> bool:
        try:
            await self._docker.images.inspect(name(digest))
        except DockerError as error:
            if error.status == 404:
                return False
            raise PullFailed(error.message) from error
        return True

    async def _load(
        self, reference: registry.Reference, digest: str, manifest: dict[str, Any]
    ) -> None:
        with tempfile.TemporaryFile() as archive:
            await asyncio.to_thread(_write, archive, reference, digest, manifest)
            try:
                await self._docker.images.import_image(_pieces(archive))
            except DockerError as error:
                raise PullFailed(f"failed to register layer: {error.message}") from error
            if not await self._has(digest):
                raise PullFailed(f"image {reference.text} vanished from the engine")


def name(digest: str) -> str:
    """In the engine."""
    return f"{REPOSITORY}:{digest.replace(':', '-')}"


def _write(
    archive: BinaryIO, reference: registry.Reference, digest: str, manifest: dict[str, Any]
) -> None:
    """As `docker save` does: the layers, the config, and what belongs together."""
    try:
        config, layers = manifest["config"]["digest"], [it["digest"] for it in manifest["layers"]]
    except (KeyError, TypeError) as error:
        raise PullFailed(f"invalid manifest for {reference.text}") from error
    described = {"Config": _file(config), "RepoTags": [name(digest)], "Layers": _files(layers)}
    with (
        tarfile.open(fileobj=archive, mode="w") as tar,
        tempfile.TemporaryDirectory() as folder,
    ):
        for blob in dict.fromkeys([config, *layers]):
            path = Path(folder, "blob")
            registry.blob(reference, blob, path)
            tar.add(path, _file(blob))
        path.write_text(json.dumps([described]))
        tar.add(path, "manifest.json")
    archive.seek(0)


def _files(digests: list[str]) -> list[str]:
    return [_file(one) for one in digests]


def _file(digest: str) -> str:
    return digest.rpartition(":")[2]


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, CHUNK):
        yield piece
