"""Stacks created, updated, replaced and deleted: what AWS documents, and what is left behind."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.localaws import stacks
from tests.localaws.conftest import Client, LocalAws
from tests.localaws.stacks import app_template, create, described, ended, events, physical_ids


@pytest.fixture
def cfn(aws: LocalAws) -> Client:
    return aws.client("cloudformation")


@pytest.fixture
def seed(aws: LocalAws) -> dict[str, str]:
    return dict(json.loads(aws.get("/_local/seed")))


def test_creating_answers_at_once_and_goes_on_behind(
    cfn: Client, seed: dict[str, str], name: str
) -> None:
    body = app_template(name, seed["vpc_id"], seed["listener_arn"])

    stack_id = cfn.create_stack(
        StackName=name,
        TemplateBody=body,
        Tags=[{"Key": "palatine:app", "Value": name}],
        ClientRequestToken=f"op-{name}-1",
    )["StackId"]

    seen = described(cfn, name)
    assert seen["StackStatus"] == "CREATE_IN_PROGRESS"
    assert seen["StackId"] == stack_id
    assert seen["Tags"] == [{"Key": "palatine:app", "Value": name}]
    assert ended(cfn, name) == "CREATE_COMPLETE"


def test_what_is_created_exists_with_its_properties_and_the_stacks_tags(
    aws: LocalAws, cfn: Client, seed: dict[str, str], name: str
) -> None:
    body = app_template(name, seed["vpc_id"], seed["listener_arn"])

    create(cfn, name, body, Tags=[{"Key": "owner", "Value": "ann"}])

    group = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"][0]
    assert group["retentionInDays"] == 7
    secret = aws.client("secretsmanager").describe_secret(SecretId=name)
    assert stacks.own(secret["Tags"]) == [{"Key": "owner", "Value": "ann"}]
    elbv2 = aws.client("elbv2")
    target_group = elbv2.describe_target_groups(Names=[name])["TargetGroups"][0]
    assert target_group["Matcher"] == {"HttpCode": "200-499"}
    attributes = elbv2.describe_target_group_attributes(
        TargetGroupArn=target_group["TargetGroupArn"]
    )["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "5"} in attributes
    rule = elbv2.describe_rules(RuleArns=[physical_ids(cfn, name)["WebRule"]])["Rules"][0]
    assert rule["Actions"][0]["TargetGroupArn"] == target_group["TargetGroupArn"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described(cfn, name)["Outputs"]}
    arn = f"arn:aws:ecr:us-east-1:123456789012:repository/{name}"
    assert outputs == {
        "SecretArn": secret["ARN"],
        "RepositoryUri": f"127.0.0.1:{aws.port}/{name}",
        "Address": f"us-east-1//{name}/{arn}",
    }


def test_events_are_newest_first_one_resource_after_what_it_needs_each_with_the_token(
    cfn: Client, seed: dict[str, str], name: str
) -> None:
    body = app_template(name, seed["vpc_id"], seed["listener_arn"])
    create(cfn, name, body, ClientRequestToken="op-7-1-1")

    found = cfn.describe_stack_events(StackName=name)["StackEvents"]

    assert found[0]["ResourceStatus"] == "CREATE_COMPLETE"
    assert found[0]["ResourceType"] == "AWS::CloudFormation::Stack"
    assert found[-1]["ResourceStatusReason"] == "User Initiated"
    assert {event["ClientRequestToken"] for event in found} == {"op-7-1-1"}
    order = events(cfn, name)
    assert order[0] == (name, "CREATE_IN_PROGRESS")
    targets_done = order.index(("WebTargets", "CREATE_COMPLETE"))
    assert targets_done < order.index(("WebRule", "CREATE_IN_PROGRESS"))
    assert [s for one, s in order if one == "Logs"] == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]


def test_an_update_touches_only_what_changed(
    aws: LocalAws, cfn: Client, seed: dict[str, str], name: str
) -> None:
    before = app_template(name, seed["vpc_id"], seed["listener_arn"])
    create(cfn, name, before)
    was = physical_ids(cfn, name)
    seen = len(events(cfn, name))
    after = app_template(
        name,
        seed["vpc_id"],
        seed["listener_arn"],
        WebTargets=stacks.target_group(name, seed["vpc_id"], HealthCheckPath="/health"),
    )

    cfn.update_stack(StackName=name, TemplateBody=after)

    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert events(cfn, name)[seen:] == [
        (name, "UPDATE_IN_PROGRESS"),
        ("WebTargets", "UPDATE_IN_PROGRESS"),
        ("WebTargets", "UPDATE_COMPLETE"),
        (name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        (name, "UPDATE_COMPLETE"),
    ]
    assert physical_ids(cfn, name) == was
    group = aws.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"][0]
    assert group["HealthCheckPath"] == "/health"


def test_a_create_only_change_replaces_and_cascades_through_ref(
    aws: LocalAws, cfn: Client, seed: dict[str, str], name: str
) -> None:
    create(cfn, name, app_template(name, seed["vpc_id"], seed["listener_arn"]))
    was = physical_ids(cfn, name)
    seen = len(events(cfn, name))
    other = stacks.target_group(f"{name}-2", seed["vpc_id"], Port=9090)
    body = app_template(name, seed["vpc_id"], seed["listener_arn"], WebTargets=other)

    cfn.update_stack(StackName=name, TemplateBody=body)

    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert events(cfn, name)[seen:] == [
        (name, "UPDATE_IN_PROGRESS"),
        ("WebTargets", "UPDATE_IN_PROGRESS"),
        ("WebTargets", "UPDATE_IN_PROGRESS"),
        ("WebTargets", "UPDATE_COMPLETE"),
        ("WebRule", "UPDATE_IN_PROGRESS"),
        ("WebRule", "UPDATE_COMPLETE"),
        (name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("WebTargets", "DELETE_IN_PROGRESS"),
        ("WebTargets", "DELETE_COMPLETE"),
        (name, "UPDATE_COMPLETE"),
    ]
    now = physical_ids(cfn, name)
    assert now["WebTargets"] != was["WebTargets"]
    assert now["WebRule"] == was["WebRule"]
    elbv2 = aws.client("elbv2")
    rule = elbv2.describe_rules(RuleArns=[now["WebRule"]])["Rules"][0]
    assert rule["Actions"][0]["TargetGroupArn"] == now["WebTargets"]
    with pytest.raises(elbv2.exceptions.TargetGroupNotFoundException):
        elbv2.describe_target_groups(Names=[name])


def test_a_resource_that_the_template_drops_is_deleted_in_the_cleanup(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    kept, dropped = stacks.log_group(name), stacks.log_group(f"{name}-2")
    create(cfn, name, stacks.template(Kept=kept, Dropped=dropped))
    seen = len(events(cfn, name))

    cfn.update_stack(StackName=name, TemplateBody=stacks.template(Kept=kept))

    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert events(cfn, name)[seen:] == [
        (name, "UPDATE_IN_PROGRESS"),
        (name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Dropped", "DELETE_IN_PROGRESS"),
        ("Dropped", "DELETE_COMPLETE"),
        (name, "UPDATE_COMPLETE"),
    ]
    assert _log_groups(aws, name) == [f"/{name}"]
    assert physical_ids(cfn, name) == {"Kept": f"/{name}"}


def test_tags_given_with_an_update_replace_the_stacks_and_none_given_keeps_them(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    tags = [{"Key": "generation", "Value": "1"}, {"Key": "old", "Value": "yes"}]
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name}}
    create(cfn, name, stacks.template(Secret=secret), Tags=tags)
    tags = [{"Key": "generation", "Value": "2"}]

    cfn.update_stack(StackName=name, UsePreviousTemplate=True, Tags=tags)

    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert described(cfn, name)["Tags"] == tags
    assert stacks.own(aws.client("secretsmanager").describe_secret(SecretId=name)["Tags"]) == tags
    secret["Properties"] = {"Name": name, "Description": "new"}
    cfn.update_stack(StackName=name, TemplateBody=stacks.template(Secret=secret))
    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert described(cfn, name)["Tags"] == tags


def test_deleting_goes_backwards_leaves_nothing_and_frees_the_name(
    aws: LocalAws, cfn: Client, seed: dict[str, str], name: str
) -> None:
    body = app_template(name, seed["vpc_id"], seed["listener_arn"])
    stack_id = create(cfn, name, body)
    rule = physical_ids(cfn, name)["WebRule"]

    cfn.delete_stack(StackName=name, ClientRequestToken="op-8-1-1")

    assert ended(cfn, stack_id) == "DELETE_COMPLETE"
    order = events(cfn, stack_id)
    rule_gone = order.index(("WebRule", "DELETE_COMPLETE"))
    assert rule_gone < order.index(("WebTargets", "DELETE_IN_PROGRESS"))
    with pytest.raises(ClientError, match=f"Stack with id {name} does not exist"):
        cfn.describe_stacks(StackName=name)
    assert stack_id not in [s["StackId"] for s in cfn.describe_stacks()["Stacks"]]
    deleted = cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert stack_id in [summary["StackId"] for summary in deleted]
    assert _log_groups(aws, name) == []
    for client, call, params in (
        ("secretsmanager", "describe_secret", {"SecretId": name}),
        ("ecr", "describe_repositories", {"repositoryNames": [name]}),
        ("elbv2", "describe_target_groups", {"Names": [name]}),
        ("elbv2", "describe_rules", {"RuleArns": [rule]}),
    ):
        with pytest.raises(ClientError, match="NotFound"):
            getattr(aws.client(client), call)(**params)
    assert create(cfn, name, body) != stack_id


def test_deleting_what_does_not_exist_is_a_success(cfn: Client, name: str) -> None:
    cfn.delete_stack(StackName=name)


def test_deleting_while_creating_ends_deleted_with_nothing_left(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    groups = {f"Group{n}": stacks.log_group(f"{name}-{n}") for n in range(20)}
    for n in range(1, 20):
        groups[f"Group{n}"]["DependsOn"] = f"Group{n - 1}"
    stack_id = cfn.create_stack(StackName=name, TemplateBody=stacks.template(**groups))["StackId"]

    cfn.delete_stack(StackName=name)

    assert ended(cfn, stack_id) == "DELETE_COMPLETE"
    assert ("Group19", "CREATE_IN_PROGRESS") not in events(cfn, stack_id)
    assert _log_groups(aws, name) == []


def test_what_is_to_be_retained_stays(aws: LocalAws, cfn: Client, name: str) -> None:
    group = stacks.log_group(name) | {"DeletionPolicy": "Retain"}
    stack_id = create(cfn, name, stacks.template(Group=group))

    cfn.delete_stack(StackName=name)

    assert ended(cfn, stack_id) == "DELETE_COMPLETE"
    assert ("Group", "DELETE_SKIPPED") in events(cfn, stack_id)
    assert _log_groups(aws, name) == [f"/{name}"]


def _log_groups(aws: LocalAws, name: str) -> list[str]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    return [group["logGroupName"] for group in found]
