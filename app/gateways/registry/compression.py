"""A layer's bytes, unpacked as they arrive.

What a layer is packed with is told by its first bytes, as Docker does, not by its media type.
Nothing is unpacked faster than it is read: a bomb costs time and budget, never memory.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from app.gateways.registry.errors import MalformedImage

PIECE = 256 * 1024

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}


class Decoder(Protocol):
    """One gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Gzip:
    """zlib behind the interface of the library's other decompressors."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail and not self._full

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        piece = self._member.decompress(self._member.unconsumed_tail + data, max_length)
        self._full = len(piece) == max_length  # zlib may hold more, without any tail
        return piece


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = b""
    while len(first) < 6 and (chunk := next(chunks, None)) is not None:
        first += chunk
    packed = chain([first], chunks)
    if first.startswith(_GZIP):
        return members(packed, Gzip)
    if first.startswith(_ZSTD):
        return members(packed, _zstd())
    for magic, name in _OTHERS.items():
        if first.startswith(magic):
            raise MalformedImage(f"A layer of the image is packed with {name}: use gzip.")
    return packed


class NewDecoder(Protocol):
    def __call__(self) -> Decoder: ...


def members(packed: Iterator[bytes], new: NewDecoder) -> Iterator[bytes]:
    """Members or frames one after the other, as pigz and lazily pulled images write them."""
    decoder: Decoder | None = None
    for chunk in packed:
        waiting = chunk
        while waiting or (decoder and not decoder.needs_input and not decoder.eof):
            decoder = new() if decoder is None or decoder.eof else decoder
            yield _step(decoder, waiting)
            waiting = decoder.unused_data if decoder.eof else b""
    if decoder is None or not decoder.eof:
        raise MalformedImage("A layer of the image is cut short: push it again.")


def _step(decoder: Decoder, data: bytes) -> bytes:
    try:
        return decoder.decompress(data, PIECE)
    except Exception as error:  # zlib.error, ZstdError: no common base, no other cause
        raise MalformedImage("A layer of the image cannot be unpacked: push it again.") from error


def _zstd() -> NewDecoder:
    """Python 3.14 has it (`compression.zstd`); a dependency for the rest is not worth it."""
    try:
        decoder: NewDecoder = importlib.import_module("compression.zstd").ZstdDecompressor
    except ImportError:
        raise MalformedImage(
            "A layer of the image is packed with zstd, which this platform's Python cannot"
            " unpack before 3.14: build the image with compression=gzip."
        ) from None
    return decoder
