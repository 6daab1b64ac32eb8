from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import procfile
from app.domain.errors import Invalid

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", fullmatch=True)
commands = (
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80)
    .map(str.strip)
    .filter(bool)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web: ./server", {"web": "./server"}),
        ("web: a\nworker: b\n", {"web": "a", "worker": "b"}),
        ("web:a", {"web": "a"}),
        ("web:\t  a b \t", {"web": "a b"}),
        ("\ufeffweb: a\r\nworker: b\r\n", {"web": "a", "worker": "b"}),
        ("# all of them\n\n  # more\nweb: a\n   \nworker: b", {"web": "a", "worker": "b"}),
        ('web: sh -c "echo a: b"', {"web": 'sh -c "echo a: b"'}),
        ("web: a # b", {"web": "a # b"}),
        ("web: bin/x $PORT:80 && y | z > w", {"web": "bin/x $PORT:80 && y | z > w"}),
        ("release: ./migrate\nweb: a", {"release": "./migrate", "web": "a"}),
        ("Web: a\nurgent-worker_2: b", {"Web": "a", "urgent-worker_2": "b"}),
        ("web: a\u2028b\x85c", {"web": "a\u2028b\x85c"}),
        (f"{'w' * 63}: a", {"w" * 63: "a"}),
    ],
)
def test_lines_are_process_types(text: str, expected: dict[str, str]) -> None:
    assert procfile.parse(text) == expected
    assert list(procfile.parse(text)) == list(expected)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "is empty: add a line"),
        ("# nothing\n\n", "is empty: add a line"),
        ("web: a\nnonsense\n", "Line 2 .* write it as name: command"),
        ("\n\nweb : a", "Line 3 .* write it as name: command"),
        ("web:\n", "Line 1 .* gives web no command"),
        ("web:\n  command: a\n", "Line 1 .* on the same line"),
        ("  web: a", "Line 1 .* first column"),
        ("web: a\r\nweb: b", "Line 2 .* repeats web"),
        ("we b: a", "Line 1"),
        ("wéb: a", "letters, digits"),
        ("-web: a", "begins with a letter or digit"),
        ("_web: a", "begins with a letter or digit"),
        (f"{'w' * 64}: a", "at most 63 characters"),
        ("web: a\x00b", "Line 1 .* control character"),
        ("web: a\x1bb", "Line 1 .* control character"),
        ("web: a\ud800", "Line 1 .* control character"),
        ("web: " + "é" * 40_000, "larger than 64 KiB"),
        ("\n".join(f"p{n}: a" for n in range(51)), "51 process types and may have 50"),
    ],
)
def test_a_malformed_procfile_is_refused_with_its_line(text: str, advice: str) -> None:
    with pytest.raises(Invalid, match=advice):
        procfile.parse(text)


@given(st.text() | st.text(alphabet=st.sampled_from("web:# \t\r\n\0-_\ud800\ufeff")))
def test_any_text_is_a_procfile_or_refused(text: str) -> None:
    try:
        process_types = procfile.parse(text)
    except Invalid:
        return
    assert process_types


@given(
    st.dictionaries(names, commands, min_size=1, max_size=50), st.sampled_from(["\n", "\r\n", "\r"])
)
def test_what_is_written_is_read(process_types: dict[str, str], end: str) -> None:
    text = "".join(f"{name}: {command}{end}" for name, command in process_types.items())

    assert procfile.parse(text) == process_types


@pytest.mark.parametrize(
    ("entrypoint", "command", "expected"),
    [
        ([], ["./server", "--port", "80"], "./server --port 80"),
        (["/bin/run"], [], "/bin/run"),
        (["/bin/run"], ["a b", "$HOME"], "/bin/run 'a b' '$HOME'"),
        ([], ["/bin/sh", "-c", "exec x > y"], "/bin/sh -c 'exec x > y'"),
    ],
)
def test_an_images_command_is_web(entrypoint: list[str], command: list[str], expected: str) -> None:
    assert procfile.from_command(entrypoint, command) == {"web": expected}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_an_images_command_keeps_its_words(words: list[str]) -> None:
    try:
        found = procfile.from_command([], words)
    except Invalid:
        assert not any(words)
    else:
        assert shlex.split(found["web"]) == words


@pytest.mark.parametrize("words", [[], [""], ["a\0"], ["a\ud800"]])
def test_a_command_nothing_can_run_is_refused(words: list[str]) -> None:
    with pytest.raises(Invalid):
        procfile.from_command([], words)
