"""An image registry in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from app.domain.image import Image, ImageReference
from app.gateways.registry import ImageNotFound, RegistryUnreachable

BOTH = {"web": "python web.py", "worker": "python worker.py"}


class FakeRegistry:
    """`down`: nobody answers."""

    def __init__(self) -> None:
        self.images: dict[str, Mapping[str, str]] = {}
        self.down = False
        self.asked = 0

    def push(self, name: str, process_types: Mapping[str, str] = BOTH) -> str:
        """The pinned name under which ECS would pull it."""
        reference = ImageReference.parse(name)
        self.images[str(reference)] = process_types
        return str(reference.pinned(_digest(reference)))

    def resolve(self, reference: ImageReference) -> Image:
        self.asked += 1
        if self.down:
            raise RegistryUnreachable(f"{reference.registry} does not answer.")
        if str(reference) not in self.images:
            raise ImageNotFound(f"There is no image {reference}.")
        return Image(reference, _digest(reference), self.images[str(reference)])


def _digest(reference: ImageReference) -> str:
    return f"sha256:{hashlib.sha256(str(reference).encode()).hexdigest()}"
