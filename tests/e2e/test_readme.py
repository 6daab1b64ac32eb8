"""The README's tour, executed line by line as it stands there, on ports of our own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from palatine.demo.installation import Installation, running
from palatine.postgres import places

ROOT = Path(__file__).resolve().parents[2]


def tour() -> list[str]:
    text = (ROOT / "README.md").read_text()
    found = re.search(r"<!-- tour -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1].splitlines()


def test_every_line_of_the_tour_works() -> None:
    with tempfile.TemporaryDirectory(prefix="palatine-readme-") as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        try:
            with running(home) as installation:
                answers = _walk(installation)
        finally:
            places.forget(home)

    [app] = [json.loads(a) for line, a in answers if line.endswith("""-d '{"name": "hello"}'""")]
    assert app["name"] == "hello"
    [stream] = [answer for line, answer in answers if '"stream": true' in line]
    assert stream.splitlines()[-1].endswith('succeeded"}')
    [said] = [json.loads(a) for line, a in answers if "Host: hello.localhost" in line]
    assert said["release"] == "v1"


def _walk(installation: Installation) -> list[tuple[str, str]]:
    """Each line's output; a line that fails ends the walk with what it said."""
    helper, *lines = tour()
    return [(line, _run(f"{helper}\n{_here(line, installation)}", installation)) for line in lines]


def _here(line: str, installation: Installation) -> str:
    moved = {
        "http://127.0.0.1:8080": installation.api_url,
        "http://127.0.0.1:8000": installation.router_url,
        "127.0.0.1:4566": installation.registry,
    }
    for there, here in moved.items():
        line = line.replace(there, here)
    if "localaws image" in line:
        line += f" --registry {installation.registry}"
    return line


def _run(script: str, installation: Installation) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=os.environ | {"TOKEN": installation.token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout
