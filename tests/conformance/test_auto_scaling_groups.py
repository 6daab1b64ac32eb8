"""EC2 Auto Scaling groups and what they do to their instances."""

import re
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Place
from tests.conformance.grouping import Grouping
from tests.conformance.ledger import fact
from tests.conformance.refusing import told
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/"
GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
EXAMPLES = "https://github.com/aws/aws-cli/blob/develop/awscli/examples/autoscaling/"
AT = r"At \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
Refused = pytest.ExceptionInfo[ClientError]


@pytest.fixture
def group(aws: Aws, place: Place, name: str) -> Iterator[Grouping]:
    group = Grouping(
        aws.client("autoscaling"), aws.client("ec2"), name, place.subnet_ids, place.image_id
    )
    group.template()
    yield group
    group.clean()


def cause(*sentences: str) -> str:
    """A pattern: each sentence dated."""
    return "  ".join(AT + one for one in sentences) + "$"


@fact(
    "A new group launches its desired capacity, spread evenly over its zones; the instances carry "
    "the group's propagated tags and aws:autoscaling:groupName.",
    API
    + "API_CreateAutoScalingGroup.html "
    + GUIDE
    + "auto-scaling-benefits.html "
    + GUIDE
    + "ec2-auto-scaling-tagging.html",
)
def test_a_group_launches_what_it_wants(group: Grouping) -> None:
    tags = [
        {"Key": "stays", "Value": "1", "PropagateAtLaunch": False},
        {"Key": "goes", "Value": "2", "PropagateAtLaunch": True},
    ]

    group.create(2, 4, Tags=tags)

    instances = group.settled(2)
    shown = group.shown()
    assert shown["DesiredCapacity"] == 2
    assert len({one["AvailabilityZone"] for one in shown["Instances"]}) == 2
    assert {one["HealthStatus"] for one in shown["Instances"]} == {"Healthy"}
    assert [one["Key"] for one in shown["Tags"]] == ["goes", "stays"]
    found = group.ec2.describe_instances(InstanceIds=instances)["Reservations"]
    for instance in [one for each in found for one in each["Instances"]]:
        carried = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        assert carried["goes"] == "2"
        assert "stays" not in carried
        assert carried["aws:autoscaling:groupName"] == group.name


@fact(
    "A launch is an activity whose cause tells the request and the difference it made.",
    EXAMPLES + "describe-scaling-activities.rst",
)
def test_a_launch_tells_its_cause(group: Grouping) -> None:
    group.create(0, 4, DesiredCapacity=1)
    instance = group.settled(1)[0]

    activity = group.activity("Launching")

    assert activity["Description"] == f"Launching a new EC2 instance: {instance}"
    assert activity["StatusCode"] == "Successful"
    assert activity["Progress"] == 100
    pattern = cause(
        "a user request created an AutoScalingGroup changing the desired capacity from 0 to 1.",
        "an instance was started in response to a difference between desired and actual capacity, "
        "increasing the capacity from 0 to 1.",
    )

    assert _fits(pattern, activity["Cause"])


@fact(
    "Scaling in ends as many instances as are too many, from the zone with the most; the cause "
    "names the request and the instance selected.",
    EXAMPLES
    + "describe-scaling-activities.rst "
    + GUIDE
    + "ec2-auto-scaling-termination-policies.html",
)
def test_scaling_in_tells_whom_it_chose(group: Grouping) -> None:
    group.create(0, 4, DesiredCapacity=3)
    before = set(group.settled(3))

    group.scale(2)

    left = group.settled(2)
    gone = before - set(left)
    shown = group.shown()["Instances"]
    assert len({one["AvailabilityZone"] for one in shown}) == 2
    activity = group.activity("Terminating")
    assert activity["Description"].startswith(f"Terminating EC2 instance: {next(iter(gone))}")
    pattern = cause(
        "a user request explicitly set group desired capacity changing the desired capacity from "
        "3 to 2.",
        "an instance was taken out of service in response to a difference between desired and "
        "actual capacity, shrinking the capacity from 3 to 2.",
        f"instance {next(iter(gone))} was selected for termination.",
    )
    assert _fits(pattern, activity["Cause"])
    until(lambda: group.states(gone) <= {"shutting-down", "terminated"})


@fact(
    "The desired capacity stays between minimum and maximum.", API + "API_SetDesiredCapacity.html"
)
@pytest.mark.parametrize(
    ("desired", "words"),
    [
        (3, "New SetDesiredCapacity value 3 is above max value 2 for the AutoScalingGroup."),
        (0, "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."),
    ],
)
def test_the_desired_capacity_stays_in_its_bounds(
    group: Grouping, desired: int, words: str
) -> None:
    group.create(1, 2)

    with pytest.raises(ClientError) as refused:
        group.scale(desired)

    assert told(refused) == ("ValidationError", words)


