"""Image registries: what an image is and runs, without pulling it whole."""

from app.gateways.registry.budget import Limits
from app.gateways.registry.errors import (
    AccessDenied,
    ImageNotFound,
    ImageTooLarge,
    MalformedImage,
    MalformedProcfile,
    NothingToRun,
    RegistryError,
    RegistryUnreachable,
)
from app.gateways.registry.registry import Registry

__all__ = [
    "AccessDenied",
    "ImageNotFound",
    "ImageTooLarge",
    "Limits",
    "MalformedImage",
    "MalformedProcfile",
    "NothingToRun",
    "Registry",
    "RegistryError",
    "RegistryUnreachable",
]
