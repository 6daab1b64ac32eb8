"""botocore's service models without their documentation: a third of their size."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import botocore.session
from botocore.loaders import JSONFileLoader


def session() -> botocore.session.Session:
    """A session of botocore that reads them so."""
    made = botocore.session.get_session()
    made.get_component("data_loader").file_loader = _WithoutProse()
    return made


class _WithoutProse(JSONFileLoader):  # type: ignore[misc] # botocore has no types
    def load_file(self, path: str) -> object:
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
