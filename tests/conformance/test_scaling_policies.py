"""Scaling policies of ECS services, and their alarms."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.refusing import told
from tests.conformance.scaled import Scaled
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
GUIDE = "https://docs.aws.amazon.com/autoscaling/application/userguide/"
TRACKING = GUIDE + "target-tracking-scaling-policy-overview.html"
STEPS = GUIDE + "step-scaling-policy-overview.html"
CPU = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}
Json = dict[str, Any]


@pytest.fixture
def scaled(aws: Aws, place: Place, name: str) -> Iterator[Scaled]:
    scaled = Scaled(
        aws.client("ecs"),
        aws.client("application-autoscaling"),
        place.cluster,
        place.image,
        name,
    )
    yield scaled
    scaled.clean()


def track(scaled: Scaled, configuration: Json, name: str = "cpu") -> Json:
    made = scaled.scaling.put_scaling_policy(
        **scaled.target,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    return dict(made)


def step(scaled: Scaled, steps: list[Json], **more: object) -> Json:
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, **more}
    made = scaled.scaling.put_scaling_policy(
        **scaled.target,
        PolicyName="step",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=configuration,
    )
    return dict(made)


def of_its_own(name: str) -> Json:
    metric = {"Namespace": "Test", "MetricName": name, "Statistic": "Average"}
    return {"TargetValue": 10.0, "CustomizedMetricSpecification": metric}


def put_data(aws: Aws, name: str, value: float, minutes: int) -> None:
    """One datapoint in each of the last whole minutes."""
    now = datetime.now(UTC).replace(second=30, microsecond=0)
    data = [
        {"MetricName": name, "Value": value, "Timestamp": now - timedelta(minutes=ago)}
        for ago in range(1, minutes + 1)
    ]
    aws.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=data)


def alarms_of(aws: Aws, made: Json) -> dict[str, Json]:
    """By the last word of their names' beginning: AlarmHigh, AlarmLow."""
    names = [one["AlarmName"] for one in made["Alarms"]]
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return {one["AlarmName"].split("-Alarm")[1].split("-")[0]: one for one in found}


@fact(
    "A target tracking policy makes two alarms, AlarmHigh over three minutes above the target and "
    "AlarmLow over fifteen below nine tenths of it, named after the service.",
    API + "API_PutScalingPolicy.html " + TRACKING,
)
def test_a_target_tracking_policy_makes_two_alarms(aws: Aws, scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 4)

    made = track(scaled, CPU)

    alarms = alarms_of(aws, made)
    assert sorted(alarms) == ["High", "Low"]
    for side, alarm in alarms.items():
        name = f"TargetTracking-{scaled.resource}-Alarm{side}-"
        assert alarm["AlarmName"].startswith(name)
        assert alarm["AlarmActions"] == [made["PolicyARN"]]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ECS", "CPUUtilization")
        assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
            "ClusterName": scaled.cluster,
            "ServiceName": scaled.name,
        }
        assert (alarm["Period"], alarm["Statistic"]) == (60, "Average")
        assert alarm["AlarmDescription"].startswith(
            "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy arn:aws:autoscaling:"
        )
    high, low = alarms["High"], alarms["Low"]
    assert (high["ComparisonOperator"], high["Threshold"]) == ("GreaterThanThreshold", 70.0)
    assert (low["ComparisonOperator"], low["Threshold"]) == ("LessThanThreshold", 63.0)
    assert (high["EvaluationPeriods"], low["EvaluationPeriods"]) == (3, 15)


@fact("A policy that may not scale in has no AlarmLow.", TRACKING)
def test_a_policy_that_may_not_scale_in(aws: Aws, scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 4)

    made = track(scaled, {**CPU, "DisableScaleIn": True})

    assert list(alarms_of(aws, made)) == ["High"]


@fact("A deleted target tracking policy takes its alarms with it.", TRACKING)
def test_a_deleted_policy_takes_its_alarms_with_it(aws: Aws, scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 4)
    made = track(scaled, CPU)

    scaled.scaling.delete_scaling_policy(**scaled.target, PolicyName="cpu")

    until(lambda: alarms_of(aws, made) == {})


@fact(
    "Deregistering a target deletes its policies, and target tracking's alarms with them.",
    API + "API_DeregisterScalableTarget.html",
)
def test_a_deregistered_target_has_no_policies(aws: Aws, scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 4)
    made = track(scaled, CPU)

    scaled.scaling.deregister_scalable_target(**scaled.target)

    found = scaled.scaling.describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=scaled.resource
    )
    assert found["ScalingPolicies"] == []
    until(lambda: alarms_of(aws, made) == {})


@fact(
    "A policy put again under its name keeps its ARN, and is described as it was put.",
    API + "API_PutScalingPolicy.html",
)
def test_a_policy_put_again_is_the_same_policy(scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 4)
    first = track(scaled, CPU)

    again = track(scaled, {**CPU, "TargetValue": 50.0, "ScaleInCooldown": 60})

    [shown] = scaled.scaling.describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=scaled.resource
    )["ScalingPolicies"]
    assert again["PolicyARN"] == first["PolicyARN"] == shown["PolicyARN"]
    configuration = shown["TargetTrackingScalingPolicyConfiguration"]
    assert (configuration["TargetValue"], configuration["ScaleInCooldown"]) == (50.0, 60)
    assert {one["AlarmName"] for one in shown["Alarms"]} == {
        one["AlarmName"] for one in again["Alarms"]
    }


@fact(
    "A policy needs a registered target: ObjectNotFoundException.",
    API + "API_PutScalingPolicy.html ansible/ansible#35632",
)
def test_a_policy_needs_a_target(scaled: Scaled) -> None:
    with pytest.raises(ClientError) as refused:
        track(scaled, CPU)

    code, message = told(refused)
    assert code == "ObjectNotFoundException"
    assert message.startswith("No scalable target registered for service namespace: ecs")


