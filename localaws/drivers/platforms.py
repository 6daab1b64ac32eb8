"""The manifest that is meant for this machine, where an image offers one for each platform."""

from __future__ import annotations

import platform
from typing import Any

from localaws.drivers import registry
from localaws.drivers.driver import PullFailed

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def manifest(reference: registry.Reference) -> tuple[str, dict[str, Any]]:
    """Its digest, and itself. Raises PullFailed."""
    digest, document = registry.manifest(reference)
    if "manifests" in document:
        return registry.manifest(reference, _own(document))
    return digest, document


def _own(index: dict[str, Any]) -> str:
    """Ours if it is offered, else the first: without isolation only scripts run anyway."""
    machine = ARCHITECTURES.get(platform.machine(), platform.machine())
    offered = index["manifests"]
    for entry in offered:
        if entry.get("platform", {}).get("architecture") == machine:
            return str(entry["digest"])
    if not offered:
        raise PullFailed("no matching manifest for linux/" + machine)
    return str(offered[0]["digest"])
