"""What the tests stand on, made by `place.yaml` in a real account as in the local AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.stacking import Stacking
from tests.conformance.waiting import until

if TYPE_CHECKING:
    from tests.conformance.conftest import Aws

TEMPLATE = Path(__file__).with_name("place.yaml")
INSTANCES = 2


@dataclass(frozen=True)
class Place:
    """What tests use and never change: a network, a cluster with an instance in each of two zones
    that nobody else uses, a listener, an image whose command is `sh -c`, a role to start tasks
    with, a machine image of Amazon's for ECS and a profile with which its instances register."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: str
    cluster: str
    listener_arn: str
    execution_role_arn: str
    image: str
    image_id: str
    instance_profile_arn: str


def standing(aws: Aws, image: str) -> Iterator[Place]:
    """The stack PALATINE_CONFORMANCE_STACK, made for the time of the tests unless it is there."""
    name = os.environ.get("PALATINE_CONFORMANCE_STACK", "palatine-conformance")
    stacking = Stacking(aws.client("cloudformation"), name)
    made = stacking.gone()
    if made:
        status = stacking.create(TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"])
        assert status == "CREATE_COMPLETE", stacking.reasons()
    try:
        yield _found(aws, stacking.outputs(), image)
    finally:
        if made:
            stacking.delete()


def _found(aws: Aws, outputs: dict[str, str], image: str) -> Place:
    cluster, ecs = outputs["Cluster"], aws.client("ecs")
    until(
        lambda: (
            len(ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]) == INSTANCES
        )
    )
    return Place(
        vpc_id=outputs["VpcId"],
        subnet_ids=tuple(outputs["SubnetIds"].split(",")),
        security_group_id=outputs["SecurityGroupId"],
        cluster=cluster,
        listener_arn=outputs["ListenerArn"],
        execution_role_arn=outputs["ExecutionRoleArn"],
        image=image,
        image_id=outputs["MachineImageId"],
        instance_profile_arn=outputs["InstanceProfileArn"],
    )
