"""CloudFormation: what becomes of a stack."""

from __future__ import annotations

from typing import Any

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.stacking import Stacking, body, group
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"


@fact(
    "A call answers before its work is done; what is new is in progress, then complete.",
    API + "API_CreateStack.html",
)
def test_a_stack_is_made_behind_the_call(stacking: Stacking) -> None:
    stacking.begin(body({"A": group()}))
    at_once = stacking.described()["StackStatus"]

    assert at_once == "CREATE_IN_PROGRESS"
    assert stacking.ended() == "CREATE_COMPLETE"


@fact(
    "Every event of an operation, the resources' too, carries its ClientRequestToken.",
    API + "API_StackEvent.html",
)
def test_events_carry_the_token(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}), ClientRequestToken="op-1-1-1")

    events = stacking.events()

    assert {event["ClientRequestToken"] for event in events} == {"op-1-1-1"}
    assert stacking.statuses("A")[0] == "CREATE_IN_PROGRESS"
    assert stacking.statuses("A")[-1] == "CREATE_COMPLETE"


@fact(
    "The same token is the same request: it makes no second stack and no second update.",
    API + "API_CreateStack.html",
)
def test_a_token_repeated_does_nothing(stacking: Stacking) -> None:
    first = stacking.begin(body({"A": group()}), ClientRequestToken="once")
    again = stacking.begin(body({"A": group()}), ClientRequestToken="once")
    stacking.ended()

    assert first == again
    assert stacking.statuses(stacking.name) == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


@fact("An update without a change is a ValidationError.", "aws/aws-cli#3249 boto/boto3#1609")
def test_no_updates_are_to_be_performed(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))

    code, message = refusal(
        stacking.cfn.update_stack, StackName=stacking.name, TemplateBody=body({"A": group()})
    )

    assert (code, message) == ("ValidationError", "No updates are to be performed.")


@fact(
    "What was created when a resource fails is deleted again: ROLLBACK_COMPLETE, from which the "
    "stack can only be deleted.",
    GUIDE + "view-stack-events.html",
)
def test_a_failed_creation_leaves_nothing(stacking: Stacking, aws: Aws, name: str) -> None:
    logs = aws.client("logs")
    bad = group(RetentionInDays=1, LogGroupName=f"/{name}/b")
    logs.create_log_group(logGroupName=f"/{name}/b")
    try:
        ended = stacking.create(body({"A": group(LogGroupName=f"/{name}/a"), "B": bad}))
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/b")

    assert ended == "ROLLBACK_COMPLETE"
    assert logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"] == []
    code, _ = refusal(stacking.cfn.update_stack, StackName=name, TemplateBody=body({"A": group()}))
    assert code == "ValidationError"


@fact(
    "A rolled back update restores the previous template and the previous parameters.",
    GUIDE + "using-cfn-updating-stacks.html",
)
def test_a_rollback_restores_parameters(stacking: Stacking, aws: Aws, name: str) -> None:
    days = {"Days": {"Type": "Number"}}
    a = group(LogGroupName=f"/{name}/a", RetentionInDays={"Ref": "Days"})
    stacking.create(body({"A": a}, Parameters=days), Parameters=_days("1"))
    taken = f"/{name}/taken"
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=taken)
    try:
        b = group(LogGroupName=taken) | {"DependsOn": "A"}
        ended = stacking.update(body({"A": a, "B": b}, Parameters=days), Parameters=_days("7"))
    finally:
        logs.delete_log_group(logGroupName=taken)

    assert ended == "UPDATE_ROLLBACK_COMPLETE"
    assert stacking.described()["Parameters"][0]["ParameterValue"] == "1"
    found = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert [one["retentionInDays"] for one in found] == [1]


@fact(
    "With rollback disabled a failed update stays UPDATE_FAILED with what it did; RollbackStack "
    "takes it back.",
    API + "API_RollbackStack.html",
)
def test_a_failed_update_may_stay(stacking: Stacking, aws: Aws, name: str) -> None:
    logs = aws.client("logs")
    assert _fail_an_update(stacking, aws, name) == "UPDATE_FAILED"
    group_a = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/a")["logGroups"][0]
    assert group_a["retentionInDays"] == 7

    stacking.cfn.rollback_stack(StackName=name)

    assert stacking.ended() == "UPDATE_ROLLBACK_COMPLETE"
    group_a = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/a")["logGroups"][0]
    assert group_a["retentionInDays"] == 1


@fact(
    "RollbackStack goes back to the last stable state, over all failed updates since.",
    API + "API_RollbackStack.html",
)
def test_several_failed_updates_are_taken_back(stacking: Stacking, aws: Aws, name: str) -> None:
    logs = aws.client("logs")
    assert _fail_an_update(stacking, aws, name) == "UPDATE_FAILED"
    assert _update_in_vain(stacking, aws, name, days=30) == "UPDATE_FAILED"

    stacking.cfn.rollback_stack(StackName=name)

    assert stacking.ended() == "UPDATE_ROLLBACK_COMPLETE"
    group_a = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/a")["logGroups"][0]
    assert group_a["retentionInDays"] == 1


