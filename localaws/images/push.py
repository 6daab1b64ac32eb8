"""An image to a registry, by the OCI distribution API; what is there already is not sent again."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2

from localaws.images.pack import CHUNK, Blob, Image
from localaws.registry import grammar

HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-f:]+\])(:[0-9]+)?"


class PushError(Exception):
    """Why an image did not arrive, as a sentence."""


@dataclass(frozen=True)
class Reference:
    registry: str
    repository: str
    tag: str

    @property
    def url(self) -> str:
        """Plain HTTP only on this machine."""
        return f"{'http' if _loopback(self.registry) else 'https'}://{self.registry}"


def parse(text: str, registry: str) -> Reference:
    """`text` as docker reads it: the first part is a registry if it can be no name."""
    first, slash, rest = text.partition("/")
    if slash and (":" in first or "." in first or first == "localhost"):
        registry, text = first, rest
    repository, _, tag = text.partition(":")
    tag = tag or "latest"
    grammatical = grammar.is_name(repository) and re.fullmatch(grammar.TAG, tag)
    if not grammatical or not re.fullmatch(HOST, registry):
        raise PushError(f"'{text}' is no name for an image. Write NAME:TAG, for example hello:v1.")
    return Reference(registry, repository, tag)


def push(reference: Reference, image: Image) -> str:
    """Answers the image by its digest: registry/name@sha256:…"""
    try:
        with httpx2.Client(base_url=reference.url, timeout=60, trust_env=False) as client:
            for blob in (*image.layers, image.config):
                _push_blob(client, reference, blob)
            _push_manifest(client, reference, image.manifest)
    except httpx2.TransportError as error:
        raise PushError(
            f"The registry at {reference.registry} does not answer ({error}). Is it running?"
        ) from error
    return f"{reference.registry}/{reference.repository}@{image.manifest.digest}"


def _push_blob(client: httpx2.Client, reference: Reference, blob: Blob) -> None:
    if client.head(f"/v2/{reference.repository}/blobs/{blob.digest}").status_code == 200:
        return
    begun = client.post(f"/v2/{reference.repository}/blobs/uploads/")
    _expect(begun, 202, reference)
    answer = client.put(
        urljoin(reference.url, begun.headers["location"]),
        params={"digest": blob.digest},
        content=_chunks(blob),
        headers=_headers("application/octet-stream", blob),
    )
    _expect(answer, 201, reference)


def _push_manifest(client: httpx2.Client, reference: Reference, manifest: Blob) -> None:
    answer = client.put(
        f"/v2/{reference.repository}/manifests/{reference.tag}",
        content=_chunks(manifest),
        headers=_headers(manifest.media_type, manifest),
    )
    _expect(answer, 201, reference)


def _headers(media_type: str, blob: Blob) -> dict[str, str]:
    return {"Content-Type": media_type, "Content-Length": str(blob.size)}


def _chunks(blob: Blob) -> Iterator[bytes]:
    blob.content.seek(0)
    while chunk := blob.content.read(CHUNK):
        yield chunk


def _expect(answer: httpx2.Response, status: int, reference: Reference) -> None:
    if answer.status_code != status:
        raise PushError(
            f"The registry at {reference.registry} refused {reference.repository}:"
            f"{reference.tag} with {answer.status_code}: {answer.text[:500]}"
        )


def _loopback(registry: str) -> bool:
    host = registry.rpartition(":")[0] or registry
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
