"""Image layers onto disk: tar archives from strangers, applied in order, never outside the root.

Every name is resolved component by component inside the root, symbolic links included, as a
chroot would; what asks to leave it is refused.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

MOST_LINKS = 40
MOST_ENTRIES = 500_000
MOST_BYTES = 8 << 30
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


class UnsafeLayer(Exception):
    """The archive reaches outside of the root, or is larger than any honest one."""


def inside(root: Path, path: str, links: int = MOST_LINKS) -> Path:
    """Where `path` lies below `root`, links followed as if `root` were /. It may not exist."""
    pending = [part for part in path.split("/") if part not in ("", ".")][::-1]
    here = root
    while pending:
        part = pending.pop()
        if part == "..":
            here = here if here == root else here.parent
            continue
        here /= part
        if here.is_symlink():
            if (links := links - 1) < 0:
                raise UnsafeLayer(f"too many symbolic links in {path}")
            target = os.readlink(here)
            here = root if target.startswith("/") else here.parent
            pending += [part for part in target.split("/") if part not in ("", ".")][::-1]
    return here


def apply(archive: Path, root: Path) -> None:
    """Unpack one layer (plain, gzip, bzip2 or xz) over the ones before it."""
    written: set[Path] = set()  # an opaque directory hides the layers below, not this one
    room = MOST_BYTES
    with tarfile.open(archive) as layer:
        for count, member in enumerate(layer):
            room -= member.size
            if count > MOST_ENTRIES or room < 0:
                raise UnsafeLayer("the layer is too large")
            _apply_one(layer, member, root, written)


def _apply_one(
    layer: tarfile.TarFile, member: tarfile.TarInfo, root: Path, written: set[Path]
) -> None:
    parent, name = _split(root, member.name)
    if name == OPAQUE:
        _hide_all(parent, written)
    elif name.startswith(WHITEOUT):
        _remove(_named(parent, name.removeprefix(WHITEOUT)))
    elif name:
        path = parent / name
        _write(layer, member, root, path)
        written.update([path, *path.parents])


def _split(root: Path, name: str) -> tuple[Path, str]:
    """The real parent, made if missing, and the last part; that one is never followed."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafeLayer(f"{name} leaves the root")
    parent = inside(root, "/".join(parts[:-1]))
    if parent.exists() and not parent.is_dir():
        _remove(parent)
    parent.mkdir(parents=True, exist_ok=True)
    return parent, parts[-1] if parts else ""


def _named(parent: Path, name: str) -> Path:
    if name in ("", ".", ".."):
        raise UnsafeLayer(f"a whiteout of {name!r}")
    return parent / name


def _hide_all(directory: Path, written: set[Path]) -> None:
    for path in directory.iterdir():
        if path not in written:
            _remove(path)


def _write(layer: tarfile.TarFile, member: tarfile.TarInfo, root: Path, path: Path) -> None:
    if member.isdir():
        _make_directory(member, path)
        return
    if not (member.isfile() or member.issym() or member.islnk()):
        return  # devices and pipes are of no use to a plain process
    if member.islnk():
        target = inside(root, member.linkname)
        if target != path:
            _remove(path)
            _link(target, path)
        return
    _remove(path)
    if member.issym():
        path.symlink_to(member.linkname)
    else:
        _make_file(layer, member, path)


def _make_directory(member: tarfile.TarInfo, path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        _remove(path)
        path.mkdir()
    path.chmod(member.mode & 0o777 | 0o700)  # later layers must be able to write here


def _link(target: Path, path: Path) -> None:
    try:
        os.link(target, path, follow_symlinks=False)
    except OSError as error:
        raise UnsafeLayer(f"{path.name} is a link to nothing in the image") from error


def _make_file(layer: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = layer.extractfile(member)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        if source:
            shutil.copyfileobj(source, file)
    path.chmod(member.mode & 0o777)  # set-user-id bits stay behind


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