@fact(
    "A minimum above the desired capacity raises it, a maximum below lowers it.",
    API + "API_UpdateAutoScalingGroup.html",
)
def test_the_desired_capacity_follows_its_bounds(group: Grouping) -> None:
    group.create(0, 4)

    group.call("update_auto_scaling_group", MinSize=2)
    assert group.shown()["DesiredCapacity"] == 2
    group.settled(2)
    group.call("update_auto_scaling_group", MinSize=0, MaxSize=1)

    assert group.shown()["DesiredCapacity"] == 1
    group.settled(1)
    pattern = cause(
        "a user request update of AutoScalingGroup constraints to min: 0, max: 1, desired: 1 "
        "changing the desired capacity from 2 to 1.",
        "an instance was taken out of service in response to a difference between desired and "
        "actual capacity, shrinking the capacity from 2 to 1.",
        r"instance i-\w+ was selected for termination.",
    )
    assert _fits(pattern, group.activity("Terminating")["Cause"])


@fact(
    "A maximum below the minimum is refused.",
    API + "API_CreateAutoScalingGroup.html",
)
def test_bounds_that_exclude_each_other_are_refused(group: Grouping) -> None:
    with pytest.raises(ClientError) as refused:
        group.create(2, 1)

    code, message = told(refused)
    assert code == "ValidationError"
    assert message == "Max bound, 1, must be greater than or equal to min bound, 2"


@fact("A name is given once.", API + "API_CreateAutoScalingGroup.html")
def test_a_second_group_of_a_name_is_refused(group: Grouping) -> None:
    group.create(0, 1)

    with pytest.raises(ClientError) as refused:
        group.create(0, 1)

    assert told(refused)[0] == "AlreadyExists"


@fact(
    "A group must have a launch template and a place, and the template must be there.",
    API + "API_CreateAutoScalingGroup.html",
)
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"VPCZoneIdentifier": None}, "At least one Availability Zone or VPC Subnet is required."),
        (
            {"LaunchTemplate": {"LaunchTemplateName": "no-such", "Version": "$Latest"}},
            "You must use a valid fully-formed launch template.",
        ),
    ],
)
def test_a_group_without_a_ground_is_refused(
    group: Grouping, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(ClientError) as refused:
        group.create(0, 1, **changed)

    code, message = told(refused)
    assert code == "ValidationError"
    assert message.startswith(words)


@fact("A group that is not there.", API + "CommonErrors.html")
def test_an_unknown_group_is_refused(group: Grouping) -> None:
    with pytest.raises(ClientError) as refused:
        group.scale(1)

    code, message = told(refused)
    assert code == "ValidationError"
    assert message.startswith("AutoScalingGroup name not found")


@fact(
    "A group with instances is deleted only by force, which ends them.",
    API + "API_DeleteAutoScalingGroup.html",
)
def test_a_group_with_instances_is_deleted_by_force_alone(group: Grouping) -> None:
    group.create(1, 1)
    instance = group.settled(1)

    with pytest.raises(ClientError) as refused:
        group.call("delete_auto_scaling_group")
    group.call("delete_auto_scaling_group", ForceDelete=True)

    assert told(refused)[0] == "ResourceInUse"
    describe = group.autoscaling.describe_auto_scaling_groups
    until(lambda: not describe(AutoScalingGroupNames=[group.name])["AutoScalingGroups"])
    until(lambda: group.states(instance) <= {"shutting-down", "terminated"})


@fact(
    "TerminateInstanceInAutoScalingGroup without decrement: another is launched in its place.",
    API + "API_TerminateInstanceInAutoScalingGroup.html",
)
def test_a_terminated_instance_is_replaced(group: Grouping) -> None:
    group.create(1, 2)
    instance = group.settled(1)[0]

    made = group.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=instance, ShouldDecrementDesiredCapacity=False
    )["Activity"]

    assert made["Description"] == f"Terminating EC2 instance: {instance}"
    words = f"instance {instance} was taken out of service in response to a user request."
    assert _fits(cause(words), made["Cause"])
    until(lambda: group.instances() not in ([], [instance]))
    assert group.shown()["DesiredCapacity"] == 1


