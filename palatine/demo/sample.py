"""The sample app, and a second version of it to roll out."""

from __future__ import annotations

import shutil
from pathlib import Path

from palatine.trouble import Trouble

_HERE = Path(__file__).resolve()
# In a wheel the sample lies inside this package, in the repository where a reader looks for it.
_PLACES = (
    _HERE.parents[1] / "samples" / "hello",
    _HERE.parents[2] / "docker" / "samples" / "hello",
)


def folder() -> Path:
    for place in _PLACES:
        if (place / "Procfile").exists():
            return place
    raise Trouble("The sample app is not in this installation.")


def second_version(scratch: Path) -> Path:
    """A copy that greets differently: another image, another digest."""
    copy = scratch / "hello-again"
    shutil.copytree(folder(), copy)
    web = copy / "web.py"
    web.write_text(web.read_text().replace("Hello from Palatine", "Hello again from Palatine"))
    return copy
