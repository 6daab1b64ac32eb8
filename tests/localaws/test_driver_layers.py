import io
import tarfile
from pathlib import Path

import pytest

from localaws.drivers.layers import UnsafeLayer, apply, inside

Entry = tuple[str, str | bytes | None]  # None: a directory; text: a link's target; bytes: content


def layer(path: Path, *entries: Entry, hard: bool = False) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in entries:
            member = tarfile.TarInfo(name)
            member.mode = 0o755
            if content is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                member.type = tarfile.LNKTYPE if hard else tarfile.SYMTYPE
                member.linkname = content
            else:
                member.size = len(content)
            body = io.BytesIO(content) if isinstance(content, bytes) else None
            archive.addfile(member, body)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


def test_later_layers_win(root: Path, tmp_path: Path) -> None:
    apply(layer(tmp_path / "1", ("app", None), ("app/a", b"old"), ("app/b", b"b")), root)
    apply(layer(tmp_path / "2", ("app/a", b"new")), root)

    assert (root / "app/a").read_bytes() == b"new"
    assert (root / "app/a").stat().st_mode & 0o777 == 0o755
    assert files(root) == {"app/a", "app/b"}


def test_a_whiteout_removes_and_an_opaque_directory_hides_what_was_below(
    root: Path, tmp_path: Path
) -> None:
    apply(
        layer(tmp_path / "1", ("a/one", b""), ("a/two", b""), ("b/deep/x", b""), ("c", b"")), root
    )
    apply(layer(tmp_path / "2", ("a/new", b""), ("a/.wh..wh..opq", b""), ("b/.wh.deep", b"")), root)

    assert files(root) == {"a/new", "c"}


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "a/../b"])
def test_names_that_climb_are_refused(name: str, root: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsafeLayer):
        apply(layer(tmp_path / "1", (name, b"evil")), root)

    assert not (tmp_path / "evil").exists()


def test_absolute_names_stay_in_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"

    apply(layer(tmp_path / "1", (str(outside), b"evil")), root)

    assert not outside.exists()
    assert (root / str(outside).lstrip("/")).read_bytes() == b"evil"


@pytest.mark.parametrize("up", ["/", "../../../../../../../.."])
def test_links_are_followed_only_inside_the_root(up: str, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    way_out = up.rstrip("/") + str(outside)

    apply(layer(tmp_path / "1", ("link", way_out), ("link/evil", b"evil")), root)

    assert list(outside.iterdir()) == []
    assert (root / str(outside).lstrip("/") / "evil").read_bytes() == b"evil"


def test_a_link_is_replaced_not_written_through(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("safe")

    apply(layer(tmp_path / "1", ("x", str(victim)), ("x", b"evil")), root)

    assert victim.read_text() == "safe"
    assert (root / "x").read_bytes() == b"evil"


def test_a_hard_link_to_the_outside_is_refused(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("safe")

    with pytest.raises(UnsafeLayer):
        apply(layer(tmp_path / "1", ("x", str(victim)), hard=True), root)
    with pytest.raises(UnsafeLayer):
        apply(layer(tmp_path / "2", ("x", "../victim"), hard=True), root)


@pytest.mark.parametrize("name", [".wh...", "a/.wh..", ".wh."])
def test_a_whiteout_never_removes_more_than_its_name(name: str, root: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("safe")

    with pytest.raises(UnsafeLayer):
        apply(layer(tmp_path / "1", (name, b"")), root)

    assert (tmp_path / "beside").exists()


def test_links_in_a_circle_end(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsafeLayer):
        apply(layer(tmp_path / "1", ("a", "b"), ("b", "a"), ("a/x", b"")), root)


def test_a_path_is_resolved_as_in_a_chroot(root: Path) -> None:
    (root / "srv").symlink_to("/app/current")
    (root / "app").mkdir()
    (root / "app/current").symlink_to("../../../v1")

    assert inside(root, "/srv/../etc") == root / "etc"
    assert inside(root, "/srv/config") == root / "v1/config"
    assert inside(root, "../../..") == root
