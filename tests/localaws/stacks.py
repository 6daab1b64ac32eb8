"""An app's stack, for the tests of CloudFormation: templates, and waiting for the end."""

import json
from typing import Any

from tests.localaws.conftest import Client, until

Json = dict[str, Any]


def app_template(name: str, vpc_id: str, listener_arn: str, **changes: Json) -> str:
    """One resource of every type; `changes` replace or add resources, None takes one out."""
    resources = {
        "Repository": {
            "Type": "AWS::ECR::Repository",
            "Properties": {"RepositoryName": name, "EmptyOnDelete": True},
        },
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": f"/{name}", "RetentionInDays": 7},
        },
        "Config": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name}},
        "WebTargets": target_group(name, vpc_id),
        "WebRule": {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "ListenerArn": listener_arn,
                "Priority": int(name[1:6], 16) % 40000 + 1,
                "Conditions": [
                    {"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.localhost"]}}
                ],
                "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "WebTargets"}}],
            },
        },
    } | changes
    outputs = {
        "SecretArn": {"Value": {"Ref": "Config"}},
        "RepositoryUri": {"Value": {"Fn::GetAtt": ["Repository", "RepositoryUri"]}},
        "Address": {"Value": {"Fn::Sub": "${AWS::Region}/${Logs}/${Repository.Arn}"}},
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


def target_group(name: str, vpc_id: str, **properties: object) -> Json:
    given = {
        "Name": name,
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": vpc_id,
        "TargetType": "instance",
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200-499"},
        "TargetGroupAttributes": [
            {"Key": "deregistration_delay.timeout_seconds", "Value": "5"},
        ],
    }
    return {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": given | properties}


def log_group(name: str, **properties: object) -> Json:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": f"/{name}", **properties},
    }


def template(**resources: Json) -> str:
    return json.dumps({"Resources": resources})


def own(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """Less those that CloudFormation adds."""
    return [tag for tag in tags if not tag["Key"].startswith("aws:")]


def described(cfn: Client, stack: str) -> Json:
    return dict(cfn.describe_stacks(StackName=stack)["Stacks"][0])


def ended(cfn: Client, stack: str) -> str:
    """The status that the running operation ends in."""

    def terminal() -> str:
        status = str(described(cfn, stack)["StackStatus"])
        return "" if status.endswith("IN_PROGRESS") else status

    return until(terminal)


def create(cfn: Client, stack: str, body: str, **params: object) -> str:
    """The stack's id, once it is complete."""
    stack_id = str(cfn.create_stack(StackName=stack, TemplateBody=body, **params)["StackId"])
    assert ended(cfn, stack_id) == "CREATE_COMPLETE", events(cfn, stack_id)
    return stack_id


def events(cfn: Client, stack: str) -> list[tuple[str, str]]:
    """Logical id and status, oldest first."""
    pages = cfn.get_paginator("describe_stack_events").paginate(StackName=stack)
    found = [event for page in pages for event in page["StackEvents"]]
    return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in found[::-1]]


def reasons(cfn: Client, stack: str) -> str:
    found = cfn.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in found)


def physical_ids(cfn: Client, stack: str) -> dict[str, str]:
    found = cfn.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
