"""Where the Procfile is found, what it costs to find it, and what hides it."""

from __future__ import annotations

import gzip
import sys
import tarfile
import zlib
from collections.abc import Iterator

import pytest

from app.domain.image import Image, ImageReference
from app.gateways.registry import (
    ImageTooLarge,
    Limits,
    MalformedImage,
    MalformedProcfile,
    Registry,
    RegistryUnreachable,
)
from tests.gateways import images
from tests.gateways.images import Files, Layer, Link, blob, huge, image, layer
from tests.gateways.scripted_registry import Exchange, ScriptedRegistry, running

FROM_COMMAND = {"web": "./server"}
GB = 1024**3


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedRegistry]:
    with running() as registry:
        yield registry


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as client:
        yield client


def put(server: ScriptedRegistry, *layers: Layer, workdir: str | None = "/app") -> ImageReference:
    server.sent.clear()
    server.asked.clear()
    return ImageReference.parse(server.put("hello", "v1", image(*layers, workdir=workdir)))


def resolve(
    server: ScriptedRegistry, registry: Registry, *layers: Layer, workdir: str | None = "/app"
) -> Image:
    return registry.resolve(put(server, *layers, workdir=workdir))


def test_a_huge_lower_layer_is_never_asked_for(
    server: ScriptedRegistry, registry: Registry
) -> None:
    below, own = huge(2 * GB), layer({"app/Procfile": "web: x"})

    found = resolve(server, registry, below, own)

    assert found.process_types == {"web": "x"}
    assert server.count(below.digest) == 0
    assert server.sent[own.digest] == own.size
    assert sum(server.sent.values()) < 1024**2


def test_a_huge_layer_is_left_as_soon_as_its_procfile_was_read(
    server: ScriptedRegistry, registry: Registry
) -> None:
    start = images.tar({"app/Procfile": "web: x"})[:1024] + bytes(0)
    piece = tarfile.TarInfo("big").tobuf() * 128

    def chunks() -> Iterator[bytes]:
        yield start
        for _ in range(2 * GB // len(piece)):
            yield piece

    own = Layer(images.digest(b"own"), 2 * GB, chunks, images.PLAIN_LAYER)

    found = resolve(server, registry, own)

    assert found.process_types == {"web": "x"}
    assert server.sent[own.digest] < 16 * 1024 * 1024  # what the sockets' buffers hold


def test_each_layer_is_asked_for_once_newest_first(
    server: ScriptedRegistry, registry: Registry
) -> None:
    oldest, middle, newest = (layer({name: name}) for name in ("a", "b", "c"))

    resolve(server, registry, oldest, middle, newest)

    asked = [path.rpartition("/")[2] for path in server.asked if "/blobs/" in path][1:]
    assert asked == [newest.digest, middle.digest, oldest.digest]


@pytest.mark.parametrize(
    ("workdir", "name"),
    [
        ("/app", "app/Procfile"),
        ("/app", "./app/Procfile"),
        ("/app", "/app/Procfile"),
        ("/app/", "app//Procfile"),
        ("app", "app/Procfile"),
        ("/a/../app", "app/Procfile"),
        ("/", "Procfile"),
        (None, "./Procfile"),
        ("", "/Procfile"),
        ("/" + "d" * 90 + "/" + "e" * 90, "d" * 90 + "/" + "e" * 90 + "/Procfile"),
        ("/" + "é" * 120, "é" * 120 + "/Procfile"),
    ],
)
@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_names_are_read_as_builders_write_them(
    server: ScriptedRegistry, registry: Registry, workdir: str | None, name: str, format: int
) -> None:
    own = layer({"before": "x" * 700, name: "web: x", "after": "y"}, format=format)

    assert resolve(server, registry, own, workdir=workdir).process_types == {"web": "x"}


OLD: Files = {"app": None, "app/Procfile": "web: old"}


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        ([{"app/other": "x"}], {"web": "old"}),
        ([{"app/Procfile": "web: new"}], {"web": "new"}),
        ([{"app/.wh.Procfile": ""}], FROM_COMMAND),
        ([{".wh.app": ""}], FROM_COMMAND),
        ([{"app": None, "app/.wh..wh..opq": ""}], FROM_COMMAND),
        ([{"./.wh..wh..opq": ""}], FROM_COMMAND),
        ([{".wh.Procfile": ""}], {"web": "old"}),
        ([{"app/.wh.other": "", "other/.wh..wh..opq": ""}], {"web": "old"}),
        ([{"app/sub/.wh..wh..opq": ""}], {"web": "old"}),
        ([{"app/.wh.Procfile": ""}, {"app/Procfile": "web: again"}], {"web": "again"}),
        ([{"app/.wh.Procfile": ""}, {"x": "later"}], FROM_COMMAND),
        ([{"app/.wh.Procfile": "", "app/Procfile": "web: both"}], {"web": "both"}),
        ([{"app/Procfile": "web: both", "app/.wh..wh..opq": ""}], {"web": "both"}),
        ([{"app/.wh..wh..opq": "", "app/Procfile": "web: both"}], {"web": "both"}),
        ([{"app": "a file where the folder was"}], FROM_COMMAND),
        ([{"app": "a file"}, {"app": None, "app/Procfile": "web: new"}], {"web": "new"}),
        ([{"app": "a file"}, {"app": None}], FROM_COMMAND),
        ([{"app": Link("elsewhere")}, {"app": None}], FROM_COMMAND),
    ],
)
def test_newer_layers_outweigh_older_ones(
    server: ScriptedRegistry,
    registry: Registry,
    newer: list[Files],
    expected: dict[str, str],
) -> None:
    layers = [layer(files) for files in [OLD, *newer]]

    assert resolve(server, registry, *layers).process_types == expected


