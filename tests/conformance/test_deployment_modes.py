"""STANDARD and EXPRESS beside each other, and operations that are not taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.stacking import Json, Stacking, body, group
from tests.conformance.waiting import until

GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
EXPRESS: Json = {"DeploymentConfig": {"Mode": "EXPRESS"}}
ROLLED_BACK: Json = {"DeploymentConfig": {"Mode": "EXPRESS", "DisableRollback": False}}
SAID = (
    "Resource operation completed using Express Mode. It may continue becoming available in the "
    "background."
)


THRESHOLD = {"Type": "COUNT", "Value": 3}
BREAKER = {"Enable": True, "Rollback": False, "ThresholdConfiguration": THRESHOLD}


def service(place: Place, memory: int, command: str, **more: Json) -> str:
    container = {
        "Name": "main",
        "Image": place.image,
        "Command": ["sh", "-c", command],
        "Memory": memory,
    }
    definition = {"ContainerDefinitions": [container]}
    properties = {
        "Cluster": place.cluster,
        "TaskDefinition": {"Ref": "Definition"},
        "DesiredCount": 1,
        **more,
    }
    return body(
        {
            "Definition": {"Type": "AWS::ECS::TaskDefinition", "Properties": definition},
            "Service": {"Type": "AWS::ECS::Service", "Properties": properties},
        }
    )


def without_room(place: Place) -> str:
    return service(place, 1_000_000, "exec sleep 3600")


def failing(name: str) -> str:
    """A group cannot be made for its name is not one; others depend on each other, not on it."""
    return body(
        {
            "Bad": group(LogGroupName=f"/{name}/taken"),
            "A": group(),
            "B": group() | {"DependsOn": "A"},
            "C": group() | {"DependsOn": "B"},
        }
    )


@pytest.fixture
def taken(aws: Aws, name: str) -> Any:  # noqa: ANN401 (a generator of nothing)
    """The name of a log group that is there already."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    yield
    logs.delete_log_group(logGroupName=f"/{name}/taken")


@fact(
    "STANDARD waits for a service that has no room for its tasks; EXPRESS is complete once the "
    "service is made, and says that it may not be available yet.",
    GUIDE + "cloudformation-express-mode.html aws/aws-cdk-cli#1689",
)
def test_express_does_not_wait_for_a_service(place: Place, stacking: Stacking, name: str) -> None:
    template, waits = without_room(place), f"{name}-standard"
    stacking.begin(template, waits)
    until(lambda: "Resource creation Initiated" in stacking.reasons(waits))

    assert stacking.create(template, **EXPRESS) == "CREATE_COMPLETE", stacking.reasons()

    assert stacking.status(waits) == "CREATE_IN_PROGRESS"
    assert stacking.described()["DeploymentConfig"]["Mode"] == "EXPRESS"
    done = [one for one in stacking.events() if one["ResourceStatus"] == "CREATE_COMPLETE"]
    resources = [one for one in done if one["LogicalResourceId"] in ("Definition", "Service")]
    assert [one["ResourceStatusReason"] for one in resources] == [SAID] * 2
    stacking.delete(waits)
    stacking.delete(**EXPRESS)


@fact(
    "A service whose tasks fail until its circuit breaker opens fails its STANDARD stack; the "
    "EXPRESS one was complete before.",
    GUIDE + "cloudformation-express-mode.html https://docs.aws.amazon.com/AmazonECS/latest/"
    "developerguide/deployment-circuit-breaker.html",
)
def test_a_breaker_fails_a_standard_stack(place: Place, stacking: Stacking, name: str) -> None:
    breaker: Json = {"DeploymentCircuitBreaker": BREAKER}
    template = service(place, 32, "exit 1", DeploymentConfiguration=breaker)
    standard = f"{name}-standard"
    stacking.begin(template, standard)

    assert stacking.create(template, **EXPRESS) == "CREATE_COMPLETE", stacking.reasons()

    assert stacking.ended(standard) == "ROLLBACK_COMPLETE"
    assert "ECS Deployment Circuit Breaker was triggered" in stacking.reasons(standard)


@fact(
    "EXPRESS is not rolled back unless it is asked to be.",
    GUIDE + "cloudformation-express-mode.html#express-mode-rollback",
)
def test_express_has_no_rollback_by_default(taken: None, stacking: Stacking, name: str) -> None:
    back = f"{name}-back"

    assert stacking.create(failing(name), **EXPRESS) == "CREATE_FAILED"
    assert stacking.create(failing(name), back, **ROLLED_BACK) == "ROLLBACK_COMPLETE"


