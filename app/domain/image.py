"""An image's name, and what a name turns out to hold.

The grammar is that of the distribution project (`distribution/reference`), with Docker's
defaults: `hello` is `docker.io/library/hello:latest`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from app.domain.errors import Invalid

DOCKER_HUB = "docker.io"
MAX_LENGTH = 1024
MAX_REPOSITORY = 255
HEX_DIGITS = {"sha256": 64, "sha512": 128}

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_REGISTRY = re.compile(
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])(?::(?P<port>[0-9]{{1,5}}))?"
)
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"(?P<algorithm>[a-z0-9]+):(?P<hex>[0-9a-f]+)")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ImageReference:
    """`registry/repository:tag@digest`; at least one of tag and digest is there."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Raises Invalid, with a sentence that says what to write instead."""
        return _parse(text)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    def pinned(self, digest: str) -> ImageReference:
        """The same repository by digest alone: what a task definition is given."""
        return replace(self, tag=None, digest=digest)

    @property
    def app_name(self) -> str:
        return self.repository.rpartition("/")[2]

    @property
    def is_loopback(self) -> bool:
        return is_loopback(_host(self.registry))


@dataclass(frozen=True)
class Image:
    """A reference resolved: the digest it pointed to and the command of each process type."""

    reference: ImageReference
    digest: str
    process_types: Mapping[str, str]

    @property
    def pinned(self) -> ImageReference:
        return self.reference.pinned(self.digest)


def is_digest(text: str) -> bool:
    match = _DIGEST.fullmatch(text)
    return match is not None and len(match["hex"]) == HEX_DIGITS.get(match["algorithm"])


def is_loopback(host: str) -> bool:
    """Whether a host name or address (no port, brackets or not) can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _parse(text: str) -> ImageReference:
    if not text:
        raise Invalid("The image is empty: write a reference such as acme/hello:v1.")
    if len(text) > MAX_LENGTH:
        raise Invalid(f"The image reference is longer than {MAX_LENGTH} characters: shorten it.")
    if "://" in text:
        _refuse(text, "leave out the scheme, as in registry.example.com/acme/hello:v1")
    name, at, digest = text.partition("@")
    if at and not is_digest(digest):
        _refuse(text, "the part after @ must be sha256: and 64 hexadecimal digits in lower case")
    name, tag = _split_tag(text, name)
    registry, repository = _split_registry(text, name)
    _check_repository(text, repository)
    return ImageReference(
        registry, repository, tag or (None if digest else "latest"), digest or None
    )


def _split_tag(text: str, name: str) -> tuple[str, str | None]:
    start, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # the colon of registry:port/…
        return name, None
    if not _TAG.fullmatch(tag):
        _refuse(
            text,
            "a tag has 1 to 128 letters, digits, dots, dashes and underscores"
            " and does not begin with a dot or a dash",
        )
    return start, tag


def _split_registry(text: str, name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first.lower() == "localhost"):
        registry, repository = DOCKER_HUB, name
    else:
        registry, repository = first.lower(), rest
        _check_registry(text, registry)
    if registry == "index.docker.io":
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def _check_registry(text: str, registry: str) -> None:
    match = _REGISTRY.fullmatch(registry)
    if match is None or len(registry) > MAX_REPOSITORY:
        _refuse(text, "the registry must be a host name or address, with a port if need be")
    if match["port"] is not None and not 1 <= int(match["port"]) <= 65535:
        _refuse(text, "the registry's port must be between 1 and 65535")
    if match["host"].startswith("["):
        try:
            ipaddress.IPv6Address(match["host"].strip("[]"))
        except ValueError:
            _refuse(text, "the registry's address in brackets must be an IPv6 address")


def _check_repository(text: str, repository: str) -> None:
    if len(repository) > MAX_REPOSITORY:
        _refuse(text, f"the repository may have {MAX_REPOSITORY} characters")
    if repository != repository.lower():
        _refuse(text, "the repository must be in lower case")
    if _IMAGE_ID.fullmatch(repository.removeprefix("library/")):
        _refuse(text, "this is an image id; give its repository, with a tag or @sha256: digest")
    if not all(_PART.fullmatch(part) for part in repository.split("/")):
        _refuse(
            text,
            "the repository is made of lower-case letters and digits,"
            " parted by single dots, underscores, dashes or slashes",
        )


def _host(registry: str) -> str:
    match = _REGISTRY.fullmatch(registry)
    return match["host"] if match else registry


def _refuse(text: str, why: str) -> NoReturn:
    shown = text if len(text) <= 100 else f"{text[:100]}…"
    raise Invalid(f"{shown!r} is not an image reference: {why}.")