@fact(
    "A metric that stays above the target scales out in proportion, for the alarm's sake.",
    TRACKING + " aws/amazon-ecs-agent#2125",
)
def test_a_metric_above_its_target_scales_out(aws: Aws, scaled: Scaled, name: str) -> None:
    scaled.serve(1)
    scaled.register(1, 3)
    made = track(scaled, of_its_own(name))

    put_data(aws, name, 15.0, minutes=3)

    until(lambda: scaled.desired() == 2)
    high = alarms_of(aws, made)["High"]
    assert high["StateValue"] == "ALARM"
    assert scaled.activities()[0]["Cause"] == (
        f"monitor alarm {high['AlarmName']} in state ALARM triggered policy cpu"
    )


@fact("A metric below nine tenths of its target for fifteen minutes scales in.", TRACKING)
def test_a_metric_below_its_target_scales_in(aws: Aws, scaled: Scaled, name: str) -> None:
    scaled.serve(3)
    scaled.register(1, 3)
    scaled.steady()
    track(scaled, of_its_own(name))

    put_data(aws, name, 2.0, minutes=15)

    until(lambda: scaled.desired() == 1)
    assert "AlarmLow" in scaled.activities()[0]["Cause"]


@fact(
    "What cannot scale out any more is a not scaled activity: AlreadyAtMaxCapacity.",
    GUIDE + "application-auto-scaling-scaling-activities.html",
)
def test_at_its_maximum_it_says_so(aws: Aws, scaled: Scaled, name: str) -> None:
    scaled.serve(1)
    scaled.register(1, 1)
    track(scaled, of_its_own(name))

    put_data(aws, name, 99.0, minutes=3)

    until(lambda: scaled.activities(IncludeNotScaledActivities=True))
    [activity] = scaled.activities(IncludeNotScaledActivities=True)
    assert activity["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 1}]
    assert activity["Description"] == "Attempting to scale due to alarm triggered"
    assert activity["StatusCode"] == "Failed"
    assert scaled.activities() == []


@fact(
    "A step policy scales by the step that the breach falls into, when an alarm has it as action.",
    STEPS,
)
def test_a_step_policy_scales_by_its_step(aws: Aws, scaled: Scaled, name: str) -> None:
    scaled.serve(0)
    scaled.register(0, 3)
    low = {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1}
    made = step(scaled, [low, {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2}])
    alarm = {
        "AlarmName": name,
        "Namespace": "Test",
        "MetricName": name,
        "Statistic": "Average",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 50.0,
        "EvaluationPeriods": 1,
        "Period": 60,
        "AlarmActions": [made["PolicyARN"]],
    }
    aws.client("cloudwatch").put_metric_alarm(**alarm)

    put_data(aws, name, 65.0, minutes=1)

    try:
        until(lambda: scaled.desired() == 2)
        assert scaled.activities()[0]["Cause"] == (
            f"monitor alarm {name} in state ALARM triggered policy step"
        )
    finally:
        aws.client("cloudwatch").delete_alarms(AlarmNames=[name])


@fact("Suspended scaling out leaves the count alone.", API + "API_SuspendedState.html")
def test_what_is_suspended_does_not_scale(aws: Aws, scaled: Scaled, name: str) -> None:
    scaled.serve(1)
    scaled.register(1, 3, SuspendedState={"DynamicScalingOutSuspended": True})
    made = track(scaled, of_its_own(name))

    put_data(aws, name, 99.0, minutes=3)

    until(lambda: alarms_of(aws, made)["High"]["StateValue"] == "ALARM")
    assert scaled.desired() == 1


@fact("Step adjustments may neither overlap nor leave a gap.", STEPS)
@pytest.mark.parametrize("begins", [5, 15])
def test_steps_that_do_not_meet(scaled: Scaled, begins: int) -> None:
    scaled.serve(0)
    scaled.register(0, 3)
    low = {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1}

    with pytest.raises(ClientError) as refused:
        step(scaled, [low, {"MetricIntervalLowerBound": begins, "ScalingAdjustment": 2}])

    assert told(refused)[0] == "ValidationException"


@fact(
    "A resource label goes with ALBRequestCountPerTarget, whose metric is a sum for each target "
    "group of a load balancer.",
    API + "API_PredefinedMetricSpecification.html",
)
def test_requests_for_each_target(aws: Aws, scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 3)
    label = "app/a/0123456789abcdef/targetgroup/b/fedcba9876543210"
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}

    made = track(scaled, {"TargetValue": 100, "PredefinedMetricSpecification": metric})
    cpu = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization", "ResourceLabel": label}
    with pytest.raises(ClientError) as refused:
        track(scaled, {"TargetValue": 70, "PredefinedMetricSpecification": cpu})

    high = alarms_of(aws, made)["High"]
    assert (high["Namespace"], high["MetricName"], high["Statistic"]) == (
        "AWS/ApplicationELB",
        "RequestCountPerTarget",
        "Sum",
    )
    assert {one["Name"]: one["Value"] for one in high["Dimensions"]} == {
        "LoadBalancer": "app/a/0123456789abcdef",
        "TargetGroup": "targetgroup/b/fedcba9876543210",
    }
    assert told(refused)[0] == "ValidationException"


@fact("A policy that is not there cannot be deleted.", API + "API_DeleteScalingPolicy.html")
def test_a_policy_that_is_not_there(scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 3)

    with pytest.raises(ClientError) as refused:
        scaled.scaling.delete_scaling_policy(**scaled.target, PolicyName="none")

    assert told(refused)[0] == "ObjectNotFoundException"
