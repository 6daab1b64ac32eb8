"""moto's EC2 loaded for one region; it would hold what every region offers: 40 MB."""

from __future__ import annotations

import importlib
from pathlib import PurePath
from typing import Any

_OFFERINGS = "instance_type_offerings"


def load(region: str) -> None:
    resources: Any = importlib.import_module("moto.utilities.utils")
    read = resources.load_resource

    def load_resource(path: str) -> object:
        elsewhere = _OFFERINGS in path and PurePath(path).name.split(".")[0] != region
        return [] if elsewhere else read(path)

    resources.load_resource = load_resource
    try:
        importlib.import_module("moto.ec2")
    finally:
        resources.load_resource = read
