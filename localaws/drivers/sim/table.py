"""The scripts by image: shell patterns of references, the first that matches counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from localaws.drivers.sim.script import Script, Unusable, read

ENVIRONMENT = "SIM"  # the variable with a container's own script


class Table:
    def __init__(self) -> None:
        self._rows: Sequence[tuple[str, Script]] = ()

    def tell(self, rows: object) -> None:
        """All of it anew, for containers that start from now on. Raises Unusable."""
        if not isinstance(rows, list):
            raise Unusable("scripts is a list.")
        self._rows = [_row(one) for one in rows]

    def told(self) -> list[Mapping[str, Any]]:
        return [{"image": image, **asdict(script)} for image, script in self._rows]

    def of(self, reference: str, environment: Mapping[str, str]) -> Script:
        """The image's script, with what the container's own says over it. Raises Unusable."""
        names = {reference, reference.partition("@")[0]}
        found = (
            script
            for image, script in self._rows
            if any(fnmatchcase(name, image) for name in names)
        )
        script = next(found, Script())
        own = environment.get(ENVIRONMENT)
        return read(_document(own), script) if own else script


def _row(row: object) -> tuple[str, Script]:
    if not isinstance(row, dict) or not isinstance(row.get("image"), str):
        raise Unusable("Each script names its image, which is a shell pattern.")
    document = {name: value for name, value in row.items() if name != "image"}
    return row["image"], read(document, Script())


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unusable(f"{ENVIRONMENT} is not JSON: {error}.") from error
