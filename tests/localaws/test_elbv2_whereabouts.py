"""Where targets are: zones, addresses of the network and of this machine, instances that end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localaws.wire import AwsError
from tests.localaws.asking import HOST, ask, stand_behind
from tests.localaws.balancing import INSTANCE, Place
from tests.localaws.standing import serving

Json = dict[str, Any]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture
def group(place: Place) -> str:
    """Of addresses, behind hello.localhost."""
    group = place.group("addresses", TargetType="ip")
    place.rule(10, group, HOST)
    return group


def register(place: Place, group: str, *targets: Json) -> None:
    place.call("RegisterTargets", TargetGroupArn=group, Targets=list(targets))


def health(place: Place, group: str) -> list[Json]:
    shown = place.call("DescribeTargetHealth", TargetGroupArn=group)
    return [one["TargetHealth"] for one in shown["TargetHealthDescriptions"]]


def until(place: Place, group: str, state: str) -> None:
    for _ in range(200):
        if {one["State"] for one in health(place, group)} == {state}:
            return
        place.run(place.world.clock.sleep(0.02))
    raise AssertionError(health(place, group))


def test_a_zone_without_the_load_balancer_gets_nothing(place: Place, group: str) -> None:
    """The load balancer is in the zones a and b; that of the third is told by its subnet."""
    register(place, group, {"Id": "10.0.2.9"})
    elsewhere = health(place, group)
    place.call("SetSubnets", LoadBalancerArn=place.balancer_arn, Subnets=["subnet-b", "subnet-c"])

    assert elsewhere == [
        {
            "State": "unused",
            "Reason": "Target.NotInUse",
            "Description": "Target is in an Availability Zone that is not enabled for the load "
            "balancer",
        }
    ]
    assert health(place, group)[0]["State"] == "initial"


def test_what_cannot_be_reached_times_out_and_so_do_its_requests(place: Place, group: str) -> None:
    """As behind a security group that lets nothing in. No packet leaves this machine."""
    register(place, group, {"Id": "10.0.0.77", "Port": 80})
    until(place, group, "unhealthy")

    assert health(place, group)[0]["Reason"] == "Target.Timeout"
    assert health(place, group)[0]["Description"] == "Request timed out"
    assert ask(place, "/")[0] == 504  # for no target is healthy, it is tried all the same


def test_the_address_of_a_container_instance_leads_to_it(place: Place, group: str) -> None:
    with serving() as server:
        register(place, group, {"Id": "10.0.0.9", "Port": server.port})
        until(place, group, "healthy")

        assert ask(place, "/")[0] == 200


def test_an_instance_that_stops_gets_nothing_until_it_is_started(place: Place) -> None:
    group = place.group()
    place.rule(10, group, HOST)
    with serving() as server:
        stand_behind(place, group, server)
        place.inside(lambda: place.elb.machines_changed("stopped", [INSTANCE, "i-other"]))
        stopped, answer = place.state(group, server.port), ask(place, "/")[0]
        place.restart()
        still = place.state(group, server.port)
        place.inside(lambda: place.elb.machines_changed("started", [INSTANCE]))
        place.until(group, server.port, "healthy")

    assert stopped == still
    assert stopped is not None
    assert (stopped.state, stopped.reason) == ("unused", "Target.InvalidState")
    assert stopped.description == "Target is in the stopped state"
    assert answer == 503
    assert place.elb.state.ended == {}


def test_an_instance_that_ended_is_forgotten_with_its_last_target(place: Place) -> None:
    group = place.group()
    with serving() as server:
        place.register(group, server.port)
        place.register(group, server.port + 1)
        place.inside(lambda: place.elb.machines_changed("terminated", [INSTANCE]))
        place.deregister(group, server.port)
        before = dict(place.elb.state.ended)
        place.deregister(group, server.port + 1)

    assert before == {INSTANCE: "terminated"}
    assert place.elb.state.ended == {}


def test_interfaces_come_and_go_with_their_load_balancer(place: Place, group: str) -> None:
    addresses = list(place.network.interfaces.values())
    register(place, group, {"Id": addresses[0]})
    taken = health(place, group)[0]["Reason"]
    place.call("DeleteLoadBalancer", LoadBalancerArn=place.balancer_arn)

    assert taken == "Target.IpUnusable"
    assert len(addresses) == 2
    assert place.network.interfaces == {}


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ({"Id": "i-none"}, "InvalidTarget", "Instance ID 'i-none' is not valid"),
        ({"Id": "none"}, "ValidationError", "The IP address 'none' is not a valid IPv4 address"),
    ],
)
def test_what_is_no_target(place: Place, group: str, target: Json, code: str, message: str) -> None:
    which = place.group() if code == "InvalidTarget" else group

    with pytest.raises(AwsError) as refused:
        register(place, which, target)

    assert (refused.value.code, refused.value.message) == (code, message)
