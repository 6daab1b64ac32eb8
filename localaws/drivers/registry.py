"""A client of the OCI distribution API, for registries of this machine only: plain HTTP."""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.drivers.driver import PullFailed

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LARGEST_MANIFEST = 4 << 20
TIMEOUT_SECONDS = 30
CHUNK = 1 << 20
ECR = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
REFERENCE = re.compile(
    r"(?P<registry>[^/]+)/(?P<repository>[a-z0-9._/-]+)"
    r"(?::(?P<tag>[\w.-]{1,128}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class Reference:
    text: str
    registry: str  # host:port
    repository: str
    version: str  # a digest or a tag

    @property
    def by_digest(self) -> bool:
        return self.version.startswith("sha256:")


def parse(text: str, own_port: int) -> Reference:
    """ECR's own host names mean the registry of this local AWS; others must be on loopback."""
    found = REFERENCE.fullmatch(text)
    if not found:
        raise PullFailed(f"invalid reference format: {text}")
    registry = found["registry"]
    if ECR.fullmatch(registry):
        registry = f"127.0.0.1:{own_port}"
    if not _on_loopback(registry):
        raise PullFailed(f"pull access denied for {text}: the local AWS pulls from this machine")
    version = found["digest"] or found["tag"] or "latest"
    return Reference(text, registry, found["repository"], version)


def _on_loopback(registry: str) -> bool:
    host = registry.rpartition(":")[0] or registry
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def manifest(reference: Reference, version: str | None = None) -> tuple[str, dict[str, Any]]:
    """The digest and the document, checked against each other where asked for by digest."""
    wanted = version or reference.version
    path = f"/v2/{reference.repository}/manifests/{wanted}"
    with _get(reference, path, accept=", ".join(INDEXES + MANIFESTS)) as answer:
        body = answer.read(LARGEST_MANIFEST)
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    if wanted.startswith("sha256:") and digest != wanted:
        raise PullFailed(f"manifest verification failed for digest {wanted}")
    try:
        return digest, json.loads(body)
    except ValueError as error:
        raise PullFailed(f"invalid manifest for {reference.text}") from error


def blob(reference: Reference, digest: str, path: Path) -> None:
    """Streamed to `path`; refused if its content is not what its digest says."""
    seen = hashlib.sha256()
    with (
        _get(reference, f"/v2/{reference.repository}/blobs/{digest}", accept="*/*") as answer,
        path.open("wb") as file,
    ):
        while piece := answer.read(CHUNK):
            seen.update(piece)
            file.write(piece)
    if digest != "sha256:" + seen.hexdigest():
        raise PullFailed(f"filesystem layer verification failed for digest {digest}")


@contextmanager
def _get(reference: Reference, path: str, *, accept: str) -> Iterator[http.client.HTTPResponse]:
    host = reference.registry.replace("localhost", "127.0.0.1", 1)
    connection = http.client.HTTPConnection(host, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        if answer.status != 200:
            raise PullFailed(_refusal(reference, answer.status))
        yield answer
    except (OSError, http.client.HTTPException) as error:
        raise PullFailed(f'Get "http://{reference.registry}/v2/": {error}') from error
    finally:
        connection.close()


def _refusal(reference: Reference, status: int) -> str:
    if status == 404:
        return f"manifest for {reference.text} not found: manifest unknown: manifest unknown"
    if status in (401, 403):
        return f"pull access denied for {reference.text}, repository does not exist or may require"
    return f"received unexpected HTTP status: {status} {http.client.responses.get(status, '')}"
