"""From an image reference to its digest and process types, over the OCI distribution API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

import httpx2

from app.domain import procfile
from app.domain.errors import Invalid
from app.domain.image import Image, ImageReference
from app.gateways.registry import manifest, search
from app.gateways.registry.authentication import Credentials
from app.gateways.registry.budget import Budget, Limits
from app.gateways.registry.compression import unpacked
from app.gateways.registry.distribution import Distribution, verify
from app.gateways.registry.errors import (
    ImageNotFound,
    ImageTooLarge,
    MalformedImage,
    MalformedProcfile,
    NothingToRun,
)
from app.gateways.registry.manifest import Config, Descriptor, Manifest
from app.gateways.registry.tar import Source

MAX_MANIFEST = 4 * 1024 * 1024
MAX_CONFIG = 8 * 1024 * 1024


class Registry:
    """Any registry; safe to share between threads. `credentials` gives (user, password) by host."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        architecture: str = "amd64",
        limits: Limits | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._distribution = Distribution(credentials or (lambda _: None), transport)
        self._architecture = architecture
        self._limits = limits or Limits()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._distribution.close()

    def resolve(self, reference: ImageReference) -> Image:
        """The digest is that of what the reference points to, an index as a whole included.

        Raises RegistryError; `retryable` says whether the same call may succeed later.
        """
        look = _Look(self._distribution, reference, Budget(self._limits))
        digest, pointed = look.pointed()
        if not isinstance(pointed, Manifest):
            pointed = look.variant(manifest.choose(pointed, self._architecture))
        config = look.config(pointed.config)
        return Image(reference, digest, _process_types(look, pointed, config))


def _process_types(look: _Look, image: Manifest, config: Config) -> dict[str, str]:
    found = search.find(image.layers, config.workdir, look.layer, look.budget)
    if found is None:
        try:
            return procfile.from_command(config.entrypoint, config.command)
        except Invalid as refusal:
            raise NothingToRun(str(refusal)) from refusal
    try:
        return procfile.parse(found.decode())
    except UnicodeDecodeError:
        raise MalformedProcfile(
            "The image's Procfile is not UTF-8 text: save it as such."
        ) from None
    except Invalid as refusal:
        raise MalformedProcfile(str(refusal)) from refusal


@dataclass(frozen=True)
class _Look:
    """One image being read, within one budget."""

    distribution: Distribution
    reference: ImageReference
    budget: Budget

    def pointed(self) -> tuple[str, Manifest | tuple[Descriptor, ...]]:
        """What the reference points to, and its digest."""
        wanted = self.reference.digest
        body, served = self._manifest(wanted or self.reference.tag or "latest")
        digest = wanted or f"sha256:{hashlib.sha256(body).hexdigest()}"
        verify(body, digest, "The image's manifest")
        if served.startswith("sha256:") and digest.startswith("sha256:") and served != digest:
            raise MalformedImage(
                f"{self.reference.registry} names another digest than what it sent: try again, or"
                " push the image again."
            )
        return digest, manifest.read(body)

    def variant(self, entry: Descriptor) -> Manifest:
        body, _ = self._manifest(entry.digest)
        verify(body, entry.digest, "The image's manifest")
        image = manifest.read(body)
        if not isinstance(image, Manifest):
            raise MalformedImage("The image's index holds another index: push a plain image.")
        return image

    def config(self, config: Descriptor) -> Config:
        if config.size > MAX_CONFIG:
            raise ImageTooLarge(f"The image's config is larger than {MAX_CONFIG:,} bytes.")
        status, _, body = self.distribution.read(
            self.reference, f"blobs/{config.digest}", self.budget, limit=MAX_CONFIG, accept="*/*"
        )
        if status == 404:
            raise self._missing("config")
        verify(body, config.digest, "The image's config")
        return manifest.read_config(body)

    @contextmanager
    def layer(self, layer: Descriptor) -> Iterator[Source]:
        with self.distribution.open(self.reference, f"blobs/{layer.digest}") as response:
            if response.status_code == 404:
                raise self._missing("layer")
            packed = self._fetched(response.iter_raw(), layer)
            yield Source(self._unpacked(unpacked(packed)))

    def _manifest(self, name: str) -> tuple[bytes, str]:
        status, headers, body = self.distribution.read(
            self.reference,
            f"manifests/{name}",
            self.budget,
            limit=MAX_MANIFEST,
            accept=manifest.ACCEPT,
        )
        if status == 404:
            raise ImageNotFound(
                f"There is no image {self.reference}: check its name and tag, or push it first."
            )
        return body, headers.get("docker-content-digest", "")

    def _fetched(self, chunks: Iterator[bytes], layer: Descriptor) -> Iterator[bytes]:
        """Counted, and checked at its end against the layer's digest."""
        algorithm, _, claimed = layer.digest.partition(":")
        digest = hashlib.new(algorithm)
        for chunk in chunks:
            self.budget.fetch(len(chunk))
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != claimed:
            raise MalformedImage(
                "A layer of the image does not match its digest: push the image again."
            )

    def _unpacked(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.budget.unpack(len(chunk))
            yield chunk

    def _missing(self, what: str) -> MalformedImage:
        return MalformedImage(
            f"{self.reference.registry} has the image's manifest but not its {what}: push it again."
        )
