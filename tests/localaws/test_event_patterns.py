"""Event patterns: what holds, and what is refused in which words.

The examples are those of AWS's documentation (eb-create-pattern-operators) and of its own engine
(aws/event-ruler), where nothing else is said.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.events.patterns import compiled, matches
from localaws.wire import AwsError

EVENT = {
    "source": "aws.ecs",
    "detail-type": "ECS Task State Change",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "lastStatus": "STOPPED",
        "group": "service:web",
        "containers": [
            {"name": "web", "exitCode": 1, "ports": [80, 443]},
            {"name": "agent", "exitCode": 0, "ports": []},
        ],
        "cpu": 256,
        "share": 0.5,
        "path": "/usr/lib/palatine.jar",
        "address": "10.0.0.25",
        "nothing": None,
        "empty": "",
        "on": True,
        "starred": "a*b",
    },
}


def holds(pattern: dict[str, Any]) -> bool:
    return matches(compiled(json.dumps(pattern)), EVENT)


def field(name: str, *choices: object) -> dict[str, Any]:
    return {"detail": {name: list(choices)}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.ecs"]}, True),
        ({"source": ["aws.ec2", "aws.ecs"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"source": ["aws.ecs"], "detail-type": ["another"]}, False),
        ({"resources": ["arn:b"]}, True),
        ({"source": {"deeper": ["a"]}}, False),
        (field("lastStatus", "STOPPED"), True),
        (field("absent", "a"), False),
        (field("nothing", None), True),
        (field("empty", None), False),
        (field("empty", ""), True),
        (field("on", True), True),
        (field("on", 1), False),
        (field("cpu", 256.0), True),
        (field("cpu", "256"), False),
    ],
)
def test_exact_values_by_json_type(pattern: dict[str, Any], expected: bool) -> None:
    assert holds(pattern) is expected


@pytest.mark.parametrize(
    ("name", "choice", "expected"),
    [
        ("group", {"prefix": "service:"}, True),
        ("group", {"prefix": "family:"}, False),
        ("group", {"prefix": {"equals-ignore-case": "SERVICE:"}}, True),
        ("path", {"suffix": ".jar"}, True),
        ("path", {"suffix": ".JAR"}, False),
        ("path", {"suffix": {"equals-ignore-case": ".JAR"}}, True),
        ("lastStatus", {"equals-ignore-case": "stopped"}, True),
        ("lastStatus", {"equals-ignore-case": "stop"}, False),
        ("path", {"wildcard": "/usr/*/palatine.*"}, True),
        ("path", {"wildcard": "/usr/*.txt"}, False),
        ("starred", {"wildcard": r"a\*b"}, True),
        ("path", {"wildcard": r"\*"}, False),
        ("cpu", {"prefix": "2"}, False),
        ("address", {"cidr": "10.0.0.0/24"}, True),
        ("address", {"cidr": "10.0.1.0/24"}, False),
        ("group", {"cidr": "10.0.0.0/24"}, False),
        ("lastStatus", {"exactly": "STOPPED"}, True),
    ],
)
def test_texts(name: str, choice: dict[str, Any], expected: bool) -> None:
    assert holds(field(name, choice)) is expected


@pytest.mark.parametrize(
    ("name", "expression", "expected"),
    [
        ("cpu", ["=", 256], True),
        ("cpu", ["=", 2.56e2], True),
        ("cpu", [">", 256], False),
        ("cpu", [">=", 256], True),
        ("cpu", ["<", 257], True),
        ("cpu", ["<=", 255], False),
        ("share", [">", 0, "<=", 0.5], True),
        ("share", [">=", 0.1, "<", 0.5], False),
        ("group", ["=", 1], False),
        ("on", ["=", 1], False),
    ],
)
def test_numbers(name: str, expression: list[object], expected: bool) -> None:
    assert holds(field(name, {"numeric": expression})) is expected


@pytest.mark.parametrize(
    ("name", "unwanted", "expected"),
    [
        ("lastStatus", "RUNNING", True),
        ("lastStatus", "STOPPED", False),
        ("lastStatus", ["RUNNING", "STOPPED"], False),
        ("cpu", [512, 1024], True),
        ("cpu", 256, False),
        ("group", {"prefix": "service:"}, False),
        ("group", {"prefix": ["family:", "task:"]}, True),
        ("path", {"suffix": ".jar"}, False),
        ("path", {"suffix": [".txt", ".so"]}, True),
        ("lastStatus", {"equals-ignore-case": ["stopped", "running"]}, False),
        ("path", {"wildcard": "*/lib/*"}, False),
        ("path", {"wildcard": ["*/bin/*", "*.txt"]}, True),
        ("absent", "a", False),
    ],
)
def test_anything_but(name: str, unwanted: object, expected: bool) -> None:
    assert holds(field(name, {"anything-but": unwanted})) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (field("group", {"exists": True}), True),
        (field("absent", {"exists": True}), False),
        (field("absent", {"exists": False}), True),
        (field("group", {"exists": False}), False),
        ({"missing": {"deeper": [{"exists": False}]}}, True),
        (field("absent", {"exists": False}, "a"), True),
        (field("containers", {"exists": True}), False),  # no leaf
        ({"detail": {"containers": {"ports": [{"exists": False}]}}}, False),  # one has some
        ({"detail": {"containers": {"reason": [{"exists": False}]}}}, True),
    ],
)
def test_a_leaf_exists_or_it_does_not(pattern: dict[str, Any], expected: bool) -> None:
    assert holds(pattern) is expected


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ({"exitCode": [1]}, True),
        ({"name": ["web"], "exitCode": [1]}, True),
        ({"name": ["agent"], "exitCode": [1]}, False),  # of two different elements
        ({"ports": [443]}, True),
        ({"ports": [8080]}, False),
        ({"ports": [{"anything-but": 80}]}, True),
    ],
)
def test_fields_of_one_object_hold_in_one_element_of_an_array(
    containers: dict[str, Any], expected: bool
) -> None:
    assert holds({"detail": {"containers": containers}}) is expected


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"$or": [{"lastStatus": ["STOPPED"]}, {"cpu": [1]}]}, True),
        ({"$or": [{"lastStatus": ["RUNNING"]}, {"cpu": [1]}]}, False),
        ({"$or": [{"lastStatus": ["STOPPED"]}, {"cpu": [1]}], "group": ["other"]}, False),
        ({"$or": [{"cpu": [1]}, {"$or": [{"cpu": [2]}, {"cpu": [256]}]}]}, True),
        ({"containers": {"$or": [{"exitCode": [1]}, {"exitCode": [2]}]}}, True),
    ],
)
def test_one_of_several_patterns(detail: dict[str, Any], expected: bool) -> None:
    assert holds({"detail": detail}) is expected


def test_a_refusal_says_where_as_aws_does() -> None:
    """cloud-custodian/cloud-custodian#6507 and buildkite/docs#896 quote AWS."""
    empty = '{"source": ["aws.health"], "detail": {}}'
    lines = '{\n  "detail-type": [ "a" ],\n  "detail": {\n    "pipeline": {\n      "slug": "b"\n}}}'

    assert refusal(empty) == (
        "Event pattern is not valid. Reason: Empty objects are not allowed at "
        f'[Source: (String)"{empty}"; line: 1, column: 40]'
    )
    assert refusal(lines).endswith("; line: 5, column: 16]")
    assert '"slug" must be an object or an array' in refusal(lines)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": [["b"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a": [{}]}', "Match expression name not found"),
        ('{"a": [{"regex": "b"}]}', "Unrecognized match type regex"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"prefix": {"suffix": "b"}}]}', "Unsupported prefix pattern: suffix"),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', "Only one key allowed in match expression"),
        ('{"a": [{"suffix": ["b"]}]}', "suffix match pattern must be a string"),
        ('{"a": [{"wildcard": "b**"}]}', "Consecutive wildcard characters at pos 2"),
        (r'{"a": [{"wildcard": "b\\c"}]}', "Invalid escape character at pos 2"),
        ('{"a": [{"exists": "b"}]}', "exists match pattern must be either true or false."),
        ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
        ('{"a": [{"cidr": "10.0.0.0/32"}]}', "IPv4 mask bits must be < 32"),
        ('{"a": [{"cidr": "10.0.0/8"}]}', "Nonstandard IP address: 10.0.0"),
        ('{"a": [{"numeric": 5}]}', "Value of numeric must be an array."),
        ('{"a": [{"numeric": ["!=", 5]}]}', "Unrecognized numeric range operator: !="),
        ('{"a": [{"numeric": ["=", "5"]}]}', "Value of equals must be numeric"),
        ('{"a": [{"numeric": ["<", 5, ">", 2]}]}', "Too many elements in numeric expression"),
        ('{"a": [{"numeric": [">", 5, "<", 2]}]}', "Bottom must be less than top"),
        ('{"a": [{"anything-but": ["b", 1]}]}', "Inside anything but list, either all values"),
        ('{"a": [{"anything-but": [null]}]}', "start|null|boolean is not supported."),
        ('{"a": [{"anything-but": null}]}', "Value of anything-but must be an array or single"),
        ('{"a": [{"anything-but": {"exists": true}}]}', "Unsupported anything-but pattern: exists"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
        ('{"$or": [{"a": ["b"]}]}', "There must have at least 2 Objects in $or relationship."),
        ('{"$or": {"a": ["b"]}}', "It must be an Array followed with $or."),
        ('{"$or": ["a", "b"]}', "Only JSON object is allowed in array of $or relationship."),
        ('{"$or": [{"prefix": ["a"]}, {"b": ["c"]}]}', "prefix is Ruler reserved fieldName"),
    ],
)
def test_a_pattern_that_is_none_is_refused(pattern: str, reason: str) -> None:
    assert reason in refusal(pattern)


def refusal(pattern: str) -> str:
    with pytest.raises(AwsError) as refused:
        compiled(pattern)
    assert refused.value.code == "InvalidEventPatternException"
    return refused.value.message