@fact(
    "What failed in EXPRESS without rollback goes on in EXPRESS only, and RollbackStack does not "
    "take it back.",
    "aws/aws-cdk-cli#1739 aws/aws-cdk-cli#1745",
)
def test_what_failed_in_express_goes_on_in_it(aws: Aws, stacking: Stacking, name: str) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    try:
        assert stacking.create(failing(name), **EXPRESS) == "CREATE_FAILED"
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/taken")

    asked = {"StackName": name, "TemplateBody": failing(name)}
    update = refusal(stacking.cfn.update_stack, DisableRollback=True, **asked)
    changes = refusal(stacking.cfn.create_change_set, ChangeSetName="standard", **asked)
    back = refusal(stacking.cfn.rollback_stack, StackName=name)

    assert update == changes
    assert update[0] == back[0] == "ValidationError"
    assert update[1].startswith(
        "This stack is in a CREATE_FAILED state from a previous operation that used EXPRESS "
        "deployment mode with disable-rollback. Follow-up operations must use the same "
        "DeploymentConfig (mode=EXPRESS) until the stack reaches a *_COMPLETE state"
    )
    assert back[1].startswith(
        "RollbackStack is not supported for stacks that were last updated using EXPRESS "
        "deployment mode and are in a failed state"
    )
    assert stacking.update(failing(name), **EXPRESS) == "UPDATE_COMPLETE"


@fact(
    "Without rollback nothing is replaced.",
    GUIDE + "stack-failure-options.html#stack-failure-options-conditions "
    "anomalyco/sst#970 aws/aws-cdk-cli#1970",
)
@pytest.mark.parametrize("how", [{"DisableRollback": True}, EXPRESS], ids=["standard", "express"])
def test_no_replacement_without_rollback(how: Json, stacking: Stacking, name: str) -> None:
    stacking.create(body({"A": group(LogGroupName=f"/{name}/old")}))

    status = stacking.update(body({"A": group(LogGroupName=f"/{name}/new")}), **how)

    assert status == "UPDATE_FAILED"
    sentence = "Replacement type updates not supported on stack with disable-rollback"
    assert sentence in stacking.reasons()
    assert stacking.physical_ids() == {"A": f"/{name}/old"}


@fact(
    "Without rollback a failure ends only what depends on it: whatever else can be made is made.",
    GUIDE + "stack-failure-options.html#stack-failure-options-overview",
)
def test_independent_ways_go_on_without_rollback(
    taken: None, stacking: Stacking, name: str
) -> None:
    assert stacking.create(failing(name), DisableRollback=True) == "CREATE_FAILED"

    assert stacking.statuses("Bad")[-1] == "CREATE_FAILED"
    assert [stacking.statuses(one)[-1] for one in "ABC"] == ["CREATE_COMPLETE"] * 3


@fact(
    "A creation that failed is tried again by an update; what is there already stays.",
    GUIDE + "stack-failure-options.html",
)
def test_a_failed_creation_is_tried_again(aws: Aws, stacking: Stacking, name: str) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/{name}/taken")
    try:
        assert stacking.create(failing(name), DisableRollback=True) == "CREATE_FAILED"
    finally:
        logs.delete_log_group(logGroupName=f"/{name}/taken")
    before = stacking.physical_ids()

    assert stacking.update(failing(name), DisableRollback=True) == "UPDATE_COMPLETE"

    assert stacking.statuses("Bad")[-1] == "CREATE_COMPLETE"
    after = stacking.physical_ids()
    assert [after[one] for one in "ABC"] == [before[one] for one in "ABC"]


@fact(
    "Rolled back from a failed creation, the stack is empty: ROLLBACK_COMPLETE.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html "
    "aws/aws-cdk#31407",
)
def test_a_failed_creation_is_taken_back(taken: None, stacking: Stacking, name: str) -> None:
    """After a failed update as well, for that leads back to nothing too."""
    stacking.create(failing(name), DisableRollback=True)
    assert stacking.update(failing(name), DisableRollback=True) == "UPDATE_FAILED"

    stacking.cfn.rollback_stack(StackName=name)

    assert stacking.ended() == "ROLLBACK_COMPLETE"
    assert [stacking.statuses(one)[-1] for one in "ABC"] == ["DELETE_COMPLETE"] * 3


@fact(
    "DeploymentConfig says whether there is a rollback: DisableRollback and OnFailure do not go "
    "with it.",
    "aws/aws-sam-cli#9106",
)
@pytest.mark.parametrize("more", [{"DisableRollback": True}, {"OnFailure": "DELETE"}], ids=str)
def test_rollback_is_said_in_one_place(more: Json, stacking: Stacking) -> None:
    code, _ = refusal(stacking.begin, body=body({"A": group()}), **EXPRESS, **more)

    assert code == "ValidationError"


@fact(
    "A change set is carried out in the mode it was made with.",
    GUIDE + "cloudformation-express-mode.html#express-mode-change-sets",
)
def test_a_change_set_in_express(place: Place, stacking: Stacking, name: str) -> None:
    template, cfn = without_room(place), stacking.cfn
    stacking.names.add(name)
    asked = {"StackName": name, "ChangeSetName": "express"}
    made = cfn.create_change_set(**asked, ChangeSetType="CREATE", TemplateBody=template, **EXPRESS)
    described = until(
        lambda: (
            found := cfn.describe_change_set(ChangeSetName=made["Id"]),
            found["Status"] == "CREATE_COMPLETE" and found,
        )[1]
    )

    cfn.execute_change_set(**asked)

    assert described["DeploymentConfig"]["Mode"] == "EXPRESS"
    assert stacking.ended() == "CREATE_COMPLETE"
