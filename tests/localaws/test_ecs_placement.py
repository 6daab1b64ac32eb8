from collections import Counter

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
    groups = Counter({"service:web": tasks} if tasks else {})
    return Room(name, {ZONE: zone}, cpu, memory, set(ports), groups=groups)


def chosen(need: Need, *rooms: Room, **strategy: str) -> str:
    found = place(need, rooms, [strategy] if strategy else ())
    assert isinstance(found, Room)
    return found.arn


SMALL = Need(cpu=128, memory=128, ports=frozenset(), group="service:web")


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
    apart = Need(128, 128, frozenset(), distinct=True, group="service:web")
    zoned = Need(128, 128, frozenset(), expressions=(f"attribute:{ZONE} == b",))

    assert chosen(apart, room("one", tasks=1), room("two", "b", tasks=5), room("three")) == "three"
    assert chosen(zoned, room("one"), room("two", "b", tasks=5)) == "two"
    assert understood("attribute:x =~ g2.*")
    assert not understood("attribute:x is g2")


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


def test_a_task_goes_where_its_protocol_has_the_port_free() -> None:
    taken = Room("taken", {ZONE: "a"}, 1024, 1024, udp={53})

    assert chosen(Need(1, 1, frozenset({53})), taken) == "taken"
    refused = place(Need(1, 1, frozenset(), udp=frozenset({53})), [taken])
    assert isinstance(refused, Refused)
    assert refused.reasons == {"taken": "RESOURCE:PORTS"}


def test_an_instance_reserves_a_hundred_ports_and_no_more() -> None:
    full = room("full", ports=frozenset(range(1000, 1100)))

    refused = place(Need(1, 1, frozenset({80})), [full])

    assert isinstance(refused, Refused)
    assert refused.reasons == {"full": "RESOURCE:PORTS"}


def test_an_instance_must_be_connected_and_able() -> None:
    lost, able = room("lost"), room("able")
    lost.connected, able.attributes = False, {"ecs.capability.x": None}
    need = Need(1, 1, frozenset(), capabilities=frozenset({"ecs.capability.x"}))

    assert chosen(need, able) == "able"
    refused = place(need, [lost, room("unable")])
    assert isinstance(refused, Refused)
    assert refused.reasons == {"lost": "AGENT", "unable": "ATTRIBUTE"}


def test_a_constraint_may_ask_for_tasks_of_a_group() -> None:
    near = Need(1, 1, frozenset(), expressions=("task:group == service:web",))

    assert chosen(near, room("empty"), room("with", tasks=1)) == "with"


def test_a_spread_over_an_own_attribute_counts_all_that_have_its_value() -> None:
    rooms = [room("one", tasks=2), room("two", "b"), room("three", "b")]
    for each, rack in zip(rooms, ("r1", "r1", "r2"), strict=True):
        each.attributes = {**each.attributes, "rack": rack}

    assert chosen(SMALL, *rooms, type="spread", field="attribute:rack") == "three"


def test_ten_thousand_tasks_are_placed_at_the_cost_of_each() -> None:
    """No placement looks at the tasks that are placed already."""
    rooms = [room(f"i{number:03}", "ab"[number % 2], cpu=20_000) for number in range(50)]
    for _ in range(2_000):
        found = place(Need(10, 0, frozenset(), group="service:web"), rooms)
        assert isinstance(found, Room)
        found.cpu -= 10
        found.groups["service:web"] += 1

    assert {one.groups["service:web"] for one in rooms} == {40}
