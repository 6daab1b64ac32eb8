"""The account of a home: what it was when it was stopped, and its being kept from now on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from localaws.persistence.folder import Folder, Kept
from localaws.persistence.keeper import Keeper, Keeps
from localaws.seed import Seed, again, seed
from localaws.world import World


@contextlib.contextmanager
def opened(home: Path) -> Iterator[Account]:
    """Held alone. Raises Refused."""
    folder = Folder(home / "state")
    with folder.held():
        yield Account(folder, folder.read())


class Account:
    def __init__(self, folder: Folder, kept: Kept | None) -> None:
        self._folder, self._kept = folder, kept
        self._seed = Seed()

    @property
    def time(self) -> datetime | None:
        """What time it was already."""
        return datetime.fromisoformat(self._kept.facts["now"]) if self._kept else None

    def keeper(self, world: World) -> Keeper:
        """With what was kept put back, of which nothing goes on yet. Raises Refused."""
        keeper = Keeper(self._folder, _kept(world), world.aws.moto, lambda: self._facts(world))
        world.aws.touched = world.aws.moto.touched = keeper.touch
        if self._kept:
            world.former_ports = frozenset(self._kept.facts["ports"])
            keeper.put_back(self._kept)
        return keeper

    async def resume(self, world: World, keeper: Keeper) -> None:
        """Before anything is served, all goes on. Raises Refused."""
        if self._kept:
            await keeper.put_back_moto(self._kept)
            for service in _kept(world).values():
                await service.resume()

    async def seed(self, world: World) -> Seed:
        """`new` says whether there was nothing before."""
        self._seed = again(world, self._kept.facts["seed"]) if self._kept else await seed(world)
        return {**self._seed, "new": self._kept is None}

    def _facts(self, world: World) -> Mapping[str, Any]:
        return {
            "now": world.clock.now().isoformat(),
            "ports": sorted({*world.former_ports, world.port}),
            "seed": self._seed,
        }


def _kept(world: World) -> Mapping[str, Keeps]:
    return {"faults": world.faults, **world.aws.services}
