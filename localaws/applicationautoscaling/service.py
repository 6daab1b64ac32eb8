"""The API of Application Auto Scaling."""

from __future__ import annotations

from collections.abc import Mapping

from localaws.world import Operation, World


class ApplicationAutoScaling:
    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> Mapping[str, Operation]:
        return {}