@fact(
    "TerminateInstanceInAutoScalingGroup with decrement shrinks the group, but not below its "
    "minimum.",
    API + "API_TerminateInstanceInAutoScalingGroup.html buildkite/elastic-ci-stack-for-aws#1261",
)
def test_a_terminated_instance_can_take_its_place_with_it(group: Grouping) -> None:
    group.create(1, 2, DesiredCapacity=2)
    instances = group.settled(2)
    terminate = group.autoscaling.terminate_instance_in_auto_scaling_group

    made = terminate(InstanceId=instances[0], ShouldDecrementDesiredCapacity=True)["Activity"]
    assert group.settled(1) == [instances[1]]
    with pytest.raises(ClientError) as refused:
        terminate(InstanceId=instances[1], ShouldDecrementDesiredCapacity=True)

    assert made["Cause"].endswith("user request, shrinking the capacity from 2 to 1.")
    assert told(refused) == (
        "ValidationError",
        "Currently, desiredSize equals minSize (1). Terminating instance without replacement will "
        "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to "
        "false or lower group's min size.",
    )


@fact(
    "An instance that EC2 has terminated is found unhealthy and replaced.",
    GUIDE + "ec2-auto-scaling-health-checks.html "
    "https://gist.github.com/watchamcb/fc686c70e8c2660ee7ef",
)
def test_an_instance_that_ended_is_replaced(group: Grouping) -> None:
    group.create(1, 1)
    instance = group.settled(1)

    group.ec2.terminate_instances(InstanceIds=instance)

    until(lambda: group.instances() not in ([], instance), 60)
    ended, launched = group.activity("Terminating"), group.activity("Launching")
    words = (
        "an instance was taken out of service in response to an EC2 health check indicating it "
        "has been terminated or stopped."
    )
    assert _fits(cause(words), ended["Cause"])
    words = "an instance was launched in response to an unhealthy instance needing to be replaced."
    assert _fits(cause(words), launched["Cause"])


@fact(
    "An instance that its user calls unhealthy is replaced; the grace period protects a new one.",
    API + "API_SetInstanceHealth.html",
)
def test_an_instance_called_unhealthy_is_replaced(group: Grouping) -> None:
    group.create(1, 1, HealthCheckGracePeriod=3600)
    instance = group.settled(1)
    sick = {"InstanceId": instance[0], "HealthStatus": "Unhealthy"}

    group.autoscaling.set_instance_health(**sick)
    assert group.shown()["Instances"][0]["HealthStatus"] == "Healthy"
    group.autoscaling.set_instance_health(**sick, ShouldRespectGracePeriod=False)

    until(lambda: group.instances() not in ([], instance), 60)
    words = "an instance was taken out of service in response to a user health-check."
    assert _fits(cause(words), group.activity("Terminating")["Cause"])


@fact(
    "A protected instance is not chosen when the group scales in, nor any of a group that protects "
    "its new ones.",
    API + "API_SetInstanceProtection.html " + GUIDE + "ec2-auto-scaling-instance-protection.html",
)
def test_a_protected_instance_is_spared(group: Grouping) -> None:
    group.create(0, 3, DesiredCapacity=2, NewInstancesProtectedFromScaleIn=True)
    kept, free = group.settled(2)

    group.call("set_instance_protection", InstanceIds=[free], ProtectedFromScaleIn=False)
    group.scale(0)

    until(lambda: group.instances() == [kept])
    assert group.shown()["DesiredCapacity"] == 0
    assert group.shown()["Instances"][0]["ProtectedFromScaleIn"] is True


@fact(
    "OldestInstance and NewestInstance end whom they say, within a zone.",
    GUIDE + "ec2-auto-scaling-termination-policies.html",
)
@pytest.mark.parametrize(("policy", "survivor"), [("OldestInstance", 1), ("NewestInstance", 0)])
def test_the_termination_policy_decides(group: Grouping, policy: str, survivor: int) -> None:
    one_zone = group.subnet_ids[0]
    group.create(0, 2, DesiredCapacity=1, VPCZoneIdentifier=one_zone, TerminationPolicies=[policy])
    first = group.settled(1)
    group.scale(2)
    both = first + [one for one in group.settled(2) if one not in first]

    group.scale(1)

    assert group.settled(1) == [both[survivor]]


@fact(
    "OldestLaunchTemplate ends an instance of the older version first; $Latest is what it is when "
    "an instance is launched.",
    GUIDE
    + "ec2-auto-scaling-termination-policies.html "
    + API
    + "API_LaunchTemplateSpecification.html",
)
def test_an_older_launch_template_goes_first(group: Grouping) -> None:
    settings = {"TerminationPolicies": ["OldestLaunchTemplate"]}
    group.create(0, 2, DesiredCapacity=1, VPCZoneIdentifier=group.subnet_ids[0], **settings)
    old = group.settled(1)
    group.template(InstanceType="t3.small")
    group.scale(2)
    group.settled(2)
    versions = {one["InstanceId"]: one for one in group.shown()["Instances"]}

    group.scale(1)

    left = group.settled(1)
    assert left != old
    assert versions[old[0]]["LaunchTemplate"]["Version"] == "1"
    assert versions[left[0]]["LaunchTemplate"]["Version"] == "2"
    assert versions[left[0]]["InstanceType"] == "t3.small"


