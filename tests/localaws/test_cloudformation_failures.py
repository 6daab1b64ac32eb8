"""What fails is taken back: on creating, on updating; and deletions that cannot be."""

import json

import pytest

from tests.localaws import stacks
from tests.localaws.conftest import Client, LocalAws
from tests.localaws.stacks import create, described, ended, events, physical_ids, reasons

SECRET = "AWS::SecretsManager::Secret"


@pytest.fixture
def cfn(aws: LocalAws) -> Client:
    return aws.client("cloudformation")


@pytest.fixture
def vpc_id(aws: LocalAws) -> str:
    return str(json.loads(aws.get("/_local/seed"))["vpc_id"])


@pytest.fixture
def taken(aws: LocalAws, name: str) -> str:
    """The name of a secret that exists: creating one of that name fails."""
    aws.client("secretsmanager").create_secret(Name=f"taken-{name}")
    return f"taken-{name}"


def secret(name: str, **more: object) -> stacks.Json:
    return {"Type": SECRET, "Properties": {"Name": name}, **more}


def test_a_failed_creation_is_rolled_back_and_leaves_nothing(
    aws: LocalAws, cfn: Client, name: str, taken: str
) -> None:
    body = stacks.template(Group=stacks.log_group(name), Secret=secret(taken, DependsOn="Group"))

    cfn.create_stack(StackName=name, TemplateBody=body, ClientRequestToken="op-1")

    assert ended(cfn, name) == "ROLLBACK_COMPLETE"
    assert events(cfn, name) == [
        (name, "CREATE_IN_PROGRESS"),
        ("Group", "CREATE_IN_PROGRESS"),
        ("Group", "CREATE_IN_PROGRESS"),
        ("Group", "CREATE_COMPLETE"),
        ("Secret", "CREATE_IN_PROGRESS"),
        ("Secret", "CREATE_FAILED"),
        (name, "ROLLBACK_IN_PROGRESS"),
        ("Secret", "DELETE_IN_PROGRESS"),
        ("Secret", "DELETE_COMPLETE"),
        ("Group", "DELETE_IN_PROGRESS"),
        ("Group", "DELETE_COMPLETE"),
        (name, "ROLLBACK_COMPLETE"),
    ]
    assert "The following resource(s) failed to create: [Secret]." in reasons(cfn, name)
    assert "HandlerErrorCode: AlreadyExists" in reasons(cfn, name)
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    assert groups == []
    assert aws.client("secretsmanager").describe_secret(SecretId=taken)["Name"] == taken


def test_a_stack_that_was_rolled_back_holds_its_name_until_it_is_deleted(
    cfn: Client, name: str, taken: str
) -> None:
    body = stacks.template(Secret=secret(taken))
    stack_id = cfn.create_stack(StackName=name, TemplateBody=body)["StackId"]
    assert ended(cfn, name) == "ROLLBACK_COMPLETE"

    with pytest.raises(cfn.exceptions.ClientError) as refused:
        cfn.update_stack(StackName=name, TemplateBody=body)
    with pytest.raises(cfn.exceptions.AlreadyExistsException):
        cfn.create_stack(StackName=name, TemplateBody=body)
    cfn.delete_stack(StackName=name)

    sentence = f"Stack:{stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
    assert refused.value.response["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": sentence,
    }
    assert ended(cfn, stack_id) == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("on_failure", "status"), [("DO_NOTHING", "CREATE_FAILED"), ("DELETE", "DELETE_COMPLETE")]
)
def test_a_failed_creation_ends_as_it_was_asked_to(
    aws: LocalAws, cfn: Client, name: str, taken: str, on_failure: str, status: str
) -> None:
    body = stacks.template(Group=stacks.log_group(name), Secret=secret(taken, DependsOn="Group"))

    stack_id = cfn.create_stack(StackName=name, TemplateBody=body, OnFailure=on_failure)["StackId"]

    assert ended(cfn, stack_id) == status
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    assert bool(found) is (on_failure == "DO_NOTHING")


