"""Faults on demand: put, seen acting, listed, ended."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.localaws import stacks
from tests.localaws.conftest import Client, LocalAws

Json = dict[str, Any]


def ask(aws: LocalAws, method: str, path: str = "", body: object = None) -> tuple[int, Json]:
    """A body that is a text is YAML."""
    yaml = isinstance(body, str)
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body else None
    url = f"http://127.0.0.1:{aws.port}/_local/faults{path}"
    headers = {"Content-Type": "application/yaml" if yaml else "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.fixture
def cfn(aws: LocalAws) -> Any:  # noqa: ANN401 (a boto3 client)
    yield aws.client("cloudformation")
    ask(aws, "DELETE")


def test_a_fault_is_listed_while_it_acts_and_ends_when_told(aws: LocalAws, cfn: Client) -> None:
    fault = {"kind": "stack", "match": {"stack": "nobody"}, "params": {"seconds": 1}}

    begun, made = ask(aws, "POST", body=fault)
    listed = ask(aws, "GET")[1]["faults"]
    ended = ask(aws, "DELETE", f"/{made['id']}")[1]["faults"]

    assert begun == 201
    assert [one["params"] for one in listed] == [
        {"seconds": 1, "fails": True, "reason": "Internal Failure"}
    ]
    assert ended == []
    assert ask(aws, "DELETE", f"/{made['id']}")[0] == 404


def test_put_replaces_all(aws: LocalAws, cfn: Client) -> None:
    ask(aws, "PUT", body={"faults": [{"kind": "stack"}, {"kind": "stack"}]})

    ask(aws, "PUT", body={"faults": [{"kind": "stack", "match": {"resource": "A"}}]})

    listed = ask(aws, "GET")[1]["faults"]
    assert [one["match"] for one in listed] == [{"resource": "A"}]
    assert "stack" in [one["kind"] for one in ask(aws, "GET", "/kinds")[1]["kinds"]]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "plague"}, "kind is one of "),
        ({"kind": "stack", "match": {"colour": "red"}}, "match has no colour; it may have"),
        ({"kind": "stack", "params": {"minutes": 1}}, "params has no minutes; it may have"),
        ({"kind": "stack", "params": {"seconds": "long"}}, "seconds is a number."),
        ({"kind": "stack", "params": {"seconds": -1}}, "seconds is not negative."),
        ({"kind": "stack", "params": {"fails": 1}}, "fails is true or false."),
        ({"kind": "stack", "for": -1}, "for is seconds, or such as 250ms, 30s, 2m, 1h."),
        ({"kind": "stack", "at": "soon"}, "at is seconds, or such as"),
        ({"kind": "stack", "probability": 0}, "probability is a number over 0, and at most 1."),
        ({"kind": "stack", "times": 0.5}, "times is a whole number, at least 1."),
        ({"kind": "stack", "id": "a b"}, "id is up to 64 letters"),
        ({"kind": "stack", "wehn": "30s"}, "A fault has no wehn; it may have kind, id,"),
        ("stack", "A fault is an object with"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    aws: LocalAws, cfn: Client, fault: object, sentence: str
) -> None:
    good = {"kind": "stack", "match": {"stack": "nobody"}}
    ask(aws, "PUT", body={"faults": [good]})

    status, answer = ask(aws, "PUT", body={"faults": [{"kind": "stack"}, fault]})

    assert (status, sentence in answer["message"]) == (400, True), answer
    assert [one["match"] for one in ask(aws, "GET")[1]["faults"]] == [{"stack": "nobody"}]


def test_a_fault_may_be_named_and_a_name_is_taken_once(aws: LocalAws, cfn: Client) -> None:
    ask(aws, "POST", body={"kind": "stack", "id": "mine", "match": {"stack": "nobody"}})

    again = ask(aws, "POST", body={"kind": "stack", "id": "mine"})
    ended = ask(aws, "DELETE", "/mine")[1]["faults"]

    assert again[0] == 400
    assert "There is a fault mine already; end it first" in again[1]["message"]
    assert ended == []


def test_a_scenario_is_put_in_yaml(aws: LocalAws, cfn: Client) -> None:
    scenario = """
        faults:
          - {kind: stack, match: {stack: nobody}, for: 2m}
          - {kind: stack, match: {stack: nobody}, at: 1h, times: 3, probability: 0.5}
    """

    status, listed = ask(aws, "PUT", body=scenario)

    assert status == 200, listed
    assert [one["until"] is not None for one in listed["faults"]] == [True]
    assert [(one["times"], one["probability"]) for one in listed["to_come"]] == [(3, 0.5)]


@pytest.mark.parametrize(
    ("scenario", "sentence"),
    [
        ("faults: [", "The scenario is not YAML"),
        ("faults: [{kind: stack, kind: stack}]", "kind is there twice"),
        ("- kind: stack", 'The document is {"faults": [...]}.'),
        ("faults: [{kind: stack, for: 5 minutes}]", "for is seconds, or such as"),
        ("faults: [{kind: stack, id: a}, {kind: stack, id: a}]", "Two faults have the id a;"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_whole(
    aws: LocalAws, cfn: Client, scenario: str, sentence: str
) -> None:
    ask(aws, "PUT", body="faults: [{kind: stack, id: good, match: {stack: nobody}}]")

    status, answer = ask(aws, "PUT", body=scenario)

    assert (status, sentence in answer["message"]) == (400, True), answer
    assert [one["id"] for one in ask(aws, "GET")[1]["faults"]] == ["good"]


def test_a_stack_fails_at_the_resource_named(aws: LocalAws, cfn: Client, name: str) -> None:
    fault = {"kind": "stack", "match": {"stack": name, "resource": "B"}}
    ask(aws, "POST", body=fault | {"params": {"reason": "the disk is on fire"}})
    body = stacks.template(A=stacks.log_group(f"{name}-a"), B=stacks.log_group(f"{name}-b"))

    cfn.create_stack(StackName=name, TemplateBody=body)

    assert stacks.ended(cfn, name) == "ROLLBACK_COMPLETE"
    assert "the disk is on fire" in stacks.reasons(cfn, name)
    assert [one["hits"] for one in ask(aws, "GET")[1]["faults"]] == [1]


def test_a_rollback_fails_while_the_fault_acts_and_goes_on_after(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    stacks.create(cfn, name, stacks.template(A=stacks.log_group(name, RetentionInDays=1)))
    update = {"kind": "stack", "match": {"stack": name, "resource": "B"}}
    rollback = {"kind": "stack", "match": {"stack": name, "resource": "A", "during": "rollback"}}
    ask(aws, "PUT", body={"faults": [update, rollback]})
    changed = stacks.log_group(name, RetentionInDays=7)
    second = stacks.log_group(f"{name}-b") | {"DependsOn": "A"}

    cfn.update_stack(StackName=name, TemplateBody=stacks.template(A=changed, B=second))
    failed = stacks.ended(cfn, name)
    ask(aws, "DELETE")
    cfn.continue_update_rollback(StackName=name)

    assert failed == "UPDATE_ROLLBACK_FAILED"
    assert stacks.ended(cfn, name) == "UPDATE_ROLLBACK_COMPLETE"
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    assert [one["retentionInDays"] for one in found] == [1]


def test_an_operation_takes_as_long_as_it_is_told_and_can_be_interrupted(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    slow = {"kind": "stack", "match": {"stack": name}, "params": {"seconds": 60, "fails": False}}
    ask(aws, "POST", body=slow)
    cfn.create_stack(StackName=name, TemplateBody=stacks.template(A=stacks.log_group(name)))
    waiting = stacks.described(cfn, name)["StackStatus"]

    ask(aws, "DELETE")
    stack_id = stacks.described(cfn, name)["StackId"]
    cfn.delete_stack(StackName=name)

    assert waiting == "CREATE_IN_PROGRESS"
    assert stacks.ended(cfn, stack_id) == "DELETE_COMPLETE"
