"""What a rule may look at, where it may lead, and who stays with whom: with real requests."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.localaws.asking import HOST, stand_behind
from tests.localaws.balancing import Place
from tests.localaws.standing import serving

Answer = http.client.HTTPResponse
Json = dict[str, object]
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def rule(place: Place, action: Json, *conditions: Json, priority: int = 1) -> None:
    where = {"ListenerArn": place.listener_arn, "Priority": priority}
    wanted = list(conditions) or [{"Field": "host-header", "Values": [HOST]}]
    place.call("CreateRule", **where, Conditions=wanted, Actions=[action])


def ask(place: Place, path: str = "/", method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)) as connection:
        connection.request(method, path, headers={"Host": HOST, **named})
        answer = connection.getresponse()
        answer.told = answer.read()  # type: ignore[attr-defined]
        return answer


def server(answer: Answer) -> str:
    return str(json.loads(answer.told)["server"])  # type: ignore[attr-defined]


def cookies(answer: Answer) -> dict[str, str]:
    given = answer.headers.get_all("Set-Cookie") or []
    return dict(one.split(";")[0].split("=", 1) for one in given)


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        (
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["a*"]},
            },
            {"X_Kind": "Abc"},
            {"X_Kind": "b"},
        ),
        (
            {
                "Field": "http-request-method",
                "HttpRequestMethodConfig": {"Values": ["POST", "PUT"]},
            },
            {"method": "PUT"},
            {"method": "GET"},
        ),
        (
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1?"}]},
            },
            {"path": "/?a=b&V=12"},
            {"path": "/?v=2"},
        ),
        (
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "yes"}]}},
            {"path": "/?any=yes"},
            {"path": "/?any=no"},
        ),
        (
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}},
            {"path": "/api/x?y"},
            {"path": "/API/x"},
        ),
    ],
)
def test_a_rule_looks_at(
    place: Place, condition: Json, matching: dict[str, str], other: dict[str, str]
) -> None:
    rule(place, FIXED, condition)

    assert ask(place, **matching).status == 200
    assert ask(place, **other).status == 404


def test_a_rule_looks_at_who_asks(place: Place) -> None:
    rule(place, FIXED, {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}})
    elsewhere = ask(place).status
    here = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "127.0.0.0/8"]}}
    rule(place, FIXED, here, priority=2)

    assert (elsewhere, ask(place).status) == (404, 200)


def test_all_conditions_of_a_rule_hold(place: Place) -> None:
    header = {"Field": "http-header"}
    rule(
        place,
        FIXED,
        header | {"HttpHeaderConfig": {"HttpHeaderName": "A", "Values": ["1"]}},
        header | {"HttpHeaderConfig": {"HttpHeaderName": "B", "Values": ["2"]}},
    )

    assert ask(place, A="1", B="2").status == 200
    assert ask(place, A="1").status == 404


@pytest.mark.parametrize(
    ("config", "status", "location"),
    [
        (
            {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            301,
            f"https://{HOST}:443/a/b?c=d",
        ),
        (
            {"Host": "new.#{host}", "Path": "/v2/#{path}", "Query": "", "StatusCode": "HTTP_302"},
            302,
            f"http://new.{HOST}:PORT/v2/a/b",
        ),
    ],
)
def test_a_redirect_leads_elsewhere(
    place: Place, config: dict[str, str], status: int, location: str
) -> None:
    rule(place, {"Type": "redirect", "RedirectConfig": config})

    answer = ask(place, "/a/b?c=d")

    assert answer.status == status
    assert answer.headers["Location"] == location.replace("PORT", str(place.port))
    assert answer.headers["Server"] == "awselb/2.0"


def group_with(place: Place, name: str, **attributes: str) -> str:
    arn = place.group(name)
    asked = [{"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()]
    place.call("ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=asked)
    return arn


def test_a_client_stays_with_its_target_by_the_balancers_cookie(place: Place) -> None:
    group = group_with(place, "web", stickiness__enabled="true")
    place.rule(1, group, HOST)
    with serving("one") as one, serving("two") as two:
        stand_behind(place, group, one, two)

        first = ask(place)
        cookie = f"AWSALB={cookies(first)['AWSALB']}"
        again = {server(ask(place, Cookie=cookie)) for _ in range(6)}
        place.deregister(group, one.port if server(first) == "one" else two.port)
        moved = ask(place, Cookie=cookie)

        assert cookies(first).keys() == {"AWSALB", "AWSALBCORS"}
        assert again == {server(first)}
        assert server(moved) != server(first)
        assert cookies(moved)["AWSALB"] != cookies(first)["AWSALB"]


def test_an_applications_cookie_makes_a_client_stay_once_it_is_set(place: Place) -> None:
    group = place.group()
    attributes = {
        "stickiness.enabled": "true",
        "stickiness.type": "app_cookie",
        "stickiness.app_cookie.cookie_name": "session",
    }
    asked = [{"Key": key, "Value": value} for key, value in attributes.items()]
    place.call("ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=asked)
    place.rule(1, group, HOST)
    with serving("one") as one, serving("two") as two:
        stand_behind(place, group, one, two)

        without = ask(place)
        one.cookie = two.cookie = "session=s1; Path=/"
        first = ask(place)
        cookie = f"AWSALBAPP-0={cookies(first)['AWSALBAPP-0']}"

        assert cookies(without) == {}
        assert {server(ask(place, Cookie=cookie)) for _ in range(6)} == {server(first)}


def test_a_client_stays_with_a_target_group(place: Place) -> None:
    old, new = place.group("old"), place.group("new")
    forward = {
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": 1} for arn in (old, new)],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    rule(place, {"Type": "forward", "ForwardConfig": forward})
    with serving("one") as one, serving("two") as two:
        stand_behind(place, old, one)
        stand_behind(place, new, two)

        first = ask(place)
        cookie = f"AWSALBTG={cookies(first)['AWSALBTG']}"

        assert {server(ask(place, Cookie=cookie)) for _ in range(8)} == {server(first)}


def test_groups_get_requests_by_their_weights(place: Place) -> None:
    old, new = place.group("old"), place.group("new")
    groups = [{"TargetGroupArn": old, "Weight": 0}, {"TargetGroupArn": new, "Weight": 9}]
    rule(place, {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})
    with serving("one") as one, serving("two") as two:
        stand_behind(place, old, one)
        stand_behind(place, new, two)

        assert {server(ask(place)) for _ in range(10)} == {"two"}


def test_the_target_with_the_fewest_requests_gets_the_next(place: Place) -> None:
    group = place.group()
    algorithm = {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}
    place.call("ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[algorithm])
    place.rule(1, group, HOST)
    with serving("one") as one, serving("two") as two:
        stand_behind(place, group, one, two)
        with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)) as busy:
            busy.request("GET", "/held", headers={"Host": HOST})
            while not (one.entered.is_set() or two.entered.is_set()):
                one.entered.wait(0.01)
            held = one if one.entered.is_set() else two
            answered = {server(ask(place)) for _ in range(5)}
            held.release.set()

        assert answered == {"one", "two"} - {held.name}


def test_a_target_that_is_new_gets_a_growing_share(place: Place) -> None:
    group = place.group()
    slow = {"Key": "slow_start.duration_seconds", "Value": "900"}
    place.rule(1, group, HOST)
    with serving("one") as one, serving("two") as two:
        stand_behind(place, group, one)
        place.age(group, one.port, seconds=3600)
        place.call("ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[slow])
        stand_behind(place, group, two)

        shares = Counter(server(ask(place)) for _ in range(60))

        assert shares["two"] < 20


def test_a_balancers_attributes_say_what_headers_become(place: Place) -> None:
    group = place.group()
    place.rule(1, group, HOST)
    asked = {
        "routing.http.xff_header_processing.mode": "preserve",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    attributes = [{"Key": key, "Value": value} for key, value in asked.items()]
    arn = {"LoadBalancerArn": place.balancer_arn}
    place.call("ModifyLoadBalancerAttributes", **arn, Attributes=attributes)
    with serving() as one:
        stand_behind(place, group, one)
        with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)) as connection:
            given = {"Host": HOST, "X-Forwarded-For": "10.1.1.1", "bad_name": "1", "good-name": "1"}
            connection.request("GET", "/", headers=given)
            got = json.loads(connection.getresponse().read())["headers"]

    assert got["x-forwarded-for"] == "10.1.1.1"
    assert "good-name" in got
    assert "bad_name" not in got


def test_what_came_over_tls_is_for_the_listener_of_https(place: Place) -> None:
    group = place.group()
    place.rule(1, group, HOST)
    fixed = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "secure"}
    place.call(
        "CreateListener",
        LoadBalancerArn=place.balancer_arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c"}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )

    assert ask(place).status == 503
    assert ask(place, X_Forwarded_Proto="https").told == b"secure"  # type: ignore[attr-defined]