@pytest.mark.parametrize(
    "layers",
    [
        [{"app/Procfile.prod": "web: x", "app/Procfile": Link("Procfile.prod")}],
        [{"app/Procfile": Link("../etc/procs"), "etc/procs": "web: x"}],
        [{"app/Procfile": Link("/etc/procs")}, {"etc/procs": "web: x"}],
        [{"etc/procs": "web: x"}, {"app/Procfile": Link("/etc/procs")}],
        [{"app/one": "web: x", "app/Procfile": Link("app/one", hard=True)}],
        [
            {"app/one": "web: x", "app/Procfile": Link("app/one", hard=True)},
            {"app/one": "web: changed since"},
        ],
        [{"app": Link("srv/app"), "srv/app/Procfile": "web: x"}],
        [{"app": Link("/srv/app")}, {"srv/app/Procfile": "web: x"}],
        [{"app": Link("srv"), "srv": Link("data"), "data/Procfile": Link("p"), "data/p": "web: x"}],
    ],
)
def test_links_are_followed(
    server: ScriptedRegistry, registry: Registry, layers: list[Files]
) -> None:
    found = resolve(server, registry, *(layer(files) for files in layers))

    assert found.process_types == {"web": "x"}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"app/Procfile": Link("nowhere")}, "a link to /app/nowhere, which is not in the image"),
        ({"app/Procfile": Link("Procfile")}, "a link in circles"),
        ({"app/Procfile": None}, "is a folder"),
        ({"app/Procfile": "#" * 70_000}, "larger than 64 KiB"),
    ],
)
def test_a_procfile_that_cannot_be_read_is_refused(
    server: ScriptedRegistry, registry: Registry, files: Files, why: str
) -> None:
    with pytest.raises(MalformedProcfile, match=why):
        resolve(server, registry, layer(files))


def test_a_workdir_that_leads_nowhere_has_no_procfile(
    server: ScriptedRegistry, registry: Registry
) -> None:
    found = resolve(server, registry, layer({"app": Link("nowhere")}))

    assert found.process_types == FROM_COMMAND


PLAIN = images.tar({"x": "y" * 3000, "app/Procfile": "web: x"})


@pytest.mark.parametrize(
    "packed",
    [
        PLAIN,
        PLAIN.rstrip(b"\0") + bytes(512 - len(PLAIN.rstrip(b"\0")) % 512),  # no end marker
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:700]) + gzip.compress(b"") + gzip.compress(PLAIN[700:]),
    ],
)
def test_layers_are_unpacked_by_what_they_are(
    server: ScriptedRegistry, registry: Registry, packed: bytes
) -> None:
    for media_type in (images.PLAIN_LAYER, images.GZIP_LAYER):
        found = resolve(server, registry, blob(packed, media_type))
        assert found.process_types == {"web": "x"}


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="zstd is in the standard library")
def test_zstd_is_refused_where_python_cannot_unpack_it(
    server: ScriptedRegistry, registry: Registry
) -> None:
    packed = blob(b"\x28\xb5\x2f\xfd" + bytes(20), "application/vnd.oci.image.layer.v1.tar+zstd")

    with pytest.raises(MalformedImage, match="compression=gzip"):
        resolve(server, registry, packed)


NO_PROCFILE = images.tar({"x": "y" * 5000, "z": "z"})


