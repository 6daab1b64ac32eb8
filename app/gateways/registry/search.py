"""Finding `<WORKDIR>/Procfile` in an image's layers, newest first, stopping as soon as sure.

What a layer says of a path outweighs every older layer (OCI image specification, "Image Layer
Filesystem Changeset"): a file is the answer; a whiteout of the file or of a folder above it,
or an opaque folder above it, means that older layers do not count. Links are followed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from app.domain.procfile import MAX_BYTES
from app.gateways.registry.budget import Budget
from app.gateways.registry.errors import MalformedProcfile
from app.gateways.registry.manifest import Descriptor
from app.gateways.registry.tar import Entry, Kind, Source, content, entries

MAX_LINKS = 8

OpenLayer = Callable[[Descriptor], AbstractContextManager[Source]]


@dataclass(frozen=True)
class Moved:
    """The path is a link: look for `target` in the layers up to `newest`."""

    target: str
    newest: int
    must_exist: bool


def find(
    layers: Sequence[Descriptor], workdir: str, open_layer: OpenLayer, budget: Budget
) -> bytes | None:
    """The Procfile; None only when the image certainly has none. `layers` are oldest first."""
    target, newest, must_exist = _path(f"{workdir}/Procfile"), len(layers) - 1, False
    for _ in range(MAX_LINKS + 1):
        answer = _look(layers, target, newest, open_layer, budget)
        if not isinstance(answer, Moved):
            break
        target, newest = answer.target, answer.newest
        must_exist = must_exist or answer.must_exist
    else:
        raise MalformedProcfile("The image's Procfile is a link in circles: make it a plain file.")
    if answer is None and must_exist:
        raise MalformedProcfile(
            f"The image's Procfile is a link to {_shown(target)}, which is not in the image: make"
            " it a plain file."
        )
    return answer


@dataclass
class _View:
    """What the layers read so far say of one path."""

    target: str
    hidden: bool = False  # older layers do not count
    folders: set[str] = field(default_factory=set)  # those above the path seen as real ones

    def __post_init__(self) -> None:
        self.above = set(_above(self.target))
        self.whiteouts = {_whiteout(path) for path in {self.target, *self.above}} | {
            posixpath.join(folder, ".wh..wh..opq") for folder in self.above
        }

    def see(self, path: str, entry: Entry) -> str | None:
        """Take one entry into account; the path's new target where it is under a link."""
        if path in self.whiteouts:
            self.hidden = True
        elif path in self.above and entry.kind is Kind.FOLDER:
            self.folders.add(path)
        elif path in self.above and entry.kind is Kind.SYMLINK and path not in self.folders:
            return _linked(path, entry.link) + self.target[len(path) :]
        elif path in self.above:  # no folder here: whatever is older lies under what replaced it
            self.hidden = True
        return None


def _look(
    layers: Sequence[Descriptor], target: str, newest: int, open_layer: OpenLayer, budget: Budget
) -> bytes | Moved | None:
    view = _View(target)
    for index in range(newest, -1, -1):
        with open_layer(layers[index]) as source:
            for entry in entries(source):
                budget.list_entry()
                path = _path(entry.name)
                if path == target:
                    return _take(source, entry, path, index, top=len(layers) - 1)
                moved = view.see(path, entry)
                if moved is not None:
                    return Moved(_path(moved), len(layers) - 1, must_exist=False)
        if view.hidden:
            break
    return None


def _take(source: Source, entry: Entry, path: str, index: int, *, top: int) -> bytes | Moved:
    if entry.kind is Kind.SYMLINK:
        return Moved(_path(_linked(path, entry.link)), top, must_exist=True)
    if entry.kind is Kind.HARD_LINK:  # to what the path meant when this layer was made
        return Moved(_path(entry.link), index, must_exist=True)
    if entry.kind is not Kind.FILE:
        raise MalformedProcfile(f"The image's Procfile is a {entry.kind}: make it a plain file.")
    if entry.size > MAX_BYTES:
        raise MalformedProcfile(
            f"The image's Procfile is larger than {MAX_BYTES // 1024} KiB: shorten it."
        )
    return content(source, entry)


def _path(name: str) -> str:
    """`./app/x`, `app/x` and `/app/x` are one; `..` never leads above the root."""
    return posixpath.normpath("/" + name.lstrip("/"))


def _above(path: str) -> list[str]:
    folders = []
    while path != "/":
        path = posixpath.dirname(path)
        folders.append(path)
    return folders


def _whiteout(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f".wh.{name}")


def _linked(path: str, link: str) -> str:
    return posixpath.join(posixpath.dirname(path), link)


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode()[:200]
