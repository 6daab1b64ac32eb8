"""CloudFormation: what is asked twice, what is held, and what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.stacking import Json, Stacking, body, group
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/"
A: Json = {"A": group()}


@pytest.fixture
def taken(aws: Aws, name: str) -> Any:  # noqa: ANN401 (a generator of nothing)
    """The name of a log group that is there already."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    yield
    logs.delete_log_group(logGroupName=f"/{name}/taken")


@fact(
    "An update, a rollback, a change set carried out and a deletion are each done once for a "
    "token; for another request a token that was used is refused.",
    f"{API}API_UpdateStack.html {API}API_RollbackStack.html {API}API_ExecuteChangeSet.html "
    f"{API}API_DeleteStack.html",
)
def test_every_operation_has_tokens(taken: None, stacking: Stacking, name: str) -> None:
    cfn, asked = stacking.cfn, {"StackName": name}
    failing = body(A | {"B": group(LogGroupName=f"/{name}/taken")})
    stacking.create(body(A), ClientRequestToken="create")

    for _ in range(2):
        cfn.update_stack(
            TemplateBody=failing, DisableRollback=True, ClientRequestToken="update", **asked
        )
        assert stacking.ended() == "UPDATE_FAILED"
    for _ in range(2):
        cfn.rollback_stack(ClientRequestToken="back", **asked)
        assert stacking.ended() == "UPDATE_ROLLBACK_COMPLETE"
    more = body(A | {"C": group()})
    cfn.create_change_set(ChangeSetName="more", TemplateBody=more, **asked)
    until(
        lambda: (
            cfn.describe_change_set(ChangeSetName="more", **asked)["Status"] == "CREATE_COMPLETE"
        )
    )
    for _ in range(2):
        cfn.execute_change_set(ChangeSetName="more", ClientRequestToken="execute", **asked)
        assert stacking.ended() == "UPDATE_COMPLETE"
    other = refusal(cfn.update_stack, TemplateBody=body(A), ClientRequestToken="back", **asked)
    by_id = {"StackName": stacking.described()["StackId"]}
    for _ in range(2):
        cfn.delete_stack(ClientRequestToken="delete", **by_id)

    assert other[0] == "TokenAlreadyExistsException"
    until(lambda: stacking.gone())
    events = cfn.describe_stack_events(**by_id)["StackEvents"][::-1]
    told = [one for one in events if one["LogicalResourceId"] == name]
    begun = [
        (one["ClientRequestToken"], one["ResourceStatus"])
        for one in told
        if one.get("ResourceStatusReason") == "User Initiated"
    ]
    assert begun == [
        ("create", "CREATE_IN_PROGRESS"),
        ("update", "UPDATE_IN_PROGRESS"),
        ("back", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("execute", "UPDATE_IN_PROGRESS"),
        ("delete", "DELETE_IN_PROGRESS"),
    ]


@fact(
    "What a stack imports is held again when the update that gave it up has been rolled back.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
)
def test_a_rollback_holds_imports_again(taken: None, stacking: Stacking, name: str) -> None:
    export = f"{name}-name"
    exporter = {"Outputs": {"Out": {"Value": "x", "Export": {"Name": export}}}}
    stacking.create(body(A, **exporter), f"{name}-a")
    importer = {"B": group(LogGroupName={"Fn::Sub": [f"/{name}/${{V}}", {"V": imported(export)}]})}
    stacking.create(body(importer), f"{name}-b")
    failing = {"B": group(LogGroupName=f"/{name}/y"), "C": group(LogGroupName=f"/{name}/taken")}

    assert stacking.update(body(failing), f"{name}-b") == "UPDATE_ROLLBACK_COMPLETE"

    assert stacking.cfn.list_imports(ExportName=export)["Imports"] == [f"{name}-b"]
    stacking.cfn.delete_stack(StackName=f"{name}-a")
    until(lambda: "in use by" in stacking.described(f"{name}-a").get("StackStatusReason", ""))


@fact(
    "Nothing is made of a template that imports what nobody exports.",
    "aws-cloudformation/aws-cloudformation-templates#263",
)
def test_imports_are_looked_for_first(stacking: Stacking, name: str) -> None:
    outputs = {"Out": {"Value": imported(f"{name}-no")}}

    assert stacking.create(body(A, Outputs=outputs)) == "ROLLBACK_COMPLETE"

    assert stacking.statuses("A") == []
    reason = f"No export named {name}-no found. Rollback requested by user."
    assert reason in stacking.reasons()


@fact(
    "Of a stack that does not exist, UpdateStack and DescribeStackEvents say so in brackets, "
    "others by its id; DeleteStack does nothing.",
    "aws/aws-cdk#7340",
)
def test_a_stack_that_does_not_exist(stacking: Stacking, name: str) -> None:
    cfn, asked = stacking.cfn, {"StackName": name}

    bracketed = {
        refusal(cfn.update_stack, TemplateBody=body(A), **asked),
        refusal(cfn.describe_stack_events, **asked),
    }
    by_id = {
        refusal(cfn.describe_stacks, **asked),
        refusal(cfn.list_stack_resources, **asked),
    }

    assert bracketed == {("ValidationError", f"Stack [{name}] does not exist")}
    assert by_id == {("ValidationError", f"Stack with id {name} does not exist")}
    cfn.delete_stack(**asked)


@fact(
    "ListStackResources has pages of all resources; DescribeStackResources has the first hundred.",
    f"{API}API_ListStackResources.html {API}API_DescribeStackResources.html",
)
def test_a_hundred_resources_a_page(stacking: Stacking) -> None:
    many = {f"A{number:03}": group() for number in range(120)}
    assert stacking.create(body(many)) == "CREATE_COMPLETE"

    pages = list(
        stacking.cfn.get_paginator("list_stack_resources").paginate(StackName=stacking.name)
    )

    found = [one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]]
    assert len(pages) > 1
    assert sorted(found) == sorted(many)
    described = stacking.cfn.describe_stack_resources(StackName=stacking.name)["StackResources"]
    assert len(described) == 100


def imported(name: str) -> Json:
    return {"Fn::ImportValue": name}