@fact(
    "Deleted after a failed update, a stack leaves nothing behind.",
    GUIDE + "stack-failure-options.html",
)
def test_a_failed_update_is_deleted_whole(stacking: Stacking, aws: Aws, name: str) -> None:
    assert _fail_an_update(stacking, aws, name) == "UPDATE_FAILED"

    stacking.delete()

    logs = aws.client("logs")
    assert logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"] == []


@fact(
    "A rollback that fails ends UPDATE_ROLLBACK_FAILED; it goes on when told to, without the "
    "resources it is told to skip.",
    API + "API_ContinueUpdateRollback.html",
)
def test_a_rollback_can_fail_and_go_on(stacking: Stacking, aws: Aws, name: str) -> None:
    _fail_an_update(stacking, aws, name)
    aws.client("logs").delete_log_group(logGroupName=f"/{name}/a")
    stacking.cfn.rollback_stack(StackName=name)
    assert stacking.ended() == "UPDATE_ROLLBACK_FAILED"

    stacking.cfn.continue_update_rollback(StackName=name, ResourcesToSkip=["A"])

    assert stacking.ended() == "UPDATE_ROLLBACK_COMPLETE"


@fact(
    "An update is cancelled while it runs, and only then: everything is as before.",
    API + "API_CancelUpdateStack.html",
)
def test_an_update_is_cancelled(stacking: Stacking, name: str) -> None:
    stacking.create(body({"A": group()}))
    before = stacking.physical_ids()
    code, _ = refusal(stacking.cfn.cancel_update_stack, StackName=name)
    chain: dict[str, Any] = {"A": group(RetentionInDays=1)}
    for number in range(10):
        chain[f"B{number}"] = group() | {"DependsOn": f"B{number - 1}" if number else "A"}

    stacking.cfn.update_stack(StackName=name, TemplateBody=body(chain))
    stacking.cfn.cancel_update_stack(StackName=name)

    assert stacking.ended() == "UPDATE_ROLLBACK_COMPLETE"
    assert stacking.physical_ids() == before
    assert code == "ValidationError"


@fact("A create-only property that changes replaces the resource.", "AWS::Logs::LogGroup schema")
def test_a_resource_is_replaced(stacking: Stacking, aws: Aws, name: str) -> None:
    user = {"A": group(LogGroupName=f"/{name}/a"), "B": group(LogGroupName={"Fn::Sub": "${A}/b"})}
    stacking.create(body(user))
    user["A"] = group(LogGroupName=f"/{name}/new")

    assert stacking.update(body(user)) == "UPDATE_COMPLETE"

    assert stacking.physical_ids() == {"A": f"/{name}/new", "B": f"/{name}/new/b"}
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert [one["logGroupName"] for one in found] == [f"/{name}/new", f"/{name}/new/b"]


