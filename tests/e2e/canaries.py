"""Secrets that can be told wherever they turn up, and a search for them.

Each has a core of hexadecimal digits, which JSON, URLs, shells and reprs leave as it is, whatever
they do to the odd characters around it. What changes the core too (base64 at any offset, the hex
of its bytes) is searched for by name.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ODD = " \"quoted\" 'single' \\back\\slash\nnew line\ttab <é☃𝄞&=%+/?#> $HOME ${x} %s {y} "


@dataclass(frozen=True)
class Canary:
    name: str
    core: str
    value: str

    @property
    def needles(self) -> list[bytes]:
        core = self.core.encode()
        shapes = [core, core.hex().encode(), core[::-1]]
        return shapes + [_in_base64(core, offset) for offset in range(3)]


def canary(name: str, before: str = "", after: str = "") -> Canary:
    core = secrets.token_hex(16)
    return Canary(name, core, before + core + after)


def found(canaries: Iterable[Canary], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which was seen where."""
    sought = [(one.name, needle) for one in canaries for needle in one.needles]
    return sorted(
        {
            f"{name} in {where}"
            for where, held in places
            for name, needle in sought
            if needle in held
        }
    )


def forms(value: str) -> Iterator[bytes]:
    """How a secret may look where it does not belong: for a test of the search itself."""
    plain = value.encode()
    for before in (b"", b"x", b"xx"):
        yield base64.b64encode(before + plain)
        yield base64.urlsafe_b64encode(before + plain)
    yield plain.hex().encode()


def _in_base64(core: bytes, offset: int) -> bytes:
    """The digits that depend on nothing but the core, when it begins at this offset of three."""
    encoded = base64.b64encode(bytes(offset) + core)
    first = -(-offset * 8 // 6)
    return encoded[first : (offset + len(core)) * 8 // 6]
