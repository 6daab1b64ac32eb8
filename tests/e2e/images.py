"""Images made of the sample app, changed in the one way a test needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from localaws import image
from palatine.demo import sample

_STOPS_IN_ORDER = "signal.signal(signal.SIGTERM, stop)"
_DIES_AT_ONCE = "signal.signal(signal.SIGTERM, signal.SIG_DFL)"
_GREETING = "Hello from Palatine"


def hello(scratch: Path, tag: str, registry: str) -> str:
    """The sample; another tag is another image. Answers its reference."""
    return push(folder(scratch, tag, {_GREETING: f"Hello from {tag}"}), tag, registry)


def abrupt(scratch: Path, tag: str, registry: str) -> str:
    """Answers nothing any more once it is told to stop: only draining saves its requests."""
    changes = {_GREETING: f"Hello from {tag}", _STOPS_IN_ORDER: _DIES_AT_ONCE}
    return push(folder(scratch, tag, changes), tag, registry)


def unhealthy(scratch: Path, tag: str, registry: str) -> str:
    """Boots, listens, and answers each request with an error."""
    return push(folder(scratch, tag, {"self.send_response(status)": SENDS_500}), tag, registry)


def crashing(scratch: Path, tag: str, registry: str) -> str:
    return push(folder(scratch, tag, procfile='web: sh -c "exit 3"\n'), tag, registry)


def telling(scratch: Path, tag: str, registry: str) -> str:
    """Tells the environment it has as JSON, in place of a greeting."""
    changes = {'os.environ.get("GREETING", "Hello from Palatine")': "dict(os.environ)"}
    return push(folder(scratch, tag, changes), tag, registry)


def with_family(scratch: Path, tag: str, registry: str) -> str:
    """Has a child in a session of its own, which would outlive it."""
    changes = {'if __name__ == "__main__":': STARTS_A_CHILD}
    return push(folder(scratch, tag, changes), tag, registry)


SENDS_500 = "self.send_response(500)"
STARTS_A_CHILD = """
if __name__ == "__main__":
    import subprocess
    import sys

    forever = "import time; time.sleep(3600)"
    subprocess.Popen([sys.executable, "-c", forever], start_new_session=True)
"""


def folder(
    scratch: Path, tag: str, changes: dict[str, str] | None = None, procfile: str | None = None
) -> Path:
    copy = scratch / tag
    shutil.copytree(sample.folder(), copy)
    web = copy / "web.py"
    code = web.read_text()
    for old, new in (changes or {}).items():
        assert old in code, f"the sample has changed: {old} is not in it"
        code = code.replace(old, new)
    web.write_text(code)
    if procfile is not None:
        (copy / "Procfile").write_text(procfile)
    return copy


def push(directory: Path, tag: str, registry: str) -> str:
    image.push_directory(directory, f"hello:{tag}", registry)
    return f"{registry}/hello:{tag}"
