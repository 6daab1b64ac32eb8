"""Where a registry may send us: https anywhere, http only from this machine to itself."""

from __future__ import annotations

import httpx2

from app.domain.image import DOCKER_HUB, ImageReference, is_loopback


def address(reference: ImageReference, path: str) -> httpx2.URL:
    """`path` under the repository, as the distribution API lays it out."""
    host = "registry-1.docker.io" if reference.registry == DOCKER_HUB else reference.registry
    scheme = "http" if reference.is_loopback else "https"
    return httpx2.URL(f"{scheme}://{host}/v2/{reference.repository}/{path}")


def may_follow(url: httpx2.URL, *, from_loopback: bool) -> bool:
    """A registry elsewhere may not point us at ourselves, nor any at an open connection."""
    if url.userinfo or not url.host:
        return False
    if is_loopback(url.host):
        return from_loopback and url.scheme in ("http", "https")
    return url.scheme == "https"


def same_origin(one: httpx2.URL, other: httpx2.URL) -> bool:
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _port(url: httpx2.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)
