"""What service models say of values, and how it is refused: in AWS's common words."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.wire import AwsError, constraints, models

PUT = models.service("events").operation_model("PutRule").input_shape
TARGETS = models.service("events").operation_model("PutTargets").input_shape


def told(params: dict[str, Any]) -> str:
    with pytest.raises(AwsError) as refused:
        constraints.check(PUT if "Name" in params else TARGETS, params)
    assert refused.value.code == "ValidationException"
    return refused.value.message


def test_everything_that_is_wrong_is_told_at_once() -> None:
    said = told({"Name": "a b" * 30, "State": "ON"})

    assert said.startswith("3 validation errors detected: Value ")
    assert said.count("; Value ") == 2


def test_where_it_is_wrong_is_told_as_a_path() -> None:
    deep = {"EcsParameters": {"TaskDefinitionArn": "", "TaskCount": 0}}
    said = told(
        {"Rule": "r", "Targets": [{"Id": "a", "Arn": "x"}, {"Id": "b", "Arn": "x", **deep}]}
    )

    inside = "targets.2.member.ecsParameters"
    assert (
        f"Value '0' at '{inside}.taskCount' failed to satisfy constraint: Member must have value "
        "greater than or equal to 1" in said
    )
    assert (
        f"Value '' at '{inside}.taskDefinitionArn' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1" in said
    )


def test_what_keeps_within_the_bounds_passes() -> None:
    constraints.check(
        PUT, {"Name": "a" * 64, "State": "ENABLED", "Tags": [{"Key": "a", "Value": ""}]}
    )
    constraints.check(None, {})


@pytest.mark.parametrize(
    ("written", "allowed", "refused"),
    [
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a \U0001f600", "\x00"),
        (r"[\.\-_A-Za-z0-9]+", "a.b-c", "a b"),
    ],
)
def test_patterns_are_java_s(written: str, allowed: str, refused: str) -> None:
    read = constraints.pattern_of(written)

    assert read
    assert read.fullmatch(allowed)
    assert not read.fullmatch(refused)


@pytest.mark.parametrize("service", ["events", "application-autoscaling"])
def test_only_classes_of_letters_are_beyond_us(service: str) -> None:
    model = models.service(service)
    shapes = [model.shape_for(name) for name in model.shape_names]
    patterns = {shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}

    unread = {one for one in patterns if constraints.pattern_of(one) is None}

    assert all(r"\p{" in one for one in unread)
