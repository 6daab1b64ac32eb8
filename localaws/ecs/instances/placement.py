"""Which instance a task goes to: what fits first, then the strategies in order. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from localaws.ecs.instances.query_language import Candidate, Incomprehensible, parse

SPREAD = (
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "spread", "field": "instanceId"},
    {"type": "binpack", "field": "memory"},
)
ZONE = "ecs.availability-zone"


@dataclass(frozen=True)
class Need:
    cpu: int
    memory: int
    ports: frozenset[int]  # fixed host ports
    distinct: bool = False  # no other task of its group on the same instance
    expressions: tuple[str, ...] = ()  # memberOf


@dataclass(frozen=True)
class Room:
    """An instance that takes tasks, as far as it is not used yet."""

    arn: str
    attributes: Mapping[str, str]
    cpu: int
    memory: int
    ports: frozenset[int] = field(default_factory=frozenset)
    group_tasks: int = 0  # tasks of the same service or family on it


@dataclass(frozen=True)
class Refused:
    """Why nothing fits: reason codes by instance, as RunTask answers them."""

    reasons: Mapping[str, str]
    closest: str | None = None  # instance ARN


def place(
    need: Need, rooms: Sequence[Room], strategies: Sequence[Mapping[str, str]] = SPREAD
) -> Room | Refused:
    fitting = [room for room in rooms if not shortages(need, room)]
    if not fitting:
        return _refuse(need, rooms)
    for strategy in strategies or SPREAD:
        fitting = _prefer(strategy, fitting, rooms)
    return min(fitting, key=lambda room: room.arn)


def shortages(need: Need, room: Room) -> list[str]:
    found = []
    if need.memory > room.memory:
        found.append("RESOURCE:MEMORY")
    if need.cpu > room.cpu:
        found.append("RESOURCE:CPU")
    if need.ports & room.ports:
        found.append("RESOURCE:PORTS")
    if (need.distinct and room.group_tasks) or not member(room, need.expressions):
        found.append("MemberOf placement constraint unsatisfied.")
    return found


def member(room: Room, expressions: Iterable[str]) -> bool:
    return all(parse(expression)(Candidate(room.attributes)) for expression in expressions)


def understood(expression: str) -> bool:
    try:
        parse(expression)
    except Incomprehensible:
        return False
    return True


def _prefer(
    strategy: Mapping[str, str], fitting: Sequence[Room], rooms: Sequence[Room]
) -> list[Room]:
    """Those that the strategy holds equally best, for the next one to choose among."""
    if strategy["type"] == "random":
        return [random.choice(fitting)]  # noqa: S311  AWS promises nothing better
    score = _binpack(strategy) if strategy["type"] == "binpack" else _spread(strategy, rooms)
    best = min(map(score, fitting))
    return [room for room in fitting if score(room) == best]


def _binpack(strategy: Mapping[str, str]) -> Callable[[Room], int]:
    if strategy.get("field", "").lower() == "cpu":
        return lambda room: room.cpu
    return lambda room: room.memory


def _spread(strategy: Mapping[str, str], rooms: Sequence[Room]) -> Callable[[Room], int]:
    name = strategy.get("field", "").removeprefix("attribute:")

    def key(room: Room) -> str:
        return room.arn if name in ("instanceId", "host") else room.attributes.get(name, "")

    tasks: dict[str, int] = {}
    for room in rooms:
        tasks[key(room)] = tasks.get(key(room), 0) + room.group_tasks
    return lambda room: tasks[key(room)]


def _refuse(need: Need, rooms: Sequence[Room]) -> Refused:
    short = {room.arn: shortages(need, room) for room in rooms}
    closest = min(
        rooms,
        key=lambda room: (len(short[room.arn]), -room.memory, -room.cpu, room.arn),
        default=None,
    )
    return Refused(
        {arn: reasons[0] for arn, reasons in short.items()}, closest.arn if closest else None
    )
