"""Application Auto Scaling by the clock: scheduled actions"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.scaled import Scaled
from tests.conformance.stacking import Stacking, body
from tests.conformance.waiting import AMAZONS, until

API = "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
GUIDE = "https://docs.aws.amazon.com/autoscaling/application/userguide/"
SOON = timedelta(seconds=90 if AMAZONS else 2)
FAR = "cron(0 8 ? * MON-FRI 2150)"
Json = dict[str, Any]


@pytest.fixture
def scaled(aws: Aws, place: Place, name: str) -> Iterator[Scaled]:
    """One task, between one and four."""
    ecs, scaling = aws.client("ecs"), aws.client("application-autoscaling")
    scaled = Scaled(ecs, scaling, place.cluster, place.image, name)
    scaled.serve(1)
    scaled.register(1, 4)
    yield scaled
    scaled.clean()


def put(scaled: Scaled, schedule: str, action: Json, name: str = "it", **more: object) -> None:
    scaled.scaling.put_scheduled_action(
        **scaled.target,
        ScheduledActionName=name,
        Schedule=schedule,
        ScalableTargetAction=action,
        **more,
    )


def shown(scaled: Scaled, **more: object) -> list[Json]:
    found = scaled.scaling.describe_scheduled_actions(
        ServiceNamespace="ecs", ResourceId=scaled.resource, **more
    )
    return list(found["ScheduledActions"])


def soon() -> str:
    return f"at({datetime.now(UTC) + SOON:%Y-%m-%dT%H:%M:%S})"


@fact(
    "A scheduled action has a name, an ARN, a schedule and what it does; a start and an end that "
    "are not given again are deleted.",
    f"{API}API_PutScheduledAction.html {API}API_ScheduledAction.html",
)
def test_a_scheduled_action_as_described(scaled: Scaled) -> None:
    end = datetime(2151, 1, 1, tzinfo=UTC)
    put(scaled, FAR, {"MinCapacity": 2}, EndTime=end, Timezone="Europe/Zurich")
    put(scaled, "rate(3000 days)", {"MaxCapacity": 9}, "other")

    first = shown(scaled, ScheduledActionNames=["it"])[0]
    put(scaled, FAR, {"MinCapacity": 3})
    (changed,) = shown(scaled, ScheduledActionNames=["it"])

    arn = f":resource/ecs/{scaled.resource}:scheduledActionName/it"
    assert first["ScheduledActionARN"].endswith(arn)
    assert (first["Schedule"], first["Timezone"], first["EndTime"]) == (FAR, "Europe/Zurich", end)
    assert first["ScalableTargetAction"] == {"MinCapacity": 2}
    assert changed["ScalableTargetAction"] == {"MinCapacity": 3}
    assert "EndTime" not in changed
    assert changed["CreationTime"] == first["CreationTime"]
    assert {one["ScheduledActionName"] for one in shown(scaled)} == {"it", "other"}


@fact(
    "When it is due the target has the new range, which is an activity; the count that is brought "
    "into it is another.",
    f"{GUIDE}scheduled-scaling-additional-cli-commands.html {API}API_ScalableTargetAction.html",
)
def test_a_scheduled_action_that_is_due(scaled: Scaled) -> None:
    put(scaled, soon(), {"MinCapacity": 2, "MaxCapacity": 3})

    until(lambda: scaled.desired() == 2)

    target = scaled.described()[0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 3)
    count, ranged = scaled.activities()[:2]
    assert count["Description"] == "Setting desired count to 2."
    assert count["Cause"] == "minimum capacity was set to 2"
    assert ranged["Description"] == "Setting min capacity to 2 and max capacity to 3"
    assert ranged["Cause"] == "scheduled action name it was triggered"
    assert ranged["StatusCode"] == "Successful"
    assert ranged["StatusMessage"] == "Successfully set min capacity to 2 and max capacity to 3"


@fact(
    "While scheduled scaling is suspended no action is carried out, nor later for that.",
    f"{API}API_SuspendedState.html {GUIDE}application-auto-scaling-suspend-resume-scaling.html",
)
def test_suspended_scheduled_scaling(scaled: Scaled) -> None:
    scaled.register(1, 4, SuspendedState={"ScheduledScalingSuspended": True})
    put(scaled, soon(), {"MinCapacity": 3})
    passed = datetime.now(UTC) + 2 * SOON

    until(lambda: datetime.now(UTC) > passed)
    scaled.register(1, 4, SuspendedState={"ScheduledScalingSuspended": False})

    assert scaled.described()[0]["MinCapacity"] == 1
    assert scaled.desired() == 1


@fact(
    "Scheduled actions are deleted one by one, or with their target.",
    f"{API}API_DeleteScheduledAction.html {API}API_PutScheduledAction.html",
)
def test_scheduled_actions_end(scaled: Scaled) -> None:
    put(scaled, FAR, {"MinCapacity": 2})
    put(scaled, FAR, {"MinCapacity": 2}, "other")

    scaled.scaling.delete_scheduled_action(**scaled.target, ScheduledActionName="it")
    left = [one["ScheduledActionName"] for one in shown(scaled)]
    with pytest.raises(ClientError) as again:
        scaled.scaling.delete_scheduled_action(**scaled.target, ScheduledActionName="it")
    scaled.scaling.deregister_scalable_target(**scaled.target)

    assert left == ["other"]
    assert again.value.response["Error"]["Code"] == "ObjectNotFoundException"
    assert shown(scaled) == []


@pytest.mark.parametrize("schedule", ["0 8 * * *", "cron(0 8 * * *)", "at(tomorrow)"])
@fact("What is no schedule is refused, with the syntax.", "aws/aws-cdk#6053")
def test_what_is_no_schedule_of_scaling(scaled: Scaled, schedule: str) -> None:
    with pytest.raises(ClientError) as refused:
        put(scaled, schedule, {"MinCapacity": 2})

    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert "Schedule expressions must have the following syntax: rate(" in error["Message"]


@fact(
    "A scalable target of a stack has scheduled actions, which change with it.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-"
    "applicationautoscaling-scalabletarget.html",
)
def test_scheduled_actions_of_a_stack(scaled: Scaled, stacking: Stacking) -> None:
    def template(**actions: int) -> str:
        scheduled = [
            {
                "ScheduledActionName": name,
                "Schedule": FAR,
                "StartTime": "2149-01-01T00:00:00Z",
                "ScalableTargetAction": {"MinCapacity": count},
            }
            for name, count in actions.items()
        ]
        sizes = {"MinCapacity": 1, "MaxCapacity": 4, "ScheduledActions": scheduled}
        target = {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": scaled.target | sizes,
        }
        return body({"Target": target})

    def seen() -> dict[str, int]:
        return {
            one["ScheduledActionName"]: one["ScalableTargetAction"]["MinCapacity"]
            for one in shown(scaled)
        }

    assert stacking.create(template(a=2, b=3)) == "CREATE_COMPLETE", stacking.reasons()
    created = seen()
    assert stacking.update(template(b=4, c=5)) == "UPDATE_COMPLETE", stacking.reasons()
    updated = seen()
    stacking.delete()

    assert (created, updated) == ({"a": 2, "b": 3}, {"b": 4, "c": 5})
    assert shown(scaled) == []
