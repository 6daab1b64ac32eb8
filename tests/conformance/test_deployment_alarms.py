"""CloudWatch alarms that fail a rollout, and take it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.serving import Json, Served
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
BAKE_SECONDS = 10


@dataclass(frozen=True)
class Alarm:
    """Of a metric that nobody measures; told its states."""

    cloudwatch: Any
    name: str

    def make(self) -> None:
        self.cloudwatch.put_metric_alarm(
            AlarmName=self.name,
            Namespace=self.name,
            MetricName="errors",
            Statistic="Sum",
            Period=BAKE_SECONDS,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        self.tell("OK")

    def tell(self, state: str) -> None:
        self.cloudwatch.set_alarm_state(
            AlarmName=self.name, StateValue=state, StateReason="told by a test"
        )

    def watched(self, *, rollback: bool = True) -> Json:
        return {"alarms": {"alarmNames": [self.name], "enable": True, "rollback": rollback}}


@pytest.fixture
def alarm(aws: Aws, name: str) -> Iterator[Alarm]:
    alarm = Alarm(aws.client("cloudwatch"), name)
    alarm.make()
    yield alarm
    alarm.cloudwatch.delete_alarms(AlarmNames=[name])


def rolled(served: Served, configuration: Json) -> Json:
    """The service deployment of a second rollout, all of whose tasks run."""
    served.create(1)
    served.steady()
    served.update(taskDefinition=served.register(), deploymentConfiguration=configuration)
    served.until(lambda one: [it["runningCount"] for it in one["deployments"]] == [1, 0])
    return newest(served)


def newest(served: Served) -> Json:
    return served.deployment(served.deployments()[0]["serviceDeploymentArn"])


def ended(served: Served) -> Json:
    return until(lambda: (one := newest(served)) and "finishedAt" in one and one)


@fact(
    "With alarms a rollout that has replaced all tasks is watched on for its bake time, in which "
    "it is IN_PROGRESS and the deployment before it is still there; then it is COMPLETED.",
    GUIDE + "deployment-alarm-failure.html " + API + "API_ServiceDeploymentAlarms.html "
    "aws/copilot-cli#4294",
)
def test_a_rollout_bakes(served: Served, alarm: Alarm) -> None:
    baking = rolled(served, alarm.watched())

    assert baking["status"] == "IN_PROGRESS"
    watching = {"status": "MONITORING", "alarmNames": [alarm.name], "triggeredAlarmNames": []}
    assert baking["alarms"] == watching
    whole = ended(served)
    assert (whole["status"], whole["alarms"]["status"]) == ("SUCCESSFUL", "MONITORING_COMPLETE")
    assert (whole["finishedAt"] - whole["startedAt"]).total_seconds() >= BAKE_SECONDS
    assert [one["rolloutState"] for one in served.described()["deployments"]] == ["COMPLETED"]


@fact(
    "An alarm that goes off while a rollout is watched fails it, and with rollback takes it back "
    "to the last completed one; the service's events and EventBridge tell.",
    GUIDE + "deployment-alarm-failure.html " + GUIDE + "ecs_service_deployment_events.html "
    "aws/copilot-cli (internal/pkg/stream/ecs_test.go)",
)
def test_an_alarm_takes_a_rollout_back(served: Served, alarm: Alarm, eventing: Eventing) -> None:
    baking = rolled(served, alarm.watched())
    bad, good = (one["id"] for one in served.described()["deployments"])
    arn = served.described()["serviceArn"]
    kind = {"source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"]}
    eventing.listen({**kind, "resources": [arn]})

    alarm.tell("ALARM")

    whole = ended(served)
    assert whole["status"] == "ROLLBACK_SUCCESSFUL"
    assert whole["rollback"]["serviceRevisionArn"] == baking["sourceServiceRevisions"][0]["arn"]
    assert (whole["alarms"]["status"], whole["alarms"]["triggeredAlarmNames"]) == (
        "TRIGGERED",
        [alarm.name],
    )
    assert served.steady()["deployments"][0]["id"] == good
    said = [one["message"] for one in served.described()["events"]]
    assert f"(service {served.name}) (deployment {bad}) deployment failed: alarm detected." in said
    assert f"(service {served.name}) rolling back to deployment {good}." in said
    failed = eventing.event(lambda one: one["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED")
    assert (failed["detail"]["deploymentId"], failed["detail"]["eventType"]) == (bad, "ERROR")
    back = eventing.event(
        lambda one: one["detail"]["eventName"] == "SERVICE_DEPLOYMENT_IN_PROGRESS"
    )
    assert (back["detail"]["deploymentId"], "rolling back" in back["detail"]["reason"]) == (
        good,
        True,
    )


@fact(
    "Without rollback a rollout that an alarm fails is STOPPED, its deployment FAILED.",
    API + "API_ServiceDeployment.html " + API + "API_DeploymentAlarms.html",
)
def test_an_alarm_fails_a_rollout(served: Served, alarm: Alarm) -> None:
    rolled(served, alarm.watched(rollback=False))

    alarm.tell("ALARM")

    whole = ended(served)
    assert (whole["status"], "stoppedAt" in whole, "rollback" in whole) == ("STOPPED", True, False)
    assert served.described()["deployments"][0]["rolloutState"] == "FAILED"


@fact(
    "An alarm that is in ALARM already when a rollout begins is not watched in it.",
    "aws/copilot-cli#4512",
)
def test_what_alarms_already_fails_nothing(served: Served, alarm: Alarm) -> None:
    alarm.tell("ALARM")

    rolled(served, alarm.watched())

    assert ended(served)["status"] == "SUCCESSFUL"
