"""Every listing of the services in which the stacks of these tests make something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.inventory import Json, Kind


def _state(*gone: str) -> Callable[[Json], bool]:
    return lambda one: _word(one.get("State") or one.get("Status")) not in gone


def _word(state: Any) -> str:  # noqa: ANN401 (a word, or an object with one)
    return str(state["Name"] if isinstance(state, dict) else state).lower()


def _by(name: str, **more: object) -> Callable[[str], Json]:
    return lambda id_: {name: id_, **more}


def _by_list(name: str) -> Callable[[str], Json]:
    return lambda id_: {name: [id_]}


NETWORK = (
    Kind("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    Kind("ec2", "describe_subnets", "Subnets", "SubnetId"),
    Kind("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    Kind(
        *("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
        there=_state("deleted"),
    ),
    Kind("ec2", "describe_addresses", "Addresses", "AllocationId"),
    Kind("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    Kind("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    Kind(
        *("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
        there=_state("deleted"),
    ),
)
MACHINES = (
    Kind(
        *("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
        more={
            "describe_launch_template_versions": lambda id_: {
                "LaunchTemplateId": id_,
                "Versions": ["$Latest"],
            }
        },
    ),
    Kind(
        *("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
        "AutoScalingGroupName",
        more={"describe_lifecycle_hooks": _by("AutoScalingGroupName")},
    ),
    Kind("autoscaling", "describe_policies", "ScalingPolicies", "PolicyARN"),
)
BALANCING = (
    Kind(
        *("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
        more={
            "describe_load_balancer_attributes": _by("LoadBalancerArn"),
            "describe_listeners": _by("LoadBalancerArn"),
            "describe_tags": _by_list("ResourceArns"),
        },
    ),
    Kind(
        *("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
        more={
            "describe_target_group_attributes": _by("TargetGroupArn"),
            "describe_tags": _by_list("ResourceArns"),
        },
    ),
)
TASKS = (
    Kind("ecs", "list_clusters", "clusterArns", more={"describe_clusters": _by_list("clusters")}),
    Kind(
        *("ecs", "list_task_definitions", "taskDefinitionArns"),
        more={"describe_task_definition": _by("taskDefinition")},
    ),
    Kind(
        *("application-autoscaling", "describe_scalable_targets", "ScalableTargets"),
        "ScalableTargetARN",
        params={"ServiceNamespace": "ecs"},
    ),
    Kind(
        *("application-autoscaling", "describe_scaling_policies", "ScalingPolicies"),
        "PolicyARN",
        params={"ServiceNamespace": "ecs"},
    ),
)
IDENTITY = (
    Kind(
        *("iam", "list_roles", "Roles", "RoleName"),
        more={
            "get_role": _by("RoleName"),
            "list_attached_role_policies": _by("RoleName"),
            "list_role_policies": _by("RoleName"),
        },
    ),
    Kind("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    Kind("iam", "list_policies", "Policies", "Arn", params={"Scope": "Local"}),
    Kind("kms", "list_aliases", "Aliases", "AliasName"),
    Kind(
        *("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
        more={"list_tags_for_certificate": _by("CertificateArn")},
    ),
    Kind("secretsmanager", "list_secrets", "SecretList", "ARN"),
    Kind(
        *("ssm", "describe_parameters", "Parameters", "Name"),
        more={"get_parameter": _by("Name")},
    ),
)
MESSAGES = (
    Kind(
        *("sqs", "list_queues", "QueueUrls"),
        more={
            "get_queue_attributes": lambda id_: {
                "QueueUrl": id_,
                "AttributeNames": ["Policy", "RedrivePolicy", "VisibilityTimeout", "QueueArn"],
            },
            "list_queue_tags": _by("QueueUrl"),
        },
    ),
    Kind(
        *("sns", "list_topics", "Topics", "TopicArn"),
        more={"get_topic_attributes": _by("TopicArn")},
    ),
    Kind(
        *("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
        more={"get_subscription_attributes": _by("SubscriptionArn")},
    ),
    Kind(
        *("events", "list_rules", "Rules", "Name"),
        more={"list_targets_by_rule": _by("Rule")},
    ),
    Kind("scheduler", "list_schedule_groups", "ScheduleGroups", "Arn"),
    Kind("scheduler", "list_schedules", "Schedules", "Arn"),
    Kind("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    Kind("logs", "describe_log_groups", "logGroups", "logGroupName"),
)
STORES = (
    Kind(
        *("s3", "list_buckets", "Buckets", "Name"),
        more={
            "get_bucket_location": _by("Bucket"),
            "get_public_access_block": _by("Bucket"),
            "get_bucket_lifecycle_configuration": _by("Bucket"),
        },
    ),
    Kind("ecr", "describe_repositories", "repositories", "repositoryName"),
    Kind(
        *("route53", "list_hosted_zones", "HostedZones", "Id"),
        more={"list_resource_record_sets": _by("HostedZoneId")},
    ),
)
SETTLED = (*NETWORK, *MACHINES, *BALANCING, *TASKS, *IDENTITY, *MESSAGES, *STORES)

# what comes and goes of itself while a stack is there
MOVING = (
    Kind(
        *("ec2", "describe_instances", "Reservations.Instances", "InstanceId"),
        there=_state("terminated"),
    ),
    Kind("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    Kind("ec2", "describe_volumes", "Volumes", "VolumeId"),
)
