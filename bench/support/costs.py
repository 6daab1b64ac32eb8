"""What a process and all it started cost: CPU as the kernel counts it, memory in fair shares."""

from __future__ import annotations

from contextlib import suppress

import psutil


def cpu_seconds(pid: int) -> float:
    """User and system time of those that live, and of their children that have ended."""
    total = 0.0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile: its parent has the sum
            total += sum(process.cpu_times()[:4])
    return total


def megabytes(pid: int) -> float | None:
    """Summed PSS: what is shared counts once in all. Only Linux knows it."""
    if not psutil.LINUX:
        return None
    total = 0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 1e6


def tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
