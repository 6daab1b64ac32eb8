"""Compare with a file, and write it when asked: PALATINE_GOLDEN=write."""

from __future__ import annotations

import json
import os
from pathlib import Path

_HERE = Path(__file__).parent / "golden"


def check(name: str, rendered: object) -> None:
    path = _HERE / f"{name}.json"
    text = json.dumps(rendered, indent=2, sort_keys=True) + "\n"
    if os.environ.get("PALATINE_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()
