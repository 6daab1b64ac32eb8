"""Process types and their commands, from a Procfile or from an image's own command.

Heroku publishes no grammar; the one its build system applies to a line is
`[A-Za-z0-9_-]+`, a colon, blanks, the command. Empire's plain YAML map (name: string) is
the same lines. The length of a name is that of a DNS label, and it may not begin with a
dash or an underscore, so that it can stand in a host name or after a flag.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from app.domain.errors import Invalid

MAX_BYTES = 64 * 1024
MAX_PROCESS_TYPES = 50
MAX_NAME = 63

_LINE = re.compile(r"([A-Za-z0-9_-]+):[ \t]*(.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def parse(text: str) -> dict[str, str]:
    """Commands by process type, in the Procfile's order. Raises Invalid."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise Invalid(f"The Procfile is larger than {MAX_BYTES // 1024} KiB: shorten it.")
    process_types: dict[str, str] = {}
    for number, line in enumerate(_lines(text), start=1):
        if not line or line.lstrip().startswith("#"):
            continue
        name, command = _process_type(number, line)
        if name in process_types:
            raise Invalid(f"Line {number} of the Procfile repeats {name}: keep one of them.")
        process_types[name] = command
    return _counted(process_types)


def from_command(entrypoint: Sequence[str], command: Sequence[str]) -> dict[str, str]:
    """`web` for an image that has no Procfile: its ENTRYPOINT and CMD as one shell command."""
    words = [*entrypoint, *command]
    if not any(words):
        raise Invalid(
            "The image has neither a Procfile nor a CMD: add a Procfile to its WORKDIR,"
            " with a line such as web: ./server."
        )
    joined = shlex.join(words)
    if _UNWRITABLE.search(joined):
        raise Invalid("The image's CMD holds a character no command can carry, such as NUL.")
    return {"web": joined}


def _lines(text: str) -> list[str]:
    """Not str.splitlines, which also breaks at characters a command may well hold."""
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [line.rstrip(" \t") if line.strip(" \t") else "" for line in unified.split("\n")]


def _process_type(number: int, line: str) -> tuple[str, str]:
    if _UNPRINTABLE.search(line):
        raise Invalid(f"Line {number} of the Procfile holds a control character: remove it.")
    match = _LINE.fullmatch(line)
    if match is None:
        raise Invalid(
            f"Line {number} of the Procfile is not a process type: write it as"
            " name: command, beginning in the first column, with a name of letters,"
            " digits, dashes and underscores."
        )
    name, command = match.groups()
    _check_name(number, name)
    if not command:
        raise Invalid(
            f"Line {number} of the Procfile gives {name} no command: write it on the same"
            f" line, as in {name}: ./server."
        )
    return name, command


def _check_name(number: int, name: str) -> None:
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise Invalid(
            f"Line {number} of the Procfile: the name of a process type has at most"
            f" {MAX_NAME} characters and begins with a letter or digit; rename {name[:80]}."
        )


def _counted(process_types: dict[str, str]) -> dict[str, str]:
    if not process_types:
        raise Invalid("The Procfile is empty: add a line such as web: ./server.")
    if len(process_types) > MAX_PROCESS_TYPES:
        raise Invalid(
            f"The Procfile has {len(process_types)} process types and may have"
            f" {MAX_PROCESS_TYPES}: remove some, or split the app."
        )
    return process_types
