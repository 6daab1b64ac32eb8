"""The entries of a tar archive, read once, forwards, and in bounded memory.

The standard library's reader takes whatever length a header claims into memory and, in the
versions we run on, can be made to loop. This one knows what image builders write: ustar,
pax and GNU names. It ends with an error wherever it cannot be sure what comes next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.gateways.registry.errors import MalformedImage

BLOCK = 512
MAX_NAMES = 1024 * 1024  # bytes of extended names before one entry, as in Go's archive/tar


class Kind(StrEnum):
    FILE = "file"
    HARD_LINK = "hard link"
    SYMLINK = "symbolic link"
    FOLDER = "folder"
    SPARSE = "sparse file"
    OTHER = "device"


_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARD_LINK,
    b"2": Kind.SYMLINK,
    b"5": Kind.FOLDER,
    b"S": Kind.SPARSE,
}
_HEADER_ONLY = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
_EXTENSIONS = frozenset({b"x", b"g", b"L", b"K"})


@dataclass(frozen=True)
class Entry:
    name: str
    kind: Kind
    size: int
    link: str


class Source:
    """Chunks of any length, taken by the byte."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes, or fewer at the end."""
        parts: list[bytes] = []
        while size and self._fill():
            part = self._chunk[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        while size:
            if not self._fill():
                raise _truncated()
            step = min(size, len(self._chunk) - self._at)
            self._at += step
            size -= step

    def drain(self) -> None:
        """Read on to the end, so that what carries the archive is checked too."""
        while self._fill():
            self._at = len(self._chunk)

    def _fill(self) -> bool:
        while self._at == len(self._chunk):
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._chunk, self._at = chunk, 0
        return True


def entries(source: Source) -> Iterator[Entry]:
    """Each entry, `source` standing at its content: whoever reads that must stop iterating."""
    names: dict[str, str] = {}
    spent = 0
    while (header := _header(source)) is not None:
        size, flag = _number(header[124:136]), header[156:157]
        if flag in _EXTENSIONS:
            spent += size + BLOCK
            if spent > MAX_NAMES:
                raise MalformedImage("A layer of the image has a file name without end.")
            names |= _extension(flag, _padded(source, size))
            continue
        entry = _entry(header, names)
        if entry.kind is Kind.SPARSE and flag == b"S":
            _skip_sparse_map(source, header)
        yield entry
        source.skip(_padding(entry.size) + entry.size)
        names, spent = {}, 0
    source.drain()


def content(source: Source, entry: Entry) -> bytes:
    """The content of the entry just yielded. The caller bounds `entry.size`."""
    return _exactly(source, entry.size)


def _header(source: Source) -> bytes | None:
    """The next header; None at the end, which is two blocks of zeros or no more blocks."""
    header = source.take(BLOCK)
    if not header:
        return None
    if len(header) < BLOCK:
        raise _truncated()
    if header.strip(b"\0"):
        _check_sum(header)
        return header
    if source.take(BLOCK).strip(b"\0"):
        raise _unreadable()  # more after the end: others would read on, so we cannot be sure
    return None


def _check_sum(header: bytes) -> None:
    claimed = _number(header[148:156])
    summed = header[:148] + b" " * 8 + header[156:]
    if claimed == sum(summed):
        return
    if claimed != sum(summed) - 256 * sum(byte > 127 for byte in summed):  # as some old tars do
        raise _unreadable()


def _number(octets: bytes) -> int:
    """Octal, or big-endian with the top bit set, as GNU writes what octal cannot hold."""
    if octets[0] & 0x80:
        number = int.from_bytes(bytes([octets[0] & 0x7F]) + octets[1:], "big")
    else:
        digits = octets.strip(b" \0")
        if digits.strip(b"01234567"):
            raise _unreadable()
        number = int(digits or b"0", 8)
    if number >= 2**63:
        raise _unreadable()
    return number


def _extension(flag: bytes, body: bytes) -> dict[str, str]:
    if flag == b"g":  # for all that follows; Docker ignores these, and so do we
        return {}
    if flag == b"x":
        return dict(_pax_records(body))
    return {"path" if flag == b"L" else "linkpath": _text(body)}


def _pax_records(body: bytes) -> Iterator[tuple[str, str]]:
    """Records of `length key=value`, the length counting itself and the line's end."""
    while body:
        digits = body.partition(b" ")[0]
        if not digits.isdigit() or len(digits) > 8:
            raise _unreadable()
        length = int(digits)
        record = body[len(digits) + 1 : length]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n") or length > len(body):
            raise _unreadable()
        yield _decoded(key), _decoded(value[:-1])
        body = body[length:]


def _entry(header: bytes, names: dict[str, str]) -> Entry:
    name = names.get("GNU.sparse.name") or names.get("path") or _name(header)
    flag = header[156:157]
    kind = _KINDS.get(flag, Kind.OTHER)
    if kind is Kind.FILE and name.endswith("/"):  # how tars before POSIX wrote folders
        kind = Kind.FOLDER
    if any(key.startswith("GNU.sparse.") for key in names):
        kind = Kind.SPARSE
    return Entry(name, kind, _size(header, names), names.get("linkpath") or _text(header[157:257]))


def _size(header: bytes, names: dict[str, str]) -> int:
    if header[156:157] in _HEADER_ONLY:
        return 0
    size = names.get("size")
    if not size:
        return _number(header[124:136])
    if not (size.isascii() and size.isdigit() and len(size) < 19):
        raise _unreadable()
    return int(size)


def _name(header: bytes) -> str:
    name = _text(header[:100])
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _skip_sparse_map(source: Source, header: bytes) -> None:
    more = header[482]
    while more:
        more = _exactly(source, BLOCK)[504]


def _padded(source: Source, size: int) -> bytes:
    body = _exactly(source, size)
    source.skip(_padding(size))
    return body


def _padding(size: int) -> int:
    return -size % BLOCK


def _exactly(source: Source, size: int) -> bytes:
    body = source.take(size)
    if len(body) < size:
        raise _truncated()
    return body


def _text(field: bytes) -> str:
    return _decoded(field.partition(b"\0")[0])


def _decoded(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _truncated() -> MalformedImage:
    return MalformedImage("A layer of the image ends in the middle of a file: push it again.")


def _unreadable() -> MalformedImage:
    return MalformedImage("A layer of the image is not a readable tar archive: push it again.")