@fact(
    "Old resources go last: in the clean-up, after everything new is there.",
    GUIDE + "using-cfn-updating-stacks-update-behaviors.html",
)
def test_removals_come_last(stacking: Stacking, name: str) -> None:
    stacking.create(body({"Old": group()}))

    stacking.update(body({"New": group()}))

    order = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in stacking.events()]
    cleaning = order.index((name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert order.index(("New", "CREATE_COMPLETE")) < cleaning
    assert order.index(("Old", "DELETE_IN_PROGRESS")) > cleaning


@fact(
    "Independent resources are made at once; what depends on one waits for it.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "aws-attribute-dependson.html",
)
def test_dependencies_order_the_work(stacking: Stacking) -> None:
    resources = {"C": group() | {"DependsOn": ["A", "B"]}, "A": group(), "B": group()}

    stacking.create(body(resources))

    order = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in stacking.events()]
    first = min(order.index((one, "CREATE_COMPLETE")) for one in "AB")
    last = max(order.index((one, "CREATE_COMPLETE")) for one in "AB")
    assert max(order.index((one, "CREATE_IN_PROGRESS")) for one in "AB") < first
    assert order.index(("C", "CREATE_IN_PROGRESS")) > last


@fact("A protected stack cannot be deleted.", GUIDE + "using-cfn-protect-stacks.html")
def test_termination_protection(stacking: Stacking, name: str) -> None:
    stacking.create(body({"A": group()}), EnableTerminationProtection=True)

    code, message = refusal(stacking.cfn.delete_stack, StackName=name)

    assert code == "ValidationError"
    assert message.endswith("cannot be deleted while TerminationProtection is enabled")
    stacking.cfn.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    stacking.delete()


@fact(
    "What has DeletionPolicy Retain outlives its stack; RetainExceptOnCreate does not outlive a "
    "failed creation.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "aws-attribute-deletionpolicy.html",
)
def test_deletion_policies(stacking: Stacking, aws: Aws, name: str) -> None:
    logs = aws.client("logs")
    kept = group(LogGroupName=f"/{name}/kept") | {"DeletionPolicy": "Retain"}
    given_up = group(LogGroupName=f"/{name}/up") | {"DeletionPolicy": "RetainExceptOnCreate"}
    bad = group(LogGroupName=f"/{name}/up") | {"DependsOn": ["Kept", "Up"]}
    try:
        stacking.create(body({"Kept": kept, "Up": given_up, "Bad": bad}))

        found = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
        assert [one["logGroupName"] for one in found] == [f"/{name}/kept"]
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/kept")


@fact(
    "An export's name is unique, and an export that is imported can be neither changed nor "
    "deleted: the stack stays as it was and says who uses it.",
    GUIDE + "using-cfn-stack-exports.html USSBA/aws-cft-tools#27 rlister/stax#40",
)
def test_exports_are_protected(stacking: Stacking, name: str) -> None:
    cfn, export = stacking.cfn, f"{name}-group"
    exporter = {"Outputs": {"Name": {"Value": {"Ref": "A"}, "Export": {"Name": export}}}}
    importer = group(LogGroupName={"Fn::Join": ["/", [{"Fn::ImportValue": export}, "b"]]})
    stacking.create(body({"A": group()}, **exporter), f"{name}-a")
    stacking.create(body({"B": importer}), f"{name}-b")

    cfn.delete_stack(StackName=f"{name}-a")
    until(lambda: "in use by" in stacking.described(f"{name}-a").get("StackStatusReason", ""))
    changed = stacking.update(body({"A": group()}), f"{name}-a")
    second = stacking.create(body({"A": group()}, **exporter), f"{name}-c")

    assert f"{name}-b" in stacking.reasons(f"{name}-a")
    assert changed == "UPDATE_ROLLBACK_COMPLETE"
    assert second == "ROLLBACK_COMPLETE"
    assert f"Export with name {export} is already exported by stack" in stacking.reasons(
        f"{name}-c"
    )
    assert cfn.list_imports(ExportName=export)["Imports"] == [f"{name}-b"]
    found = [e for e in cfn.list_exports()["Exports"] if e["Name"] == export]
    assert [e["Value"] for e in found] == [stacking.outputs(f"{name}-a")["Name"]]


@fact(
    "No export of that name: the creation fails.",
    "aws-cloudformation/aws-cloudformation-templates#263",
)
def test_an_import_of_nothing_fails(stacking: Stacking, name: str) -> None:
    ended = stacking.create(body({"A": group(LogGroupName={"Fn::ImportValue": f"{name}-no"})}))

    assert ended == "ROLLBACK_COMPLETE"
    assert f"No export named {name}-no found" in stacking.reasons()


@fact(
    "DescribeStacks of a name that was deleted: ValidationError; by its id it is shown.",
    API + "API_DescribeStacks.html",
)
def test_a_deleted_stack_is_known_by_its_id(stacking: Stacking, name: str) -> None:
    stack_id = stacking.begin(body({"A": group()}))
    stacking.ended()
    stacking.delete()

    code, message = refusal(stacking.cfn.describe_stacks, StackName=name)

    assert (code, message) == ("ValidationError", f"Stack with id {name} does not exist")
    assert stacking.described(stack_id)["StackStatus"] == "DELETE_COMPLETE"


@fact("Templates, and what stacks are made of, can be read back.", API + "API_GetTemplate.html")
def test_what_a_stack_is_made_of(stacking: Stacking, name: str) -> None:
    text = body({"A": group()})
    stacking.create(text, Tags=[{"Key": "team", "Value": "a"}])
    cfn = stacking.cfn

    summary = cfn.get_template_summary(StackName=name)
    listed = cfn.list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]
    resource = cfn.describe_stack_resource(StackName=name, LogicalResourceId="A")
    physical = resource["StackResourceDetail"]["PhysicalResourceId"]

    assert summary["ResourceTypes"] == ["AWS::Logs::LogGroup"]
    assert name in {one["StackName"] for one in listed}
    assert stacking.described()["Tags"] == [{"Key": "team", "Value": "a"}]
    by_resource = cfn.describe_stack_resources(PhysicalResourceId=physical)["StackResources"]
    assert [one["StackName"] for one in by_resource] == [name]
    assert cfn.get_template(StackName=name)["StagesAvailable"] == ["Original", "Processed"]


def _fail_an_update(stacking: Stacking, aws: Aws, name: str) -> str:
    a = group(LogGroupName=f"/{name}/a", RetentionInDays=1)
    stacking.create(body({"A": a}))
    return _update_in_vain(stacking, aws, name, days=7)


def _update_in_vain(stacking: Stacking, aws: Aws, name: str, days: int) -> str:
    """A is changed, then B cannot be made; nothing is taken back."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    try:
        a = group(LogGroupName=f"/{name}/a", RetentionInDays=days)
        b = group(LogGroupName=f"/{name}/taken") | {"DependsOn": "A"}
        return stacking.update(body({"A": a, "B": b}), DisableRollback=True)
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/taken")


def _days(value: str) -> list[dict[str, str]]:
    return [{"ParameterKey": "Days", "ParameterValue": value}]
