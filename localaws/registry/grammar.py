"""What names, tags, digests and addresses look like; anything else is no address of ours."""

from __future__ import annotations

import re

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = rf"{_PART}(?:/{_PART})*"
TAG = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
UPLOAD = r"[0-9a-f]{32}"

PATHS = {
    "ping": re.compile(r"/v2/?"),
    "start": re.compile(rf"/v2/(?P<name>{NAME})/blobs/uploads/?"),
    "upload": re.compile(rf"/v2/(?P<name>{NAME})/blobs/uploads/(?P<upload>{UPLOAD})"),
    "blob": re.compile(rf"/v2/(?P<name>{NAME})/blobs/(?P<digest>{DIGEST})"),
    "manifest": re.compile(rf"/v2/(?P<name>{NAME})/manifests/(?P<reference>{DIGEST}|{TAG})"),
    "tags": re.compile(rf"/v2/(?P<name>{NAME})/tags/list"),
}
LONGEST_NAME = 255
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*(; ?[\w.-]+=[\w.-]+)*", re.ASCII)


def match(path: str) -> tuple[str, dict[str, str]] | None:
    """The kind of address, and what it names."""
    for kind, pattern in PATHS.items():
        if found := pattern.fullmatch(path):
            named = found.groupdict()
            return (kind, named) if len(named.get("name", "")) <= LONGEST_NAME else None
    return None


def is_digest(text: str) -> bool:
    return re.fullmatch(DIGEST, text) is not None


def is_name(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None


def is_media_type(text: str) -> bool:
    """RFC 6838 §4.2, with parameters as a client may send them."""
    return _MEDIA_TYPE.fullmatch(text) is not None