def test_a_failed_update_brings_back_everything(
    aws: LocalAws, cfn: Client, name: str, vpc_id: str, taken: str
) -> None:
    """Properties in place, what was replaced, parameters, template, tags and outputs."""
    before = _updatable(name, vpc_id)
    tags = [{"Key": "generation", "Value": "1"}]
    create(cfn, name, json.dumps(before), Tags=tags, Parameters=_days(7))
    was, old = described(cfn, name), physical_ids(cfn, name)
    seen = len(events(cfn, name))
    after = _updatable(f"{name}-2", vpc_id, group=name)
    after["Resources"]["Fails"] = secret(taken, DependsOn=["Group", "Targets", "New"])
    after["Resources"]["New"] = stacks.log_group(f"{name}-new")

    cfn.update_stack(
        StackName=name,
        TemplateBody=json.dumps(after),
        Tags=[{"Key": "generation", "Value": "2"}],
        Parameters=_days(30),
    )

    assert ended(cfn, name) == "UPDATE_ROLLBACK_COMPLETE"
    happened = events(cfn, name)[seen:]
    assert (name, "UPDATE_ROLLBACK_IN_PROGRESS") in happened
    cleanup = happened.index((name, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert {("New", "DELETE_COMPLETE"), ("Targets", "DELETE_COMPLETE")} <= set(happened[cleanup:])
    now = described(cfn, name)
    for unchanged in ("Tags", "Parameters", "Outputs"):
        assert now[unchanged] == was[unchanged]
    assert cfn.get_template(StackName=name)["TemplateBody"] == before
    assert physical_ids(cfn, name) == old
    logs = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    assert [(g["logGroupName"], g["retentionInDays"]) for g in logs] == [(f"/{name}", 7)]
    groups = aws.client("elbv2").describe_target_groups()["TargetGroups"]
    assert [g["TargetGroupName"] for g in groups if name in g["TargetGroupName"]] == [name]


def test_a_rolled_back_stack_can_be_updated_again(cfn: Client, name: str, taken: str) -> None:
    group = stacks.log_group(name)
    create(cfn, name, stacks.template(Group=group))
    body = stacks.template(Group=group, Secret=secret(taken))
    cfn.update_stack(StackName=name, TemplateBody=body)
    assert ended(cfn, name) == "UPDATE_ROLLBACK_COMPLETE"
    body = stacks.template(Group=group, Secret=secret(name))

    cfn.update_stack(StackName=name, TemplateBody=body)

    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert set(physical_ids(cfn, name)) == {"Group", "Secret"}


def test_an_output_that_cannot_be_is_a_failure_too(cfn: Client, name: str) -> None:
    body = json.loads(stacks.template(Group=stacks.log_group(name)))
    create(cfn, name, json.dumps(body))
    body["Outputs"] = {"Third": {"Value": {"Fn::Select": [3, ["a"]]}}}

    cfn.update_stack(StackName=name, TemplateBody=json.dumps(body))

    assert ended(cfn, name) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Fn::Select cannot select nonexistent value at index 3" in reasons(cfn, name)


def test_a_custom_named_resource_cannot_be_replaced_under_its_name(
    cfn: Client, name: str, vpc_id: str
) -> None:
    create(cfn, name, stacks.template(Targets=stacks.target_group(name, vpc_id)))
    body = stacks.template(Targets=stacks.target_group(name, vpc_id, Port=1234))

    cfn.update_stack(StackName=name, TemplateBody=body)

    assert ended(cfn, name) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update a stack when a custom-named resource" in reasons(cfn, name)


def test_a_deletion_that_fails_says_why_and_can_be_repeated(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    listener = json.loads(aws.get("/_local/seed"))["listener_arn"]
    vpc_id = json.loads(aws.get("/_local/seed"))["vpc_id"]
    body = stacks.template(Targets=stacks.target_group(name, vpc_id), Group=stacks.log_group(name))
    stack_id = create(cfn, name, body)
    elbv2 = aws.client("elbv2")
    foreign = elbv2.create_rule(
        ListenerArn=listener,
        Priority=49999,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [name]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": physical_ids(cfn, name)["Targets"]}],
    )["Rules"][0]["RuleArn"]

    cfn.delete_stack(StackName=name)

    assert ended(cfn, stack_id) == "DELETE_FAILED"
    stack = described(cfn, name)
    assert "failed to delete: [Targets]" in stack["StackStatusReason"]
    assert set(physical_ids(cfn, name)) == {"Targets", "Group"}
    elbv2.delete_rule(RuleArn=foreign)
    cfn.delete_stack(StackName=name)
    assert ended(cfn, stack_id) == "DELETE_COMPLETE"


def _updatable(target_group: str, vpc_id: str, group: str = "") -> stacks.Json:
    group = stacks.log_group(group or target_group, RetentionInDays={"Ref": "Days"})
    return {
        "Parameters": {"Days": {"Type": "Number", "Default": 1}},
        "Resources": {
            "Group": group,
            "Targets": stacks.target_group(target_group, vpc_id),
        },
        "Outputs": {"Targets": {"Value": {"Ref": "Targets"}}},
    }


def _days(days: int) -> list[stacks.Json]:
    return [{"ParameterKey": "Days", "ParameterValue": str(days)}]
