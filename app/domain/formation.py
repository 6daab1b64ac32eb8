"""A formation: how many dynos of each process type an app should run, and how large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.errors import Invalid, NotFound

# ECS places at most 5,000 tasks in a service; far above it a number is a slip of the hand.
MAX_QUANTITY = 1000


@dataclass(frozen=True)
class Size:
    """What one dyno gets: cpu in ECS units (1,024 a core), memory in MiB."""

    name: str
    cpu: int
    memory: int


# Empire's and Heroku's names; standard-1x… are what the heroku CLI writes for the same.
SIZES: Mapping[str, Size] = {
    size.name: size for size in (Size("1X", 128, 256), Size("2X", 256, 512), Size("PX", 1024, 2048))
}
_ALIASES = {"STANDARD-1X": "1X", "STANDARD-2X": "2X", "PERFORMANCE": "PX", "PERFORMANCE-M": "PX"}
DEFAULT_SIZE = "1X"


@dataclass(frozen=True)
class Change:
    """One asked-for change; what is None is left alone. `delta` is Heroku's "+1"."""

    process_type: str
    quantity: int | None = None
    delta: int = 0
    size: str | None = None

    @property
    def counts(self) -> bool:
        return self.quantity is not None or self.delta != 0


@dataclass(frozen=True)
class Allotment:
    quantity: int
    size: str


def size_named(name: str) -> Size:
    known = _ALIASES.get(name.upper(), name.upper())
    if known not in SIZES:
        raise Invalid(f"There is no dyno size {name!r}; use one of {', '.join(SIZES)}.")
    return SIZES[known]


def initial(process_types: Iterable[str]) -> dict[str, int]:
    """Quantities for process types seen for the first time: web=1, all others 0, as on Heroku."""
    return {name: 1 if name == "web" else 0 for name in process_types}


def scale(formation: Mapping[str, Allotment], changes: Iterable[Change]) -> dict[str, Allotment]:
    """The allotments that `changes` name, as they will be. Every named type must exist."""
    scaled: dict[str, Allotment] = {}
    for change in changes:
        if change.process_type not in formation:
            raise NotFound("process type", change.process_type)
        now = scaled.get(change.process_type, formation[change.process_type])
        scaled[change.process_type] = Allotment(
            quantity=_quantity(now, change),
            size=size_named(change.size).name if change.size else now.size,
        )
    return scaled


def _quantity(now: Allotment, change: Change) -> int:
    asked = now.quantity if change.quantity is None else change.quantity
    quantity = asked + change.delta
    if not 0 <= quantity <= MAX_QUANTITY:
        raise Invalid(
            f"{change.process_type}={quantity} is out of range: ask for 0 to {MAX_QUANTITY} dynos."
        )
    return quantity