@fact(
    "A detached instance lives on; without decrement another takes its place.",
    API + "API_DetachInstances.html " + EXAMPLES + "detach-instances.rst",
)
def test_a_detached_instance_lives_on(group: Grouping) -> None:
    group.create(1, 2)
    instance = group.settled(1)

    made = group.call(
        "detach_instances", InstanceIds=instance, ShouldDecrementDesiredCapacity=False
    )["Activities"][0]

    assert made["Description"] == f"Detaching EC2 instance: {instance[0]}"
    words = f"instance {instance[0]} was detached in response to a user request."
    assert _fits(cause(words), made["Cause"])
    until(lambda: group.instances() not in ([], instance))
    assert group.states(instance) <= {"pending", "running"}
    group.ec2.terminate_instances(InstanceIds=instance)


@fact(
    "A group is not detached from below its minimum.",
    API + "API_DetachInstances.html spacelift-io/terraform-aws-spacelift-workerpool-on-ec2#85",
)
def test_a_group_is_not_detached_below_its_minimum(group: Grouping) -> None:
    group.create(1, 2)
    instance = group.settled(1)

    with pytest.raises(ClientError) as refused:
        group.call("detach_instances", InstanceIds=instance, ShouldDecrementDesiredCapacity=True)

    assert told(refused) == (
        "ValidationError",
        f"AutoScalingGroup {group.name} has min-size=1, max-size=2, and desired-size=1. To detach "
        "1 instance, please update the AutoScalingGroup sizes appropriately.",
    )


@fact(
    "An attached instance raises the desired capacity by one.",
    API + "API_AttachInstances.html",
)
def test_an_attached_instance_enlarges_its_group(group: Grouping) -> None:
    group.create(1, 2)
    instance = group.settled(1)
    group.call("update_auto_scaling_group", MinSize=0)
    group.call("detach_instances", InstanceIds=instance, ShouldDecrementDesiredCapacity=True)
    assert group.shown()["DesiredCapacity"] == 0

    group.call("attach_instances", InstanceIds=instance)

    assert group.settled(1) == instance
    assert group.shown()["DesiredCapacity"] == 1


@fact(
    "Standby takes an instance out of service and brings it back, the capacity with it.",
    API + "API_EnterStandby.html " + EXAMPLES + "enter-standby.rst",
)
def test_an_instance_can_stand_by(group: Grouping) -> None:
    group.create(0, 2, DesiredCapacity=1)
    instance = group.settled(1)

    entered = group.call("enter_standby", InstanceIds=instance, ShouldDecrementDesiredCapacity=True)
    group.until(lambda one: one["Instances"][0]["LifecycleState"] == "Standby")
    assert group.shown()["DesiredCapacity"] == 0
    left = group.call("exit_standby", InstanceIds=instance)["Activities"][0]

    assert group.settled(1) == instance
    assert group.shown()["DesiredCapacity"] == 1
    first = entered["Activities"][0]
    assert first["Description"] == f"Moving EC2 instance to Standby: {instance[0]}"
    assert first["Cause"].endswith(
        "in response to a user request, shrinking the capacity from 1 to 0."
    )
    assert left["Description"] == f"Moving EC2 instance out of Standby: {instance[0]}"
    assert left["Cause"].endswith(
        "in response to a user request, increasing the capacity from 0 to 1."
    )


@fact(
    "While Launch is suspended nothing is launched; resumed, what is missing comes.",
    API + "API_SuspendProcesses.html " + GUIDE + "as-suspend-resume-processes.html",
)
def test_a_suspended_launch_is_made_up_for(group: Grouping) -> None:
    group.create(0, 2)
    group.call("suspend_processes", ScalingProcesses=["Launch"])

    group.scale(1)
    shown = group.shown()
    assert shown["Instances"] == []
    assert shown["SuspendedProcesses"][0]["ProcessName"] == "Launch"
    assert shown["SuspendedProcesses"][0]["SuspensionReason"].startswith("User suspended at ")
    group.call("resume_processes", ScalingProcesses=["Launch"])

    group.settled(1)


def _fits(pattern: str, text: str) -> bool:
    assert re.match(pattern.replace("(", r"\("), text), text
    return True
