"""What a target is sent; the examples are AWS's own (eb-transform-target-input)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from localaws.events import inputs
from localaws.events.model import Rule
from localaws.wire import AwsError

RULE = Rule("r", "arn:r", "{}", None, "ENABLED", "", None, datetime(2026, 1, 1, tzinfo=UTC))
EVENT: dict[str, Any] = {
    "id": "7bf73129",
    "source": "aws.ec2",
    "detail": {"instance-id": "i-0123", "state": "RUNNING", "n": 1, "tags": [{"k": "a"}]},
}
PATHS = {"instance": "$.detail.instance-id", "state": "$.detail.state"}


def sent(**target: object) -> str:
    return inputs.text(target, EVENT, RULE, "2026-11-25T00:00:00.000Z")


def transformed(template: str, **paths: str) -> str:
    return sent(InputTransformer={"InputPathsMap": PATHS | paths, "InputTemplate": template})


def test_the_event_a_part_of_it_or_a_constant() -> None:
    assert json.loads(sent()) == EVENT
    assert json.loads(sent(InputPath="$.detail.tags[0]")) == {"k": "a"}
    assert sent(InputPath="$.detail.state") == '"RUNNING"'
    assert sent(InputPath="$.detail.tags[*].k") == '["a"]'
    assert sent(Input='{"a": 1}') == '{"a": 1}'


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123 is in RUNNING"'),
        ("<instance> is <state>", "i-0123 is RUNNING"),
        ('{"instance": <instance>}', '{"instance": "i-0123"}'),
        ('{"said": "it is <state>"}', '{"said": "it is RUNNING"}'),
        (r'{"said": "<instance> is in \"<state>\""}', r'{"said": "i-0123 is in \"RUNNING\""}'),
        ('{"n": <n>}', '{"n": 1}'),
        ('{"absent": <absent>}', '{"absent": ""}'),
        ('"<aws.events.rule-name> of <aws.events.rule-arn>"', '"r of arn:r"'),
    ],
)
def test_a_template_is_filled_in(template: str, expected: str) -> None:
    assert transformed(template, n="$.detail.n", absent="$.detail.absent") == expected


def test_a_template_may_hold_the_event_itself() -> None:
    whole = transformed('{"all": <aws.events.event.json>, "some": <aws.events.event>}')

    envelope = {"id": "7bf73129", "source": "aws.ec2"}
    assert json.loads(whole) == {"all": EVENT, "some": envelope}


@pytest.mark.parametrize(
    "target",
    [
        {"Input": "{}", "InputPath": "$"},
        {"InputPath": "detail"},
        {"Input": "{"},
        {"InputTransformer": {"InputTemplate": "<unknown>"}},
        {"InputTransformer": {"InputPathsMap": {"a": "no path"}, "InputTemplate": "<a>"}},
        {"InputTransformer": {"InputPathsMap": {"aws.events.x": "$"}, "InputTemplate": "a"}},
    ],
)
def test_what_cannot_be_sent_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(AwsError) as refused:
        inputs.check({"Id": "t"} | target)

    assert refused.value.code == "ValidationException"
