"""Which instance a task goes to: what fits first, then the strategies in order. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from localaws.ecs.instances.query_language import Candidate, Incomprehensible, parse

ZONE = "ecs.availability-zone"
SPREAD = (
    {"type": "spread", "field": f"attribute:{ZONE}"},
    {"type": "spread", "field": "instanceId"},
    {"type": "binpack", "field": "memory"},
)
MOST_PORTS = 100  # of an instance reserved at a time, its own included
NOT_MEMBER = "MemberOf placement constraint unsatisfied."
NOT_DISTINCT = "DistinctInstance placement constraint unsatisfied."


@dataclass(frozen=True)
class Need:
    cpu: int
    memory: int
    ports: frozenset[int]  # fixed host ports
    udp: frozenset[int] = frozenset()
    distinct: bool = False  # no other task of its group on the same instance
    expressions: tuple[str, ...] = ()  # memberOf
    group: str = ""
    capabilities: frozenset[str] = frozenset()  # attributes that the instance must have


@dataclass
class Room:
    """An instance that takes tasks, as far as it is not used yet."""

    arn: str
    attributes: Mapping[str, str | None]
    cpu: int
    memory: int
    ports: set[int] = field(default_factory=set)  # those in use
    udp: set[int] = field(default_factory=set)
    groups: Counter[str] = field(default_factory=Counter)  # tasks that are wanted
    connected: bool = True
    facts: Callable[[], Mapping[str, str]] = dict  # for the cluster query language

    def candidate(self) -> Candidate:
        groups = frozenset(name for name, count in self.groups.items() if count)
        return Candidate(self.attributes, groups, self.facts)


@dataclass(frozen=True)
class Refused:
    """Why nothing fits: reason codes by instance, as RunTask answers them."""

    reasons: Mapping[str, str]
    closest: str | None = None  # instance ARN
    too_many_wait: bool = False  # in PROVISIONING, so that this one may not

    @property
    def code(self) -> str:
        """Of the closest."""
        return self.reasons.get(self.closest or "", "")


def place(
    need: Need, rooms: Sequence[Room], strategies: Sequence[Mapping[str, str]] = SPREAD
) -> Room | Refused:
    fitting = [room for room in rooms if _fits(need, room)]
    if not fitting:
        return _refuse(need, rooms)
    for strategy in strategies or SPREAD:
        if len(fitting) > 1:
            fitting = _prefer(strategy, need.group, fitting, rooms)
    return min(fitting, key=lambda room: room.arn)


def shortages(need: Need, room: Room) -> list[str]:
    found = []
    if not room.connected:
        found.append("AGENT")
    if need.memory > room.memory:
        found.append("RESOURCE:MEMORY")
    if need.cpu > room.cpu:
        found.append("RESOURCE:CPU")
    if not _ports_free(need, room):
        found.append("RESOURCE:PORTS")
    if not need.capabilities <= room.attributes.keys():
        found.append("ATTRIBUTE")
    if not member(room, need.expressions):
        found.append(NOT_MEMBER)
    if need.distinct and room.groups[need.group]:
        found.append(NOT_DISTINCT)
    return found


def member(room: Room, expressions: Iterable[str]) -> bool:
    return all(parse(expression)(room.candidate()) for expression in expressions)


def understood(expression: str) -> bool:
    try:
        parse(expression)
    except Incomprehensible:
        return False
    return True


def _fits(need: Need, room: Room) -> bool:
    """As `shortages` says, the cheapest questions first."""
    return (
        need.memory <= room.memory
        and need.cpu <= room.cpu
        and room.connected
        and not (need.distinct and room.groups[need.group])
        and _ports_free(need, room)
        and need.capabilities <= room.attributes.keys()
        and member(room, need.expressions)
    )


def _ports_free(need: Need, room: Room) -> bool:
    if not need.ports and not need.udp:
        return True
    if need.ports & room.ports or need.udp & room.udp:
        return False
    return len(room.ports | room.udp | need.ports | need.udp) <= MOST_PORTS


def _prefer(
    strategy: Mapping[str, str], group: str, fitting: Sequence[Room], rooms: Sequence[Room]
) -> list[Room]:
    """Those that the strategy holds equally best, for the next one to choose among."""
    match strategy["type"], strategy.get("field", ""):
        case "random", _:
            return [random.choice(fitting)]  # noqa: S311  AWS promises nothing better
        case "binpack", resource:
            left = [room.cpu if resource.lower() == "cpu" else room.memory for room in fitting]
        case _, ("instanceId" | "host"):
            left = [room.groups[group] for room in fitting]
        case _, name:
            left = _tasks_alike(name.removeprefix("attribute:"), group, fitting, rooms)
    best = min(left)
    return [room for room, score in zip(fitting, left, strict=True) if score == best]


def _tasks_alike(
    attribute: str, group: str, fitting: Sequence[Room], rooms: Sequence[Room]
) -> list[int]:
    """For each that fits, the group's tasks on all instances with the same value."""
    tasks = Counter[str | None]()
    for room in rooms:
        if count := room.groups.get(group):
            tasks[room.attributes.get(attribute)] += count
    return [tasks[room.attributes.get(attribute)] for room in fitting]


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
