"""Rules of the house that a parse tree can check."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("app", "workers", "localaws", "palatine")
HTTP_EDGE = "app/api/deps.py"  # commits between the route and its answer
ROOTS = {"app/main.py", "app/config.py", "workers/main.py"}  # and the console command


def _files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node.lineno


@pytest.mark.parametrize("path", _files("app"), ids=_name)
def test_only_the_edges_commit_and_they_do_it_by_leaving_a_block(path: Path) -> None:
    found = [line for name, line in _calls(_tree(path)) if name == "commit"]
    if _name(path) == HTTP_EDGE:
        assert len(found) == 1
        return

    assert not found, f"{_name(path)}:{found}: use `with sessions.begin()` at the edge"


@pytest.mark.parametrize("path", _files("app/services", "app/domain", "app/stacks"), ids=_name)
def test_nothing_within_an_edge_opens_a_transaction_of_its_own(path: Path) -> None:
    found = [
        node.lineno
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"begin", "begin_nested", "rollback"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"session", "sessions", "connection"}
    ]

    assert not found, f"{_name(path)}:{found}: the caller's transaction is the one"


@pytest.mark.parametrize("path", _files("app"), ids=_name)
def test_work_is_asked_for_in_the_outbox_and_nowhere_else(path: Path) -> None:
    asked = {"delay", "apply_async", "send_task"}
    found = [line for name, line in _calls(_tree(path)) if name in asked]

    assert not found, f"{_name(path)}:{found}: use outbox.put"


@pytest.mark.parametrize("path", _files("app", "workers"), ids=_name)
def test_settings_are_read_by_the_composition_roots_alone(path: Path) -> None:
    if _name(path) in ROOTS:
        return
    found = [
        node.lineno
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.ImportFrom) and node.module == "app.config")
        or (isinstance(node, ast.Import) and any(a.name == "app.config" for a in node.names))
        or (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"})
    ]

    assert not found, f"{_name(path)}:{found}: take what is needed as an argument"


@pytest.mark.parametrize("path", _files(*OURS), ids=_name)
def test_an_import_inside_a_function_says_why(path: Path) -> None:
    lines = path.read_text().splitlines()
    found = [
        node.lineno
        for function in ast.walk(_tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "noqa: PLC0415" not in lines[node.lineno - 1]
        and "# ruff: noqa: PLC0415" not in lines  # a file of nothing but such imports
    ]

    assert not found, f"{_name(path)}:{found}"


@pytest.mark.parametrize("path", _files("app", "workers"), ids=_name)
def test_nobody_waits_by_sleeping(path: Path) -> None:
    found = [
        node.lineno
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr == "sleep"
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
    ]

    assert not found, f"{_name(path)}:{found}: return Again(delay), or wait on an event"


@pytest.mark.parametrize("path", _files("tests"), ids=_name)
def test_our_own_code_is_never_patched_over(path: Path) -> None:
    found = [
        node.lineno
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom | ast.Import)
        and any("mock" in alias.name.split(".") for alias in node.names)
    ]

    assert not found, f"{_name(path)}:{found}: use tests/fakes"
