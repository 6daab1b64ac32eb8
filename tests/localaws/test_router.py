"""Which request goes where."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localaws.asking import HOST, ask, stand_behind, who
from tests.localaws.balancing import Place, free_port
from tests.localaws.standing import Server, serving


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def group(place: Place, server: Server) -> str:
    """One healthy target behind hello.localhost."""
    group = place.group()
    place.rule(10, group, HOST)
    stand_behind(place, group, server)
    return group


def test_the_first_rule_that_holds_decides(place: Place) -> None:
    with serving("api") as api, serving("web") as web, serving("any") as every:
        for priority, server, host, path in (
            (10, api, "hello.localhost", "/api/*"),
            (20, web, "hello.localhost", None),
            (30, every, "*.localhost", None),
        ):
            group = place.group(server.name)
            place.rule(priority, group, host, path)
            stand_behind(place, group, server)

        assert who(place, "/api/x?y=/z") == "api"
        assert who(place, "/") == "web"
        assert who(place, "/?x=/api/x") == "web"
        assert who(place, "/API/x") == "web"  # a path has its case
        assert who(place, "/", "HELLO.localhost:8000") == "web"  # a host has none, nor a port
        assert who(place, "/", "other.localhost") == "any"
        assert ask(place, "/", "elsewhere.example") == (404, b"No such app\n")


def test_a_changed_rule_holds_from_the_next_request_on(place: Place, group: str) -> None:
    rules = place.call("DescribeRules", ListenerArn=place.listener_arn)["Rules"]
    fixed = {"StatusCode": "503", "ContentType": "text/html", "MessageBody": "Be right back"}

    before = ask(place)[0]
    place.call(
        "ModifyRule",
        RuleArn=rules[0]["RuleArn"],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )

    assert before == 200
    assert ask(place) == (503, b"Be right back")


def test_every_balancer_of_the_pool_is_behind_the_one_port(place: Place, server: Server) -> None:
    made = place.call("CreateLoadBalancer", Name="two", Subnets=["subnet-a", "subnet-b"])
    place.listener_arn = place.listen(made["LoadBalancers"][0]["LoadBalancerArn"])
    group = place.group()
    place.rule(10, group, HOST)
    stand_behind(place, group, server)

    assert who(place) == "one"


def test_targets_take_turns(place: Place, group: str) -> None:
    with serving("two") as two, serving("three") as three:
        stand_behind(place, group, two, three)

        asked = [who(place) for _ in range(6)]

    assert sorted(asked[:3]) == ["one", "three", "two"]
    assert asked[3:] == asked[:3]


def test_weights_share_the_traffic(place: Place) -> None:
    with serving("old") as old, serving("new") as new:
        groups = [place.group("old"), place.group("new")]
        tuples = [
            {"TargetGroupArn": groups[0], "Weight": 0},
            {"TargetGroupArn": groups[1], "Weight": 1},
        ]
        place.call(
            "CreateRule",
            ListenerArn=place.listener_arn,
            Priority=1,
            Conditions=[{"Field": "host-header", "Values": [HOST]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}],
        )
        stand_behind(place, groups[0], old)
        stand_behind(place, groups[1], new)

        assert {who(place) for _ in range(5)} == {"new"}


def test_no_target_is_503_in_an_albs_words(place: Place) -> None:
    place.rule(10, place.group(), HOST)

    status, body = ask(place)

    assert status == 503
    assert b"<center><h1>503 Service Temporarily Unavailable</h1></center>" in body


def test_a_target_that_is_still_starting_gets_nothing(place: Place, server: Server) -> None:
    group = place.group(HealthCheckIntervalSeconds=300)
    place.rule(10, group, HOST)
    server.health = 503
    place.register(group, server.port)

    assert ask(place)[0] == 503
    assert server.requests == []


def test_only_the_healthy_are_asked_and_if_none_is_all_are(
    place: Place, group: str, server: Server
) -> None:
    with serving("two") as two:
        stand_behind(place, group, two)
        two.health = 500
        place.until(group, two.port, "unhealthy")
        one_is_ill = {who(place) for _ in range(4)}
        server.health = 500
        place.until(group, server.port, "unhealthy")
        all_are_ill = {who(place) for _ in range(4)}

    assert one_is_ill == {"one"}
    assert all_are_ill == {"one", "two"}


def test_a_target_that_refuses_is_502(place: Place) -> None:
    group, port = place.group(), free_port()
    place.rule(10, group, HOST)
    place.register(group, port)
    place.until(group, port, "unhealthy")

    assert ask(place)[0] == 502