def _with_size(field: bytes) -> bytes:
    header = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT)[:512])
    header[124:136] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def _pax(records: bytes, claimed: int | None = None) -> bytes:
    member = tarfile.TarInfo("pax")
    member.type, member.size = b"x", len(records) if claimed is None else claimed
    return member.tobuf(tarfile.GNU_FORMAT) + records + bytes(-len(records) % 512)


@pytest.mark.parametrize(
    "packed",
    [
        NO_PROCFILE[:700],
        NO_PROCFILE[:5000],
        b"not a tar archive at all" * 100,
        NO_PROCFILE[:512] + b"garbage" * 200,
        bytes(512) + NO_PROCFILE,
        gzip.compress(NO_PROCFILE)[:-9],
        gzip.compress(NO_PROCFILE)[:-4] + b"\0\0\0\0",
        gzip.compress(NO_PROCFILE) + b"trailing",
        b"BZh91AY&SY" + bytes(100),
        _with_size(b"\xff" * 12),
        _with_size(b"99999999999\0"),
        _pax(b"4 a=\n"),
        _pax(b"0 path=x\n"),
        _pax(b"999 path=x\n"),
        _pax(b"path=x\n"),
        _pax(b"12 size=-512\n") + NO_PROCFILE,
        _pax(b"", claimed=8 * GB),
        _pax(b"12 comment=\n") * 2048,
    ],
)
def test_a_layer_that_cannot_be_read_to_its_end_is_never_taken_for_one_without_procfile(
    server: ScriptedRegistry, registry: Registry, packed: bytes
) -> None:
    with pytest.raises(MalformedImage, match="A layer of the image"):
        resolve(server, registry, blob(packed))


def test_a_layer_that_is_not_the_one_named_is_refused(
    server: ScriptedRegistry, registry: Registry
) -> None:
    other = layer({"y": "y"})
    named = Layer(images.digest(b"another"), other.size, other.chunks)

    with pytest.raises(MalformedImage, match="does not match its digest"):
        resolve(server, registry, named)


def test_a_layer_that_breaks_off_may_be_tried_again(
    server: ScriptedRegistry, registry: Registry
) -> None:
    whole = layer({"x": "x"})
    broken = Layer(whole.digest, whole.size + 1000, whole.chunks)

    def hang_up(exchange: Exchange) -> None:
        server.serve_blob(exchange)
        exchange.hang_up()

    server.special[f"/v2/hello/blobs/{whole.digest}"] = hang_up
    with pytest.raises(RegistryUnreachable, match="broke off"):
        resolve(server, registry, broken)
    server.special.clear()


def test_a_missing_layer_is_an_error(server: ScriptedRegistry, registry: Registry) -> None:
    reference = put(server, missing := layer({"gone": "gone"}))
    del server.blobs[missing.digest]

    with pytest.raises(MalformedImage, match="not its layer"):
        registry.resolve(reference)


def test_a_bomb_is_given_up_at_the_limit_in_little_memory(server: ScriptedRegistry) -> None:
    packer = zlib.compressobj(9, wbits=31)
    member = tarfile.TarInfo("zeros")
    member.size = 256 * 1024**2
    zeros = bytes(1024**2)
    packed = packer.compress(member.tobuf())
    packed += b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()
    reference = put(server, blob(packed))

    with (
        Registry(limits=Limits(unpacked=16 * 1024**2)) as registry,
        pytest.raises(ImageTooLarge, match=r"unpacking 16,777,216 bytes: put the Procfile in one"),
    ):
        registry.resolve(reference)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(fetched=1024**2), "after 1,048,576 bytes of layers"),
        (Limits(seconds=0), "after 0 seconds"),
    ],
)
def test_an_image_too_costly_to_read_is_given_up_with_advice(
    server: ScriptedRegistry, limits: Limits, why: str
) -> None:
    reference = put(server, layer(OLD), Layer("sha256:" + "0" * 64, 2 * GB, huge(2 * GB).chunks))

    with Registry(limits=limits) as registry, pytest.raises(ImageTooLarge, match=why):
        registry.resolve(reference)

    assert sum(server.sent.values()) < 64 * 1024**2


def test_endless_small_files_are_given_up(server: ScriptedRegistry) -> None:
    reference = put(server, layer({f"f{n}": "" for n in range(50)}))

    with (
        Registry(limits=Limits(entries=20)) as registry,
        pytest.raises(ImageTooLarge, match="after 20 files"),
    ):
        registry.resolve(reference)
