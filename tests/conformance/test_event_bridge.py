"""EventBridge: rules, patterns and targets of the default bus"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.waiting import known_everywhere

GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
API = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/"
Client = Any  # boto3 makes its classes as it runs


@pytest.fixture
def events(aws: Aws) -> Client:
    return aws.client("events")


def tried(events: Client, pattern: object, detail: object) -> bool:
    event = {
        "id": "1",
        "account": "123456789012",
        "source": "test",
        "time": "2026-11-25T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail-type": "Numbered",
        "detail": detail,
    }
    answer = events.test_event_pattern(
        EventPattern=json.dumps({"detail": pattern}), Event=json.dumps(event)
    )
    return bool(answer["Result"])


@fact(
    "A rule is described as it was put, with the default bus and its creator.",
    f"{API}API_DescribeRule.html",
)
def test_a_rule_is_described(events: Client, eventing: Eventing) -> None:
    arn = eventing.rule({"source": [eventing.name]})

    rule = events.describe_rule(Name=eventing.name)

    rule.pop("ResponseMetadata")
    assert rule == {
        "Name": eventing.name,
        "Arn": arn,
        "EventPattern": json.dumps({"source": [eventing.name]}),
        "State": "ENABLED",
        "EventBusName": "default",
        "CreatedBy": arn.split(":")[4],
    }


@fact(
    "A rule that is put again keeps its targets.",
    f"{API}API_PutRule.html",
)
def test_a_rule_is_put_again(events: Client, eventing: Eventing) -> None:
    eventing.listen({"source": [eventing.name]})

    events.put_rule(Name=eventing.name, EventPattern='{"source": ["other"]}', State="DISABLED")

    assert events.describe_rule(Name=eventing.name)["State"] == "DISABLED"
    assert len(events.list_targets_by_rule(Rule=eventing.name)["Targets"]) == 1


@fact(
    "A rule with targets is not deleted; without, and again, it is.",
    f"{API}API_DeleteRule.html",
)
def test_a_rule_with_targets_stays(events: Client, eventing: Eventing) -> None:
    eventing.listen({"source": [eventing.name]})

    answer = refusal(events.delete_rule, Name=eventing.name)
    events.remove_targets(Rule=eventing.name, Ids=["q"])
    events.delete_rule(Name=eventing.name)
    events.delete_rule(Name=eventing.name)
    gone = refusal(events.describe_rule, Name=eventing.name)

    assert answer == ("ValidationException", "Rule can't be deleted since it has targets.")
    assert gone == (
        "ResourceNotFoundException",
        f"Rule {eventing.name} does not exist on EventBus default.",
    )
    eventing.rule({"source": [eventing.name]})


@fact(
    "A rule has a pattern or a schedule: without either it is refused.",
    f"{API}API_PutRule.html",
)
def test_a_rule_without_either(events: Client, name: str) -> None:
    code, message = refusal(events.put_rule, Name=name)

    assert code == "ValidationException"
    assert message == "Parameter(s) EventPattern or ScheduleExpression must be specified."


@pytest.mark.parametrize(
    "expression",
    ["rate(1 minutes)", "rate(5 minute)", "cron(7 20 * * 1-7 *)", "cron(*/60 * * * ? *)"],
)
@fact(
    "A schedule that is none is refused: a unit in the wrong number, both days of a cron given, "
    "a step that is too long.",
    "localstack/localstack#12156 aws/aws-sdk-js#4212",
)
def test_a_schedule_that_is_none(events: Client, name: str, expression: str) -> None:
    answer = refusal(events.put_rule, Name=name, ScheduleExpression=expression)

    assert answer == ("ValidationException", "Parameter ScheduleExpression is not valid.")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (
            '{"source": ["aws.health"], "detail": {}}',
            "Empty objects are not allowed at [Source: "
            '(String)"{"source": ["aws.health"], "detail": {}}"; line: 1, column: 40]',
        ),
        ('{"source": "a"}', '"source" must be an object or an array at'),
        ('{"source": [{"suffix": ["a"]}]}', "suffix match pattern must be a string at"),
    ],
)
@fact(
    "A pattern that is none is refused, with the reason and the place where it stands.",
    "cloud-custodian/cloud-custodian#6507 buildkite/docs#896 aws/aws-cdk#32492",
)
def test_a_pattern_that_is_none(events: Client, name: str, pattern: str, reason: str) -> None:
    code, message = refusal(events.put_rule, Name=name, EventPattern=pattern)

    assert code == "InvalidEventPatternException"
    assert message.startswith(f"Event pattern is not valid. Reason: {reason}")


@pytest.mark.parametrize(
    ("choice", "matching", "other"),
    [
        ("a", "a", "b"),
        ({"prefix": "us-"}, "us-east-1", "eu-west-1"),
        ({"prefix": {"equals-ignore-case": "EventB"}}, "eventbridge", "sns"),
        ({"suffix": ".png"}, "a.png", "a.jpg"),
        ({"suffix": {"equals-ignore-case": ".PNG"}}, "a.png", "a.jpg"),
        ({"equals-ignore-case": "alice"}, "ALICE", "bob"),
        ({"anything-but": "initializing"}, "running", "initializing"),
        ({"anything-but": ["stopped", "overloaded"]}, "running", "stopped"),
        ({"anything-but": {"prefix": "init"}}, "running", "initializing"),
        ({"anything-but": {"suffix": ".txt"}}, "a.png", "a.txt"),
        ({"anything-but": {"equals-ignore-case": "initializing"}}, "running", "INITIALIZING"),
        ({"anything-but": {"wildcard": "*/lib/*"}}, "/usr/bin/a", "/usr/lib/a"),
        ({"numeric": [">", 0, "<=", 5]}, 5, 6),
        ({"numeric": ["=", 3.018e2]}, 301.8, 300),
        ({"exists": True}, "a", None),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.255", "10.0.1.0"),
        ({"wildcard": "dir/*.png"}, "dir/a.png", "other/a.png"),
    ],
)
@fact(
    "Patterns compare by every operator of the guide's table.",
    f"{GUIDE}eb-create-pattern-operators.html",
)
def test_operators(events: Client, choice: object, matching: object, other: object) -> None:
    there = {"field": other} if other is not None else {"another": "a"}

    assert tried(events, {"field": [choice]}, {"field": matching})
    assert not tried(events, {"field": [choice]}, there)


@fact(
    "Of an array one element must match; of several fields in an object of an array, all in the "
    "same element; of $or, one pattern.",
    f"{GUIDE}eb-create-pattern-operators.html aws/event-ruler",
)
def test_arrays_and_or(events: Client) -> None:
    detail = {"list": ["a", "b"], "objects": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}

    assert tried(events, {"list": ["b"]}, detail)
    assert tried(events, {"objects": {"x": [2], "y": [2]}}, detail)
    assert not tried(events, {"objects": {"x": [1], "y": [2]}}, detail)
    assert tried(events, {"$or": [{"list": ["c"]}, {"objects": {"x": [1]}}]}, detail)
    assert not tried(events, {"$or": [{"list": ["c"]}, {"objects": {"x": [3]}}]}, detail)


@fact(
    "An event to try a pattern on has all fields of an event.",
    f"{API}API_TestEventPattern.html",
)
def test_an_event_to_try_is_whole(events: Client) -> None:
    answer = refusal(
        events.test_event_pattern, EventPattern='{"source": ["a"]}', Event='{"source": "a"}'
    )

    assert answer == ("ValidationException", "Parameter Event is not valid.")


@fact(
    "What a rule matches comes to its target in the envelope of an event.",
    f"{GUIDE}eb-events-structure.html",
)
def test_an_event_comes(eventing: Eventing) -> None:
    eventing.listen({"source": [eventing.name]})

    event_id = eventing.put({"n": 1})

    event = json.loads(eventing.body())
    assert event["id"] == event_id
    assert event["time"].endswith("Z")
    assert {key: event[key] for key in ("version", "source", "detail-type", "detail")} == {
        "version": "0",
        "source": eventing.name,
        "detail-type": "Numbered",
        "detail": {"n": 1},
    }
    assert event.keys() == {
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    }


@fact(
    "An input transformer fills variables into a template, quoting texts that stand alone in JSON.",
    f"{GUIDE}eb-transform-target-input.html",
)
def test_an_input_transformer(eventing: Eventing) -> None:
    transformer = {
        "InputPathsMap": {"instance": "$.detail.instance", "state": "$.detail.state"},
        "InputTemplate": '{"instance": <instance>, "said": "<instance> is <state>"}',
    }
    eventing.listen({"source": [eventing.name]}, InputTransformer=transformer)

    eventing.put({"instance": "i-0", "state": "running"})

    assert json.loads(eventing.body()) == {"instance": "i-0", "said": "i-0 is running"}


@fact(
    "An input path sends a part of the event.",
    f"{API}API_Target.html",
)
def test_an_input_path(eventing: Eventing) -> None:
    eventing.listen({"source": [eventing.name]}, InputPath="$.detail")

    eventing.put({"n": 1})

    assert json.loads(eventing.body()) == {"n": 1}


@fact(
    "Rules are found by the target they have.",
    f"{API}API_ListRuleNamesByTarget.html",
)
def test_rules_by_target(events: Client, eventing: Eventing) -> None:
    eventing.listen({"source": [eventing.name]})

    found = events.list_rule_names_by_target(TargetArn=eventing.arn)

    assert found["RuleNames"] == [eventing.name]


@fact(
    "A rule has at most five targets.",
    f"{GUIDE}eb-quota.html",
)
def test_five_targets(events: Client, eventing: Eventing) -> None:
    eventing.rule({"source": [eventing.name]})
    targets = [{"Id": str(number), "Arn": eventing.arn} for number in range(6)]

    code, _ = refusal(events.put_targets, Rule=eventing.name, Targets=targets)
    events.put_targets(Rule=eventing.name, Targets=targets[:5])

    assert code == "LimitExceededException"


@fact(
    "Rules are listed a page at a time.",
    f"{API}API_ListRules.html",
)
def test_pages(events: Client, eventing: Eventing) -> None:
    names = [f"{eventing.name}-{number}" for number in range(3)]
    for name in names:
        eventing.rule({"source": [name]}, name)

    first = events.list_rules(NamePrefix=eventing.name, Limit=2)
    rest = events.list_rules(NamePrefix=eventing.name, NextToken=first["NextToken"])

    assert [rule["Name"] for rule in first["Rules"] + rest["Rules"]] == names
    assert len(first["Rules"]) == 2
    assert "NextToken" not in rest


@fact(
    "Rules have tags, from the first put on.",
    f"{API}API_TagResource.html {API}API_PutRule.html",
)
def test_tags(events: Client, eventing: Eventing) -> None:
    arn = eventing.rule({"source": [eventing.name]})

    events.tag_resource(
        ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    )
    events.untag_resource(ResourceARN=arn, TagKeys=["b"])

    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]


@fact(
    "A disabled rule sends nothing until it is enabled.",
    f"{API}API_DisableRule.html",
)
def test_a_disabled_rule(events: Client, eventing: Eventing) -> None:
    eventing.listen({"source": [eventing.name]})
    events.disable_rule(Name=eventing.name)
    known_everywhere()

    eventing.put({"n": 1})
    events.enable_rule(Name=eventing.name)
    known_everywhere()
    eventing.put({"n": 2})

    assert json.loads(eventing.body())["detail"] == {"n": 2}


@fact(
    "Entries that PutEvents refuses are named one by one: without a field, with a detail that is "
    "no object, from a source of AWS's own.",
    f"{API}API_PutEvents.html {API}API_PutEventsResultEntry.html",
)
def test_refused_entries(events: Client, name: str) -> None:
    good = {"Source": name, "DetailType": "Numbered", "Detail": "{}"}

    put = events.put_events(
        Entries=[good, good | {"Detail": "{"}, good | {"Source": "aws.ecs"}, {"Source": name}]
    )

    assert put["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in put["Entries"]] == [
        None,
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
    ]


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        (
            "put_rule",
            {"Name": "a b", "EventPattern": '{"source": ["a"]}'},
            "Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [\\.\\-_A-Za-z0-9]+",
        ),
        (
            "put_rule",
            {"Name": "a" * 65, "EventPattern": '{"source": ["a"]}'},
            "at 'name' failed to satisfy constraint: Member must have length less than or equal "
            "to 64",
        ),
        (
            "put_rule",
            {"Name": "a", "EventPattern": '{"source": ["a"]}', "State": "ON"},
            "Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value "
            "set: [",
        ),
        (
            "put_targets",
            {
                "Rule": "a",
                "Targets": [{"Id": "t", "Arn": "arn:x", "Input": '"' + "x" * 8191 + '"'}],
            },
            "at 'targets.1.member.input' failed to satisfy constraint: Member must have length "
            "less than or equal to 8192",
        ),
        (
            "put_targets",
            {
                "Rule": "a",
                "Targets": [
                    {"Id": "t", "Arn": "arn:x", "RetryPolicy": {"MaximumRetryAttempts": 186}}
                ],
            },
            "Value '186' at 'targets.1.member.retryPolicy.maximumRetryAttempts' failed to satisfy "
            "constraint: Member must have value less than or equal to 185",
        ),
        (
            "put_events",
            {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}] * 11},
            "at 'entries' failed to satisfy constraint: Member must have length less than or equal "
            "to 10",
        ),
    ],
)
@fact(
    "Names, states, inputs, retries and entries beyond the model's bounds are refused by their "
    "path: ValidationException.",
    f"{API}API_PutRule.html {API}API_Target.html {API}API_PutEvents.html "
    "awslabs/aws-service-catalog-puppet#166",
)
def test_bounds(events: Client, operation: str, params: dict[str, Any], words: str) -> None:
    code, message = refusal(getattr(events, operation), **params)

    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value ")
    assert words in message


@fact(
    "The entries of a request have at most 1 MiB: source, detail type, detail and resources in "
    "UTF-8, and 14 bytes for a time.",
    f"{API}API_PutEvents.html {GUIDE}eb-putevents.html "
    "https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-"
    "payloads-up-to-1-mb opensnowcat/opensnowcat-enrich#282",
)
def test_a_request_too_large(events: Client, name: str) -> None:
    detail = json.dumps({"a": "é" * 262_000}, ensure_ascii=False)
    entry = {"Source": name, "DetailType": "Numbered", "Detail": detail}
    two = [entry, entry | {"Resources": ["r" * (1_048_576 - 2 * size(entry))]}]

    put = events.put_events(Entries=two)
    refused = refusal(events.put_events, Entries=[two[0] | {"Source": f"{name}2"}, two[1]])
    timed = refusal(events.put_events, Entries=[two[0] | {"Time": 0}, two[1]])

    assert put["FailedEntryCount"] == 0
    sentence = "Total size of the entries in the request is over the limit."
    assert refused == timed == ("ValidationException", sentence)


def size(entry: dict[str, str]) -> int:
    return sum(len(value.encode()) for value in entry.values())


@fact(
    "A queue whose policy does not let EventBridge send gets nothing; the event goes to the "
    "dead-letter queue at once, with NO_PERMISSIONS.",
    f"{GUIDE}rule-dlq.html {GUIDE}eb-use-resource-based.html",
)
def test_a_queue_without_a_policy(eventing: Eventing) -> None:
    url, closed = eventing.queue(f"{eventing.name}-closed")
    rule = eventing.rule({"source": [eventing.name]})
    target = {"Id": "closed", "Arn": closed, "DeadLetterConfig": {"Arn": eventing.arn}}
    eventing.events.put_targets(Rule=eventing.name, Targets=[target])
    known_everywhere()

    eventing.put({"n": 1})

    told = eventing.dead_letter()
    assert (told["RULE_ARN"], told["TARGET_ARN"]) == (rule, closed)
    assert told["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "Messages" not in eventing.sqs.receive_message(QueueUrl=url)


@fact(
    "A target that is gone is not tried again; the dead-letter queue is told NO_RESOURCE.",
    f"{GUIDE}rule-dlq.html",
)
def test_a_target_that_is_gone(eventing: Eventing) -> None:
    gone = f"{eventing.arn}-gone"
    eventing.listen({"source": [eventing.name]})
    target = {"Id": "q", "Arn": gone, "DeadLetterConfig": {"Arn": eventing.arn}}
    eventing.events.put_targets(Rule=eventing.name, Targets=[target])
    known_everywhere()

    eventing.put({"n": 1})

    told = eventing.dead_letter()
    assert (told["TARGET_ARN"], told["ERROR_CODE"]) == (gone, "NO_RESOURCE")
    assert "EXHAUSTED_RETRY_CONDITION" not in told


@fact(
    "A bus that is not there: ResourceNotFoundException.",
    f"{API}API_PutRule.html",
)
def test_no_such_bus(events: Client, name: str) -> None:
    code, message = refusal(
        events.put_rule, Name=name, EventPattern='{"source": ["a"]}', EventBusName=name
    )

    assert (code, message) == ("ResourceNotFoundException", f"Event bus {name} does not exist.")
