"""CloudFormation: what may not be asked of a stack, or is no change of it."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.stacking import Stacking, body, group
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/"


ARN = "arn:aws:cloudformation:*:stack/*"


@fact(
    "CreateStack takes OnFailure or DisableRollback, even a false one, and not both.",
    API + "API_CreateStack.html boto/boto#2781",
)
def test_on_failure_and_disable_rollback_do_not_go_together(stacking: Stacking) -> None:
    asked: Any = {"OnFailure": "DELETE", "DisableRollback": False}

    told = refusal(
        stacking.cfn.create_stack,
        StackName=stacking.name,
        TemplateBody=body({"A": group()}),
        **asked,
    )

    assert told == (
        "ValidationError",
        "Either DisableRollback or OnFailure can be specified, not both.",
    )


@fact(
    "A template in YAML has no aliases.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html "
    "seeebiii/aws-cloudformation-templates#1",
)
def test_yaml_aliases_are_refused(stacking: Stacking) -> None:
    template = """
        Resources:
          A: {Type: AWS::Logs::LogGroup, Properties: &kept {RetentionInDays: 1}}
          B: {Type: AWS::Logs::LogGroup, Properties: *kept}
    """

    told = refusal(stacking.cfn.create_stack, StackName=stacking.name, TemplateBody=template)

    sentence = "YAML aliases are not allowed in CloudFormation templates"
    assert told == ("ValidationError", f"Template error: {sentence}")


@fact(
    "A deletion is forced only where one has failed.",
    API + "API_DeleteStack.html awslabs/eks-perf-tests#517",
)
def test_a_deletion_is_forced_only_after_a_failed_one(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))

    code, message = refusal(
        stacking.cfn.delete_stack, StackName=stacking.name, DeletionMode="FORCE_DELETE_STACK"
    )

    assert code == "ValidationError"
    assert message.startswith("Invalid operation on stack [arn:")
    assert message.endswith(
        "You can activate DeletionMode FORCE_DELETE_STACK in a delete stack operation only when "
        "the stack is in the DELETE_FAILED state."
    )


@fact(
    "A failed creation that was told to do nothing cannot be updated; one without rollback can, "
    "without rollback.",
    "code-dot-org/code-dot-org#68524 aws/aws-cdk-cli#1973",
)
def test_what_was_to_be_left_alone_is_not_updated(stacking: Stacking, aws: Aws, name: str) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    failing = body({"A": group(LogGroupName=f"/{name}/taken")})
    working = body({"A": group(LogGroupName=f"/{name}/free")})
    left, kept = f"{name}-left", f"{name}-kept"
    try:
        assert stacking.create(failing, left, OnFailure="DO_NOTHING") == "CREATE_FAILED"
        assert stacking.create(failing, kept, DisableRollback=True) == "CREATE_FAILED"
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/taken")

    told = refusal(stacking.cfn.update_stack, StackName=left, TemplateBody=working)

    assert told == (
        "ValidationError",
        "This stack cannot be updated from [CREATE_FAILED] state because it contains "
        "[on-failure: DO_NOTHING]. Please use disable-rollback option instead during stack "
        "creation.",
    )
    told = refusal(stacking.cfn.update_stack, StackName=kept, TemplateBody=working)
    assert told == (
        "ValidationError",
        "This stack is currently in a non-terminal [CREATE_FAILED] state. To update the stack from "
        "this state, please use the disable-rollback parameter with update-stack API. To rollback "
        "to the last known good state, use the rollback-stack API",
    )
    assert stacking.update(working, kept, DisableRollback=True) == "UPDATE_COMPLETE"


@fact("Another description is no update.", "boto/boto3#1609")
def test_a_description_is_no_update(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}, Description="Before"))

    told = refusal(
        stacking.cfn.update_stack,
        StackName=stacking.name,
        TemplateBody=body({"A": group()}, Description="After"),
    )

    assert told == ("ValidationError", "No updates are to be performed.")


@fact(
    "A change set is made behind the call, and not carried out before it is complete.",
    API + "API_CreateChangeSet.html",
)
def test_a_change_set_is_made_behind_the_call(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))

    code = next(filter(None, (too_early(stacking, f"A{number}") for number in range(5))), "")

    assert code == "InvalidChangeSetStatus"


def too_early(stacking: Stacking, resource: str) -> str:
    """The code of the refusal; none if the change set was complete before it could be."""
    before = stacking.physical_ids()
    made = stacking.cfn.create_change_set(
        StackName=stacking.name, ChangeSetName=resource, TemplateBody=body({resource: group()})
    )
    try:
        stacking.cfn.execute_change_set(ChangeSetName=made["Id"])
    except ClientError as error:
        assert stacking.physical_ids() == before
        return str(error.response["Error"]["Code"])
    stacking.ended()
    return ""


@fact(
    "An update makes what change sets found out obsolete.",
    API + "API_DescribeChangeSet.html",
)
def test_an_update_makes_change_sets_obsolete(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))
    made = stacking.cfn.create_change_set(
        StackName=stacking.name, ChangeSetName="next", TemplateBody=body({"B": group()})
    )

    def execution() -> str:
        shown = stacking.cfn.describe_change_set(ChangeSetName=made["Id"])
        return str(shown["ExecutionStatus"])

    until(lambda: execution() == "AVAILABLE")
    stacking.update(body({"A": group(RetentionInDays=1)}))

    assert execution() == "OBSOLETE"
    assert refusal(stacking.cfn.execute_change_set, ChangeSetName=made["Id"])[0] == (
        "InvalidChangeSetStatus"
    )


@fact(
    "A rollback that retains only what is older deletes also what is new and marked Retain.",
    API + "API_RollbackStack.html",
)
def test_a_rollback_may_delete_what_is_new_and_retained(
    stacking: Stacking, aws: Aws, name: str
) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    new = {**group(LogGroupName=f"/{name}/new"), "DeletionPolicy": "Retain"}
    failing = {**group(LogGroupName=f"/{name}/taken"), "DependsOn": "New"}
    stacking.create(body({"A": group(LogGroupName=f"/{name}/a")}))
    everything = {"A": group(LogGroupName=f"/{name}/a"), "New": new, "B": failing}
    try:
        assert stacking.update(body(everything), DisableRollback=True) == "UPDATE_FAILED"
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/taken")

    stacking.cfn.rollback_stack(StackName=stacking.name, RetainExceptOnCreate=True)

    assert stacking.ended() == "UPDATE_ROLLBACK_COMPLETE"
    left = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert [one["logGroupName"] for one in left] == [f"/{name}/a"]


@fact(
    "EventBridge is told of every status of a stack and of its resources.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "eventbridge-events-detail-reference.html",
)
def test_eventbridge_is_told(stacking: Stacking, eventing: Eventing) -> None:
    eventing.listen({"source": ["aws.cloudformation"], "resources": [{"wildcard": ARN}]})

    stack_id = stacking.begin(body({"A": group()}), ClientRequestToken="told")
    stacking.ended()

    def of(detail_type: str, status: str) -> Any:  # noqa: ANN401 (JSON)
        kind = f"CloudFormation {detail_type} Status Change"
        return eventing.event(
            lambda event: (
                event["detail-type"] == kind
                and event["resources"] == [stack_id]
                and event["detail"]["status-details"]["status"] == status
            )
        )["detail"]

    of("Stack", "CREATE_IN_PROGRESS")
    assert of("Stack", "CREATE_COMPLETE")["client-request-token"] == "told"
    made = of("Resource", "CREATE_COMPLETE")
    assert made["stack-id"] == stack_id
    assert made["logical-resource-id"] == "A"
    assert made["physical-resource-id"] == stacking.physical_ids()["A"]
    assert made["resource-type"] == "AWS::Logs::LogGroup"
