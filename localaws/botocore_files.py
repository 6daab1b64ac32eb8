"""botocore's models in this process: each file is read once, and without its documentation.

Left alone, every session (moto opens many) reads its own copy, of which the prose is the most.
What moto adds to a model is for moto alone: boto3 finds its exceptions by the models as they are.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from botocore.loaders import ExtrasProcessor, JSONFileLoader


def share() -> None:
    """For all sessions from now on."""
    JSONFileLoader.load_file = lambda _loader, path: _read(path)
    ExtrasProcessor._process = lambda _processor, model, extras: _extend(model, extras)


def forget_endpoints() -> None:
    """The hosts of all of AWS, once those who want a list of regions have read them."""
    for path in [path for path in _files if Path(path).name == "endpoints"]:
        del _files[path]


_files: dict[str, object] = {}


def _read(path: str) -> object:
    if path not in _files:
        _files[path] = _load(path)
    whole = _files[path]
    return dict(whole) if isinstance(whole, dict) else whole


def _extend(model: dict[str, Any], extras: dict[str, Any]) -> None:
    """As botocore does, but that only the outermost level of the model is the caller's own."""
    model.update(_merged(model, extras.get("merge", {})))


def _merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    both = {key for key in base.keys() & more.keys() if _dicts(base[key], more[key])}
    return base | more | {key: _merged(base[key], more[key]) for key in both}


def _dicts(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def _load(path: str) -> object:
    """None if there is no such file; botocore gives paths without their endings."""
    plain, zipped = Path(f"{path}.json"), Path(f"{path}.json.gz")
    if plain.is_file():
        return json.loads(plain.read_bytes(), object_pairs_hook=_without_prose)
    if zipped.is_file():
        text = gzip.decompress(zipped.read_bytes())
        return json.loads(text, object_pairs_hook=_without_prose)
    return None


def _without_prose(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Empty, not absent: botocore looks some of it up."""
    return {k: "" if k == "documentation" and isinstance(v, str) else v for k, v in pairs}
