"""What a process and all it started cost: CPU as the kernel counts it, memory in fair shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil


def cpu_seconds(pid: int) -> float:
    """User and system time of those that live, and of their children that have ended."""
    total = 0.0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile: its parent has the sum
            total += sum(process.cpu_times()[:4])
    return total


def megabytes(pid: int) -> Mapping[str, float]:
    """PSS by program: what is shared counts once in all. Empty where it is not Linux."""
    summed: Counter[str] = Counter()
    for process in _tree(pid) if psutil.LINUX else ():
        with suppress(psutil.NoSuchProcess):
            summed[_program(process)] += process.memory_full_info().pss
    return {program: size / 1e6 for program, size in summed.items()}


def _program(process: psutil.Process) -> str:
    """A Python by the module or file it runs, any other by its name."""
    command: list[str] = process.cmdline()
    if "-m" in command:
        return command[command.index("-m") + 1]
    files = [Path(word).stem for word in command if word.endswith(".py")]
    return files[0] if files else str(process.name())


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
