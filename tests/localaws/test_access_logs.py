"""Access logs of load balancers: a line for each request, in a bucket every five minutes."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localaws.clock import VirtualClock
from localaws.wire import AwsError
from tests.localaws.asking import HOST, ask, stand_behind
from tests.localaws.balancing import Place
from tests.localaws.standing import serving

BEGUN = datetime(2026, 3, 4, 10, 2, 30, 123456, tzinfo=UTC)
ALLOWED = {
    "Effect": "Allow",
    "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::kept/web/AWSLogs/123456789012/*",
}
FIELDS = re.findall(
    r"\w+",
    """type time elb client target request_processing_time target_processing_time
    response_processing_time elb_status_code target_status_code received_bytes sent_bytes
    request user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name
    chosen_cert_arn matched_rule_priority request_creation_time actions_executed redirect_url
    error_reason target_list target_status_list classification classification_reason trace""",
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, clock=VirtualClock(BEGUN))
    place.network.policies["kept"] = json.dumps({"Statement": [ALLOWED]})
    yield place
    place.close()


def log(place: Place, *, enabled: str = "true", bucket: str = "kept", prefix: str = "web") -> None:
    told = {"enabled": enabled, "bucket": bucket, "prefix": prefix}
    attributes = [{"Key": f"access_logs.s3.{k}", "Value": v} for k, v in told.items()]
    place.call(
        "ModifyLoadBalancerAttributes", LoadBalancerArn=place.balancer_arn, Attributes=attributes
    )


def delivered(place: Place) -> dict[str, list[dict[str, str]]]:
    """Entries by the names of the files that came within five minutes."""
    clock = place.world.clock
    assert isinstance(clock, VirtualClock)
    place.run(clock.advance(300))
    return {
        key: [
            dict(zip(FIELDS, shlex.split(line), strict=True))
            for line in gzip.decompress(body).decode().splitlines()
        ]
        for key, body in place.network.objects.items()
        if key.endswith(".gz")
    }


def entry(place: Place) -> dict[str, str]:
    (entries,) = delivered(place).values()
    (only,) = entries
    return only


def test_a_policy_that_cannot_be_read_lets_nothing_in_and_ends_nothing(
    place: Place,
) -> None:
    allowed = place.network.policies["kept"]
    place.network.policies["kept"] = "nonsense"
    with pytest.raises(AwsError, match="Access Denied for bucket: kept"):
        log(place)
    place.network.policies["kept"] = allowed
    log(place)
    ask(place)
    place.network.policies["kept"] = "nonsense"
    assert delivered(place) == {}

    place.network.policies["kept"] = allowed
    ask(place)
    assert len(delivered(place)) == 1


def test_a_test_file_shows_that_the_bucket_takes_logs(place: Place) -> None:
    log(place)

    assert place.network.objects == {
        "web/AWSLogs/123456789012/ELBAccessLogTestFile": (
            b"Enable AccessLog for ELB: main at 2026-03-04T10:02:30.123Z"
        )
    }


@pytest.mark.parametrize("bucket", ["kept", "other"])
def test_a_bucket_that_does_not_let_it_is_refused(place: Place, bucket: str) -> None:
    with pytest.raises(AwsError) as refused:
        log(place, bucket=bucket, prefix="elsewhere")

    sentence = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
    assert (refused.value.code, refused.value.message) == ("InvalidConfigurationRequest", sentence)
    shown = place.call("DescribeLoadBalancerAttributes", LoadBalancerArn=place.balancer_arn)
    assert {"Key": "access_logs.s3.enabled", "Value": "false"} in shown["Attributes"]


def test_what_the_balancer_answers_itself(place: Place) -> None:
    log(place)
    ask(place, "/a?b=c", headers={"User-Agent": 'a "browser"'})

    files = delivered(place)

    (name,) = files
    id_ = place.balancer_arn.partition(":loadbalancer/")[2]
    assert re.fullmatch(
        r"web/AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/03/04/"
        r"123456789012_elasticloadbalancing_us-east-1_"
        rf"{id_.replace('/', '.')}_20260304T1005Z_10\.0\.\d\.\d+_[0-9a-f]{{8}}\.log\.gz",
        name,
    )
    (entry,) = files[name]
    assert entry["type"] == "http"
    assert entry["time"] == entry["request_creation_time"] == "2026-03-04T10:02:30.123456Z"
    assert entry["elb"] == id_
    assert entry["client"].startswith("127.0.0.1:")
    assert (entry["target"], entry["target_group_arn"]) == ("-", "-")
    assert (entry["elb_status_code"], entry["target_status_code"]) == ("404", "-")
    assert entry["request"] == f"GET http://{HOST}:{place.port}/a?b=c HTTP/1.1"
    assert entry["user_agent"] == r"a \x22browser\x22"
    assert entry["trace_id"].startswith("Root=1-")
    assert (entry["matched_rule_priority"], entry["actions_executed"]) == ("0", "fixed-response")
    assert entry["trace"].startswith("TID_")


def test_what_a_target_answers(place: Place) -> None:
    with serving() as server:
        group = place.group()
        place.rule(7, group, HOST)
        stand_behind(place, group, server)
        log(place)
        with closing(http.client.HTTPConnection("127.0.0.1", place.port)) as connection:
            for _ in "ab":
                connection.request("POST", "/", body=b"12345", headers={"Host": HOST})
                connection.getresponse().read()

        (entries,) = delivered(place).values()

    one, other = entries
    assert one["target"] == one["target_list"] == f"127.0.0.1:{server.port}"
    assert one["target_group_arn"] == group
    assert (one["elb_status_code"], one["target_status_code"]) == ("200", "200")
    assert (one["matched_rule_priority"], one["actions_executed"]) == ("7", "forward")
    assert (one["request_processing_time"], one["target_processing_time"]) == ("0.000", "0.000")
    assert one["received_bytes"] == other["received_bytes"]
    assert one["sent_bytes"] == other["sent_bytes"]
    assert int(one["received_bytes"]) > len(b"12345")
    assert one["trace"] == other["trace"]  # one connection
    assert one["trace_id"] != other["trace_id"]


def test_a_target_that_breaks_off(place: Place) -> None:
    with serving() as server:
        group = place.group()
        place.rule(7, group, HOST)
        stand_behind(place, group, server)
        log(place)
        ask(place, "/broken")

        told = entry(place)

    assert (told["elb_status_code"], told["target_status_code"]) == ("502", "-")
    assert told["target"] == f"127.0.0.1:{server.port}"
    assert (told["request_processing_time"], told["target_processing_time"]) == ("-1", "-1")


def test_where_a_redirect_leads(place: Place) -> None:
    to = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    action = {"Type": "redirect", "RedirectConfig": to}
    place.call("ModifyListener", ListenerArn=place.listener_arn, DefaultActions=[action])
    log(place)
    ask(place, "/a")

    told = entry(place)

    assert (told["elb_status_code"], told["actions_executed"]) == ("301", "redirect")
    assert told["redirect_url"] == f"https://{HOST}:443/a"


def test_nothing_is_logged_unless_it_is_asked_for(place: Place) -> None:
    ask(place)
    log(place)
    log(place, enabled="false")
    ask(place)

    assert delivered(place) == {}


def test_what_was_not_delivered_is_after_a_restart(place: Place) -> None:
    log(place)
    ask(place, "/before")
    place.restart()
    ask(place, "/after")

    (entries,) = delivered(place).values()

    assert [one["request"].split("/")[3].split()[0] for one in entries] == ["before", "after"]
