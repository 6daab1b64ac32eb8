"""A folder with a Procfile, as an image in a registry: what `palatine localaws image` does."""

from __future__ import annotations

from pathlib import Path

from localaws.images.pack import Image, PackError, pack
from localaws.images.push import PushError, Reference, parse, push

__all__ = ["REGISTRY", "Image", "PackError", "PushError", "Reference", "pack", "push"]

REGISTRY = "127.0.0.1:4566"  # the local AWS's own


def push_directory(directory: Path, reference: str, registry: str = REGISTRY) -> str:
    """Packs and pushes; answers the image by its digest.

    A `reference` that names no registry goes to `registry`. PackError and PushError carry a
    sentence for the user.
    """
    destination = parse(reference, registry)
    with pack(directory) as image:
        return push(destination, image)
