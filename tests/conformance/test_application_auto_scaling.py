"""Application Auto Scaling of ECS services."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.refusing import told
from tests.conformance.scaled import Scaled
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
GUIDE = "https://docs.aws.amazon.com/autoscaling/application/userguide/"


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


@fact(
    "Registering a target brings the desired count into its range, as an activity whose cause is "
    "that the minimum (or maximum) capacity was set.",
    API + "API_RegisterScalableTarget.html " + GUIDE + "application-auto-scaling-scaling-activities"
    ".html",
)
def test_a_registered_target_is_brought_into_its_range(scaled: Scaled) -> None:
    scaled.serve(1)

    scaled.register(2, 4)

    until(lambda: scaled.desired() == 2)
    activity = scaled.fulfilled()
    assert activity["Description"] == "Setting desired count to 2."
    assert activity["Cause"] == "minimum capacity was set to 2"
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"] == (
        "Successfully set desired count to 2. Change successfully fulfilled by ecs."
    )


@fact(
    "Registering again changes only what is given, and a lower maximum scales in.",
    API + "API_RegisterScalableTarget.html",
)
def test_a_target_registered_again_keeps_what_is_not_given(scaled: Scaled) -> None:
    scaled.serve(3)
    first = scaled.register(1, 4)

    scaled.scaling.register_scalable_target(**scaled.target, MaxCapacity=2)

    until(lambda: scaled.desired() == 2)
    [target] = scaled.described()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    assert target["ScalableTargetARN"] == first
    assert scaled.activities()[0]["Cause"] == "maximum capacity was set to 2"


@fact(
    "A target of ECS has the service-linked role, and nothing is suspended unless it is asked.",
    API + "API_ScalableTarget.html " + GUIDE + "application-auto-scaling-service-linked-roles.html",
)
def test_a_target_as_described(scaled: Scaled) -> None:
    scaled.serve(1)

    scaled.register(1, 2, SuspendedState={"DynamicScalingInSuspended": True})

    [target] = scaled.described()
    assert target["RoleARN"].endswith(
        ":role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


@fact(
    "UpdateService sets a desired count below the minimum capacity, and it stays there.",
    "aws/containers-roadmap#2626 aws/aws-sdk#625",
)
def test_a_count_set_by_hand_stays_outside_the_range(scaled: Scaled) -> None:
    scaled.serve(2)
    scaled.register(2, 4)

    scaled.ecs.update_service(cluster=scaled.cluster, service=scaled.name, desiredCount=0)

    assert scaled.desired() == 0
    assert scaled.activities() == []


@fact(
    "A service that is not there cannot be registered: ValidationException.",
    "hashicorp/terraform-provider-aws internal/service/appautoscaling/target.go",
)
def test_a_service_that_is_not_there(scaled: Scaled) -> None:
    with pytest.raises(ClientError) as refused:
        scaled.register(1, 2)

    code, message = told(refused)
    assert code == "ValidationException"
    assert message.startswith("ECS service doesn't exist")


@fact(
    "What is asked of a target that is not registered: ObjectNotFoundException, with its names.",
    "ansible/ansible#35632 " + API + "API_DeregisterScalableTarget.html",
)
def test_a_target_that_is_not_registered(scaled: Scaled) -> None:
    with pytest.raises(ClientError) as refused:
        scaled.scaling.deregister_scalable_target(**scaled.target)

    assert told(refused) == (
        "ObjectNotFoundException",
        f"No scalable target registered for service namespace: ecs, resource ID: {scaled.resource},"
        " scalable dimension: ecs:service:DesiredCount",
    )


@fact(
    "A deregistered target is gone; the desired count stays.",
    API + "API_DeregisterScalableTarget.html",
)
def test_a_deregistered_target_is_gone(scaled: Scaled) -> None:
    scaled.serve(1)
    scaled.register(1, 2)

    scaled.scaling.deregister_scalable_target(**scaled.target)

    assert scaled.described() == []
    assert scaled.desired() == 1


@fact(
    "The maximum capacity is not less than the minimum, and neither is negative.",
    API + "API_RegisterScalableTarget.html",
)
@pytest.mark.parametrize(("minimum", "maximum"), [(3, 2), (-1, 2)])
def test_a_range_that_is_none(scaled: Scaled, minimum: int, maximum: int) -> None:
    scaled.serve(0)

    with pytest.raises(ClientError) as refused:
        scaled.register(minimum, maximum)

    assert told(refused)[0] == "ValidationException"


@fact("A new target needs both capacities.", API + "API_RegisterScalableTarget.html")
def test_a_new_target_without_a_maximum(scaled: Scaled) -> None:
    scaled.serve(0)

    with pytest.raises(ClientError) as refused:
        scaled.scaling.register_scalable_target(**scaled.target, MinCapacity=1)

    assert told(refused)[0] == "ValidationException"


@fact(
    "A dimension needs its resource where targets are described.",
    API + "API_DescribeScalableTargets.html",
)
def test_a_dimension_alone_chooses_nothing(scaled: Scaled) -> None:
    with pytest.raises(ClientError) as refused:
        scaled.scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount"
        )

    assert told(refused)[0] == "ValidationException"


@fact("Targets are listed in pages of at most 50.", API + "API_DescribeScalableTargets.html")
def test_targets_come_in_pages(scaled: Scaled) -> None:
    scaled.serve(0)
    scaled.register(0, 1)

    page = scaled.scaling.describe_scalable_targets(ServiceNamespace="ecs", MaxResults=1)
    with pytest.raises(ClientError) as refused:
        scaled.scaling.describe_scalable_targets(ServiceNamespace="ecs", MaxResults=51)

    assert len(page["ScalableTargets"]) == 1
    assert told(refused)[0] == "ValidationException"


@fact("A target has tags, from its registration on.", API + "API_TagResource.html")
def test_a_target_has_tags(scaled: Scaled) -> None:
    scaled.serve(0)
    arn = scaled.register(0, 1, Tags={"a": "1", "b": "2"})

    scaled.scaling.tag_resource(ResourceARN=arn, Tags={"b": "3"})
    scaled.scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])

    assert scaled.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "3"}
