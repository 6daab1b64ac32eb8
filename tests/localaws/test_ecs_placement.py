from localaws.ecs.instances.placement import ZONE, Need, Refused, Room, place, understood
from localaws.ecs.messages import unplaced


def room(
    name: str,
    zone: str = "a",
    *,
    cpu: int = 1024,
    memory: int = 1024,
    ports: frozenset[int] = frozenset(),
    tasks: int = 0,
) -> Room:
    return Room(name, {ZONE: zone}, cpu, memory, ports, tasks)


def chosen(need: Need, *rooms: Room, **strategy: str) -> str:
    found = place(need, rooms, [strategy] if strategy else ())
    assert isinstance(found, Room)
    return found.arn


SMALL = Need(cpu=128, memory=128, ports=frozenset())


def test_by_default_tasks_spread_over_zones_then_over_instances() -> None:
    assert chosen(SMALL, room("a1", tasks=1), room("a2"), room("b1", "b", tasks=0)) == "b1"
    assert chosen(SMALL, room("a1", tasks=1), room("a2"), room("b1", "b", tasks=1)) == "a2"


def test_binpack_takes_the_fullest_that_fits() -> None:
    rooms = room("empty"), room("full", memory=256), room("brimming", memory=64)

    assert chosen(SMALL, *rooms, type="binpack", field="memory") == "full"


def test_an_instance_is_full_by_any_of_memory_cpu_and_ports() -> None:
    need = Need(cpu=512, memory=512, ports=frozenset({80}))

    refused = place(
        need, [room("m", memory=100), room("c", cpu=100), room("p", ports=frozenset({80}))]
    )

    assert isinstance(refused, Refused)
    assert refused.reasons == {"m": "RESOURCE:MEMORY", "c": "RESOURCE:CPU", "p": "RESOURCE:PORTS"}


def test_the_closest_match_lacks_the_least() -> None:
    need = Need(cpu=512, memory=512, ports=frozenset())

    refused = place(need, [room("both", cpu=1, memory=1), room("one", cpu=1)])

    assert isinstance(refused, Refused)
    assert refused.closest == "one"


def test_constraints_keep_tasks_apart_and_in_their_zone() -> None:
    apart = Need(128, 128, frozenset(), distinct=True)
    zoned = Need(128, 128, frozenset(), expressions=(f"attribute:{ZONE} == b",))

    assert chosen(apart, room("one", tasks=1), room("two", "b", tasks=5), room("three")) == "three"
    assert chosen(zoned, room("one"), room("two", "b", tasks=5)) == "two"
    assert understood("attribute:x =~ g2.*")


def test_what_cannot_be_placed_is_told_in_the_words_of_ecs() -> None:
    arn = "arn:aws:ecs:us-east-1:1:container-instance/palatine/abc"

    assert unplaced("web", arn, "RESOURCE:MEMORY").startswith(
        "(service web) was unable to place a task because no container instance met all of its "
        "requirements. The closest matching (container-instance abc) has insufficient memory "
        "available."
    )
    assert "has insufficient CPU units available." in unplaced("web", arn, "RESOURCE:CPU")
    assert "is already using a port required by your task." in unplaced(
        "web", arn, "RESOURCE:PORTS"
    )
    assert "No Container Instances were found in your cluster." in unplaced("web", None, "")
