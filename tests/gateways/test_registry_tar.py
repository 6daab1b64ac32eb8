"""Our tar reader beside the standard library's, and beside nonsense."""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.registry import MalformedImage
from app.gateways.registry.compression import PIECE, NewDecoder, members, unpacked
from app.gateways.registry.tar import Kind, Source, entries
from tests.gateways.images import Link, tar

KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.FOLDER,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARD_LINK,
}
names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1),
    min_size=1,
    max_size=12,
).map("/".join)
contents = st.one_of(
    st.binary(max_size=1500),
    st.none(),
    st.builds(Link, names),
    st.builds(Link, names, st.just(True)),
)


@given(
    files=st.dictionaries(names, contents, max_size=6),
    format=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    cut=st.integers(1, 2000),
)
def test_archives_read_as_the_standard_library_reads_them(
    files: dict[str, bytes | Link | None], format: int, cut: int
) -> None:
    archive = tar(dict(files), format=format)

    chunks = (archive[at : at + cut] for at in range(0, len(archive), cut))
    found = [(e.name.rstrip("/"), e.kind, e.size, e.link) for e in entries(Source(chunks))]

    with tarfile.open(fileobj=io.BytesIO(archive)) as oracle:
        expected = [(m.name, KINDS[m.type], m.size, m.linkname) for m in oracle]
    assert found == [(name.rstrip("/"), *rest) for name, *rest in expected]


@given(
    at=st.integers(0, 8000),
    junk=st.binary(min_size=1, max_size=600),
    packed=st.booleans(),
)
def test_a_damaged_archive_is_read_or_refused(at: int, junk: bytes, packed: bool) -> None:
    archive = bytearray(tar({"a" * 200: "x" * 600, "app/Procfile": "web: x", "l": Link("b" * 150)}))
    archive[at : at + len(junk)] = junk
    chunks = iter([bytes(archive)])

    try:
        found = list(entries(Source(unpacked(chunks) if packed else chunks)))
    except MalformedImage:
        return
    assert len(found) < 100


def test_a_folder_of_an_old_tar_and_a_sparse_file_are_known_for_what_they_are() -> None:
    old = tarfile.TarInfo("folder/")
    old.type = tarfile.AREGTYPE
    sparse = tarfile.TarInfo("GNUSparseFile.0/Procfile")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "app/Procfile"}
    archive = old.tobuf(tarfile.USTAR_FORMAT) + sparse.tobuf(tarfile.PAX_FORMAT) + bytes(1024)

    found = [(entry.name, entry.kind) for entry in entries(Source(iter([archive])))]

    assert found == [("folder/", Kind.FOLDER), ("app/Procfile", Kind.SPARSE)]


@pytest.mark.parametrize(
    ("compress", "decoder"),
    [(bz2.compress, bz2.BZ2Decompressor), (lzma.compress, lzma.LZMADecompressor)],
)
def test_decoders_of_the_library_are_driven_in_bounded_pieces(
    compress: object, decoder: NewDecoder
) -> None:
    """zstd's has the same interface where Python has it; these stand in for it elsewhere."""
    assert callable(compress)
    body = bytes(3 * PIECE) + b"end"
    packed = compress(body) + compress(b"") + compress(b"more")
    chunks = iter([packed[at : at + 7] for at in range(0, len(packed), 7)])

    pieces = list(members(chunks, decoder))

    assert b"".join(pieces) == body + b"more"
    assert max(map(len, pieces)) <= PIECE


def test_half_a_frame_is_refused() -> None:
    with pytest.raises(MalformedImage, match="cut short"):
        list(members(iter([bz2.compress(b"x" * 100)[:-4]]), bz2.BZ2Decompressor))
