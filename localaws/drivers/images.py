"""Images on disk: pulled once a digest, complete or not there at all."""

from __future__ import annotations

import asyncio
import json
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

from localaws.drivers import layers, platforms, registry
from localaws.drivers.driver import Image, PullFailed


class Images:
    def __init__(self, home: Path, own_registry_port: int) -> None:
        self._home = home
        self._port = own_registry_port
        self._pulling: dict[str, asyncio.Lock] = {}

    async def pull(self, text: str) -> Image:
        """Raises PullFailed. Containers that start together pull together."""
        reference = registry.parse(text, self._port)
        lock = self._pulling.setdefault(text, asyncio.Lock())
        async with lock:
            return await asyncio.to_thread(self._pull, reference)

    def _pull(self, reference: registry.Reference) -> Image:
        if reference.by_digest and (kept := self._kept(reference.version)):
            return kept
        digest, manifest = platforms.manifest(reference)
        if not (kept := self._kept(digest)):
            self._fetch(reference, digest, manifest)
            kept = self._kept(digest)
        if not kept:
            raise PullFailed(f"image {reference.text} vanished from {self._home}")
        return kept

    def _kept(self, digest: str) -> Image | None:
        folder = self._home / digest.replace(":", "-")
        try:
            config = json.loads((folder / "config.json").read_text()).get("config") or {}
        except FileNotFoundError:
            return None
        return Image(
            digest=digest,
            root=folder / "root",
            environment=dict(entry.partition("=")[::2] for entry in config.get("Env") or ()),
            working_directory=config.get("WorkingDir") or "/",
            entrypoint=config.get("Entrypoint") or (),
            command=config.get("Cmd") or (),
        )

    def _fetch(self, reference: registry.Reference, digest: str, manifest: dict[str, Any]) -> None:
        """Into a folder of its own first, then renamed: a crash leaves no half image."""
        self._home.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix="pulling-", dir=self._home))
        try:
            self._unpack(reference, manifest, building)
            building.rename(self._home / digest.replace(":", "-"))
        except (layers.UnsafeLayer, tarfile.TarError, zlib.error, EOFError) as error:
            raise PullFailed(f"failed to register layer: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise PullFailed(f"invalid manifest for {reference.text}") from error
        except OSError as error:
            if not self._kept(digest):  # else another pull was faster
                raise PullFailed(f"failed to register layer: {error.strerror}") from error
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _unpack(
        self, reference: registry.Reference, manifest: dict[str, Any], building: Path
    ) -> None:
        root = building / "root"
        root.mkdir()
        for layer in manifest["layers"]:
            archive = building / "layer"
            registry.blob(reference, layer["digest"], archive)
            layers.apply(archive, root)
            archive.unlink()
        registry.blob(reference, manifest["config"]["digest"], building / "config.json")
        json.loads((building / "config.json").read_text())
