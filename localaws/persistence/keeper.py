"""Writes what changed soon after it did, and puts it back at the next start."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import pickle
import platform
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import Any, Protocol

from localaws.moto import Moto
from localaws.persistence import shapes
from localaws.persistence.folder import Folder, Kept

SOON = 0.2  # seconds from a change to its being written
IDLE = 2.0  # seconds between two looks at what changes by itself
SHARE = 4  # for so many times as long as a look took, nothing is looked at
_MOTO = "moto "  # begins the name of a part that is moto's
_log = logging.getLogger(__name__)

Facts = Mapping[str, Any]


class Keeps(Protocol):
    """One that keeps a state, and can go on from it."""

    state: Any

    async def resume(self) -> None: ...


class Keeper:
    def __init__(
        self,
        folder: Folder,
        services: Mapping[str, Keeps],
        moto: Moto,
        facts: Callable[[], Facts],
    ) -> None:
        """`facts` are kept beside the states."""
        self._folder, self._services, self._moto, self._facts = folder, services, moto, facts
        self._written: dict[str, bytes] = {}  # digests, by part
        self._unwritten: dict[str, bytes] = {}
        self._changed = asyncio.Event()
        self._writing = ThreadPoolExecutor(1, "keeper")  # one write after the other
        self._took = 0.0  # seconds, to look at everything
        self._runs = False

    def touch(self) -> None:
        """Something may have changed."""
        self._changed.set()

    def put_back(self, kept: Kept) -> None:
        """The services' states, before anything is started. All or none; raises Refused."""
        if kept.facts.get("made_by") != made_by():
            raise self._folder.refused("another version of the local AWS wrote it")
        states = {name: self._read(name, kept) for name in self._services}
        for name, service in self._services.items():
            fill(service.state, states[name])

    async def put_back_moto(self, kept: Kept) -> None:
        """Raises Refused."""
        theirs = {
            name.removeprefix(_MOTO): written
            for name, written in kept.parts.items()
            if name.startswith(_MOTO)
        }
        try:
            await self._moto.restore(theirs)
        except Exception as error:
            _log.exception("moto's state")
            raise self._folder.refused(f"moto does not understand its part, {error!r}") from error

    async def run(self) -> None:
        """For ever, until `stop`."""
        self._runs = True
        while True:
            await self.save()
            await asyncio.sleep(max(SOON, self._took * SHARE))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), IDLE)

    async def stop(self) -> None:
        """A state that was not complete yet is as if it had never been."""
        if self._runs:
            await self.save()
        self._writing.shutdown()

    async def save(self) -> None:
        """What has changed since it was written last. A full disk costs nothing but the state."""
        self._changed.clear()
        began = time.monotonic()
        parts = {name: pickle.dumps(one.state, 5) for name, one in self._services.items()}
        parts |= {_MOTO + name: written for name, written in (await self._moto.dump()).items()}
        self._took = time.monotonic() - began
        digests = {name: hashlib.sha256(written).digest() for name, written in parts.items()}
        self._unwritten |= {
            name: parts[name] for name in parts if self._written.get(name) != digests[name]
        }
        if not self._unwritten:
            return
        try:
            facts = {"made_by": made_by(), **self._facts()}
            write = partial(self._folder.write, facts, dict(self._unwritten))
            await asyncio.get_running_loop().run_in_executor(self._writing, write)
        except OSError as error:
            _log.error("the state was not written: %s", error)
            return
        self._written |= digests
        self._unwritten.clear()

    def _read(self, name: str, kept: Kept) -> Any:  # noqa: ANN401 (a service's state)
        try:
            return pickle.loads(kept.parts[name])  # noqa: S301 (only we write there)
        except Exception as error:
            raise self._folder.refused(f"{name} cannot be read, {error!r}") from error


def fill(state: Any, kept: Any) -> None:  # noqa: ANN401 (a service's state)
    """In place, since the parts of a service share it."""
    vars(state).clear()
    vars(state).update(vars(kept))


def made_by() -> dict[str, str]:
    """What the states' form depends on."""
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "moto": version("moto"),
        "services": shapes.fingerprint(),
    }
