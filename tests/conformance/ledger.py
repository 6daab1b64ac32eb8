"""Each test of this folder holds to a fact of AWS: `@fact("sentence", "source")`.

`localaws/FACTS.md` is written from these, so that it says what is tested and nothing else;
`seen.json` remembers which of them a real account has shown, and when.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., object])

FOLDER = Path(__file__).parent
SEEN = FOLDER / "seen.json"
HEAD = """\
# What the local AWS holds to

Every line is a test of `tests/conformance/`, which goes through boto3 or the `aws` command and runs
unchanged against a real account (`PALATINE_CONFORMANCE=aws`); the last column says when it has.
Written by `make facts`.
"""


def fact(sentence: str, source: str) -> Callable[[Test], Test]:
    """`source` is an AWS document's address, a schema's or service model's name, or a public
    record (`owner/repository#number`), never our own code; several are joined by a space."""

    def mark(test: Test) -> Test:
        marked: Test = pytest.mark.fact(sentence, source)(test)
        return marked

    return mark


@dataclass(frozen=True)
class Fact:
    sentence: str
    source: str
    test: str  # its function's name


def page() -> str:
    """The whole of FACTS.md."""
    return HEAD + "".join(_section(module) for module in modules())


def modules() -> Iterator[ModuleType]:
    for path in sorted(FOLDER.glob("test_*.py")):
        if path.stem != "test_ledger":
            yield importlib.import_module(f"tests.conformance.{path.stem}")


def tests(module: ModuleType) -> dict[str, Callable[..., object]]:
    return {name: it for name, it in vars(module).items() if name.startswith("test_")}


def facts(module: ModuleType) -> Iterator[Fact]:
    for name, test in tests(module).items():
        for mark in getattr(test, "pytestmark", ()):
            if mark.name == "fact":
                yield Fact(*mark.args, test=name)


def see(names: set[str], on: date) -> None:
    """Tests that have just passed on a real account."""
    seen = json.loads(SEEN.read_text()) | dict.fromkeys(sorted(names), on.isoformat())
    SEEN.write_text(json.dumps(seen, indent=0, sort_keys=True) + "\n")


def _section(module: ModuleType) -> str:
    seen = json.loads(SEEN.read_text())
    title = (module.__doc__ or module.__name__).split("\n")[0].rstrip(".")
    rows = [
        f"| {_cell(one.sentence)} | {_sources(one.source)} | {seen.get(one.test, 'no')} |\n"
        for one in facts(module)
    ]
    head = f"\n## {title}\n\n`{module.__name__.rpartition('.')[2]}.py`\n\n"
    return head + "| fact | source | seen on AWS |\n|---|---|---|\n" + "".join(rows)


def _sources(source: str) -> str:
    return " ".join(f"<{word}>" if word.startswith("https://") else word for word in source.split())


def _cell(sentence: str) -> str:
    return sentence.replace("|", "\\|").replace("\n", " ")
