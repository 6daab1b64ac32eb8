"""The one exception whose text is for the person at the terminal: a sentence, and what to do."""

from pathlib import Path


class Trouble(Exception):
    """Palatine cannot start, or cannot go on."""


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, indented, to stand under a sentence of trouble; empty if there is none."""
    try:
        text = log.read_bytes()[-8192:].decode(errors="replace")
    except OSError:
        return ""
    lines = text.splitlines()[-count:]
    return "".join(f"\n  {line}" for line in lines)
