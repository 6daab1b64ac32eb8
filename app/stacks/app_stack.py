"""Render an app's stack: what changes rarely. Pure: same input, same bytes.

Services and task definitions are not in it: a deploy never waits behind a stack.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

LOG_RETENTION_DAYS = 30  # one of the periods CloudWatch Logs accepts

Resource = dict[str, Any]


@dataclass(frozen=True)
class WebRoute:
    """How requests reach the web process type. Times in seconds."""

    target_group: str
    listener_arn: str
    priority: int
    host: str
    vpc_id: str
    drain_seconds: int
    health_path: str = "/"
    health_interval: int = 10
    health_timeout: int = 5
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3


@dataclass(frozen=True)
class AppStack:
    """`name` is the stack's own and prefixes what is in it; the app may be renamed, it not."""

    name: str
    app_id: str
    web: WebRoute | None


def render(stack: AppStack) -> dict[str, Any]:
    resources: dict[str, Resource] = {
        "Repository": _repository(stack),
        "LogGroup": _log_group(stack),
        "Config": _config(stack),
    }
    outputs: dict[str, Any] = {
        "Repository": {"Value": {"Fn::GetAtt": ["Repository", "RepositoryUri"]}},
        "LogGroup": {"Value": {"Ref": "LogGroup"}},
        "ConfigArn": {"Value": {"Ref": "Config"}},
    }
    if stack.web is not None:
        resources["WebTargetGroup"] = _target_group(stack, stack.web)
        resources["WebRule"] = _rule(stack.web)
        outputs["WebTargetGroup"] = {"Value": {"Ref": "WebTargetGroup"}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Palatine app {stack.app_id}",
        "Resources": resources,
        "Outputs": outputs,
    }


def needed_outputs(stack: AppStack) -> frozenset[str]:
    """What services refer to."""
    base = {"LogGroup", "ConfigArn"}
    return frozenset(base | {"WebTargetGroup"} if stack.web else base)


def body(template: dict[str, Any]) -> str:
    return json.dumps(template, sort_keys=True, separators=(",", ":"))


def fingerprint(template: dict[str, Any]) -> str:
    return hashlib.sha256(body(template).encode()).hexdigest()[:32]


def _repository(stack: AppStack) -> Resource:
    return {
        "Type": "AWS::ECR::Repository",
        "Properties": {
            "RepositoryName": f"palatine/{stack.name}",
            "EmptyOnDelete": True,  # destroying an app takes its images along
            "Tags": _tags(stack),
        },
    }


def _log_group(stack: AppStack) -> Resource:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": f"/palatine/{stack.name}",
            "RetentionInDays": LOG_RETENTION_DAYS,
            "Tags": _tags(stack),
        },
    }


def _config(stack: AppStack) -> Resource:
    """Empty: the values are put through Secrets Manager, never through a template."""
    return {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "Name": f"palatine/{stack.name}/config",
            "Description": f"Config vars of Palatine app {stack.app_id}",
            "Tags": _tags(stack),
        },
    }


def _target_group(stack: AppStack, web: WebRoute) -> Resource:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {
            "Name": web.target_group,
            "Protocol": "HTTP",
            "Port": 8080,
            "VpcId": web.vpc_id,
            "TargetType": "instance",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPath": web.health_path,
            "HealthCheckIntervalSeconds": web.health_interval,
            "HealthCheckTimeoutSeconds": web.health_timeout,
            "HealthyThresholdCount": web.healthy_threshold,
            "UnhealthyThresholdCount": web.unhealthy_threshold,
            # an app whose front page asks for a login or redirects is healthy all the same
            "Matcher": {"HttpCode": "200-499"},
            "TargetGroupAttributes": [
                {
                    "Key": "deregistration_delay.timeout_seconds",
                    "Value": str(web.drain_seconds),
                }
            ],
            "Tags": _tags(stack),
        },
    }


def _rule(web: WebRoute) -> Resource:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "ListenerArn": web.listener_arn,
            "Priority": web.priority,
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": [web.host]}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "WebTargetGroup"}}],
        },
    }


def _tags(stack: AppStack) -> list[dict[str, str]]:
    return [{"Key": "palatine:app", "Value": stack.app_id}]
