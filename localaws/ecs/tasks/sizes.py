"""How much a whole task may use, as people write it: `256`, `.25 vCPU`, `512`, `0.5 GB`. Pure."""

from __future__ import annotations

import re

CPU_UNITS = 1024  # of one vCPU
MIB = 1024  # of one GB
SMALLEST_CPU, LARGEST_CPU = 128, 196_608  # units, on EC2
SMALLEST_MEMORY = 6  # MiB: Docker runs nothing with less
# Amazon ECS developer guide, "Fargate task definition differences": MiB by CPU units
FARGATE = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16_385, 1024)),
    4096: tuple(range(8192, 30_721, 1024)),
    8192: tuple(range(16_384, 61_441, 4096)),
    16_384: tuple(range(32_768, 122_881, 8192)),
}
_WRITTEN = re.compile(r"\s*(\d+|\d*\.\d+)\s*([a-z]*)\s*", re.IGNORECASE)


def cpu(text: str) -> int | None:
    """Units; None where it means nothing."""
    return _amount(text, "vcpu", CPU_UNITS)


def memory(text: str) -> int | None:
    """MiB."""
    return _amount(text, "gb", MIB)


def on_fargate(cpu_units: int, memory_mib: int) -> bool:
    return memory_mib in FARGATE.get(cpu_units, ())


def _amount(text: str, unit: str, of_one: int) -> int | None:
    written = _WRITTEN.fullmatch(text)
    if not written or written[2].lower() not in ("", unit):
        return None
    number = float(written[1])
    if not written[2]:
        return int(number) if number.is_integer() else None
    return round(number * of_one)
