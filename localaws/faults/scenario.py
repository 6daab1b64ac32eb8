"""A scenario: faults in YAML, each with its time from when the scenario is told.

    faults:
      - {at: 30s, for: 2m, kind: stack, match: {stack: "app-*"}, params: {seconds: 60}}

JSON is YAML too, and both are read alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from localaws.faults.asked import Asked, Unusable, read_all


def read(text: bytes) -> list[Asked]:
    """Raises Unusable."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 (it is a safe one)
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable(f"The scenario is not YAML: {' '.join(str(error).split())}.") from error
    return read_all(document)


def open_file(path: Path) -> list[Asked]:
    """Raises Unusable, with the file's name."""
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from error
    except Unusable as error:
        raise Unusable(f"{path}: {error}") from error


class _Loader(yaml.SafeLoader):
    """YAML's safe one; a key that is there twice is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key} is there twice", problem_mark=node.start_mark
                )
        return super().construct_mapping(node, deep)
