"""Every service event that ECS documents for what is modelled here, brought about and read.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
as its users see it: the service in front, in parentheses.
"""

from collections.abc import Awaitable, Callable

import pytest

from localaws.faults.asked import read
from tests.localaws import living
from tests.localaws.alone import Json, World, steady, tell
from tests.localaws.containing import BREAKER

MINUTE = 60.0
GUIDE = " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
UNPLACED = (
    "(service web) was unable to place a task because no container instance met all of its "
    "requirements. "
)
STOPS_FIRST = {"maximumPercent": 100, "minimumHealthyPercent": 0}
Story = Callable[[World], Awaitable[None]]


async def too_large(world: World) -> None:
    world.create(1, memory=9000)


async def too_much_cpu(world: World) -> None:
    register(world, cpu=9000)
    serve(world)


async def port_taken(world: World) -> None:
    register(world, portMappings=[{"containerPort": 80, "hostPort": 8080}])
    serve(world, desiredCount=2)


async def agent_away(world: World) -> None:
    fault(world, "agent_disconnected")
    await world.clock.advance(1)
    world.create(1)


async def no_instances(world: World) -> None:
    for arn in list(world.state.instances):
        world.call("DeregisterContainerInstance", cluster="c", containerInstance=arn)
    world.create(1)


async def attribute_missing(world: World) -> None:
    [instance] = world.state.instances.values()
    instance.attributes.clear()
    register(world, healthCheck={"command": ["CMD", "true"]})
    serve(world)


async def never_starts(world: World) -> None:
    world.scripts(pull_error="not there")
    world.create(1)
    await world.clock.advance(10 * MINUTE)


async def breaks(world: World) -> None:
    world.scripts(pull_error="not there")
    world.create(1, deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
    await world.clock.advance(10 * MINUTE)


async def throttled(world: World) -> None:
    fault(world, "scheduler_throttled")
    world.create(1)


async def throttled_on_elb(world: World) -> None:
    fault(world, "scheduler_throttled", on="elb")
    world.create(1)


async def role_not_assumed(world: World) -> None:
    fault(world, "iam_misconfigured", role="arn:aws:iam::123456789012:role/gone")
    world.create(1)


async def permissions_gone(world: World) -> None:
    fault(world, "iam_misconfigured", what="permissions")
    world.create(1)


async def trust_gone(world: World) -> None:
    fault(world, "iam_misconfigured", what="trust")
    world.create(1)


async def stuck(world: World) -> None:
    world.create(1, deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50})
    await steady(world)
    deploy(world)


async def protected_in_scale_in(world: World) -> None:
    world.create(3)
    await steady(world)
    protect(world)
    world.call("UpdateService", cluster="c", service="web", desiredCount=1)


async def protected_in_a_rollout(world: World) -> None:
    world.create(2)
    await steady(world)
    protect(world)
    deploy(world)
    await world.clock.advance(MINUTE)


async def partly_launched(world: World) -> None:
    world.create(3, memory=1500, deploymentConfiguration={"deploymentCircuitBreaker": {**BREAKER}})


async def steady_state(world: World) -> None:
    world.create(1)
    await steady(world)


async def scaled_in(world: World) -> None:
    world.create(1)
    await steady(world)
    world.call("UpdateService", cluster="c", service="web", desiredCount=0)


async def scaled_in_early(world: World) -> None:
    world.scripts(start_seconds=60)
    world.create(1)
    await world.clock.advance(1)
    world.call("UpdateService", cluster="c", service="web", desiredCount=0)


def fault(world: World, kind: str, **params: object) -> None:
    world.faults.begin(read({"kind": kind, "params": params}))


def register(world: World, **container: object) -> None:
    whole: Json = {"name": "main", "image": "x", "memory": 64, **container}
    world.call("RegisterTaskDefinition", family="web", containerDefinitions=[whole])


def serve(world: World, **more: object) -> None:
    asked = {"serviceName": "web", "taskDefinition": "web", "desiredCount": 1, **more}
    world.call("CreateService", cluster="c", **asked)


def deploy(world: World) -> None:
    world.call("UpdateService", cluster="c", service="web", forceNewDeployment=True)


def protect(world: World) -> None:
    arns = world.call("ListTasks", cluster="c")["taskArns"]
    world.call("UpdateTaskProtection", cluster="c", tasks=arns, protectionEnabled=True)


ROLE = (
    "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/gone' that was provided for "
    "this task. Please verify that the role being passed has the proper trust relationship and "
    "permissions and that your IAM user has permissions to pass this role."
)
PLACEMENT = ("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE")
CONFIGURATION = ("ERROR", "SERVICE_TASK_CONFIGURATION_FAILURE")
PROTECTION = ("INFO", "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION")
CLOSEST = "The closest matching (container-instance {instance}) "
TABLE: list[tuple[Story, str, tuple[str, str] | None]] = [
    (too_large, UNPLACED + CLOSEST + "has insufficient memory available." + GUIDE, PLACEMENT),
    (too_much_cpu, UNPLACED + CLOSEST + "has insufficient CPU units available." + GUIDE, PLACEMENT),
    (
        port_taken,
        UNPLACED + CLOSEST + "is already using a port required by your task." + GUIDE,
        PLACEMENT,
    ),
    (agent_away, UNPLACED + CLOSEST + 'encountered error "AGENT".' + GUIDE, PLACEMENT),
    (
        attribute_missing,
        UNPLACED + CLOSEST + "is missing an attribute required by your task." + GUIDE,
        PLACEMENT,
    ),
    (
        no_instances,
        UNPLACED + "Reason: No Container Instances were found in your cluster." + GUIDE,
        PLACEMENT,
    ),
    (
        partly_launched,
        "(service web) could not launch 1 tasks for deployment {deployment}. "
        + CLOSEST
        + "has insufficient memory available.",
        PLACEMENT,
    ),
    (
        never_starts,
        "(service web) is unable to consistently start tasks successfully." + GUIDE,
        ("WARN", "SERVICE_TASK_START_IMPAIRED"),
    ),
    (
        breaks,
        "(service web) (deployment {deployment}) deployment failed: tasks failed to start.",
        None,
    ),
    (
        throttled,
        "(service web) operations are being throttled. Will try again later.",
        ("ERROR", "ECS_OPERATION_THROTTLED"),
    ),
    (
        throttled_on_elb,
        "(service web) operations are being throttled on elb. Will try again later.",
        ("ERROR", "ECS_OPERATION_THROTTLED"),
    ),
    (
        role_not_assumed,
        f"(service web) failed to launch a task with (error {ROLE}).",
        CONFIGURATION,
    ),
    (
        permissions_gone,
        "IAM permissions policies have been misconfigured or changed, and ECS can no longer "
        "maintain your service",
        CONFIGURATION,
    ),
    (
        trust_gone,
        "IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain "
        "your service",
        CONFIGURATION,
    ),
    (
        stuck,
        "(service web) was unable to stop or start tasks during a deployment because of the "
        "service deployment configuration. Update the minimumHealthyPercent or maximumPercent "
        "value and try again.",
        None,
    ),
    (
        protected_in_scale_in,
        "(service web) was unable to reach steady state because (taskSet {deployment}) was unable "
        "to scale in due to (reason 3 tasks under protection)",
        PROTECTION,
    ),
    (
        protected_in_a_rollout,
        "(service web) was unable to reach steady state because (taskSet {former}) was unable to "
        "scale in due to (reason 2 tasks under protection)",
        PROTECTION,
    ),
    (
        steady_state,
        "(service web) has reached a steady state.",
        ("INFO", "SERVICE_STEADY_STATE"),
    ),
    (steady_state, "(service web) has started 1 tasks: (task {task}).", None),
    (steady_state, "(service web) (deployment {deployment}) deployment completed.", None),
    (
        scaled_in,
        "(service web) has stopped 1 running tasks: (task {task}).",
        ("INFO", "TASKS_STOPPED"),
    ),
    (scaled_in_early, "(service web) stopped 1 pending tasks.", None),
]


@pytest.mark.parametrize(("brought_about", "text", "action"), TABLE)
def test_what_is_said(brought_about: Story, text: str, action: tuple[str, str] | None) -> None:
    async def story(world: World) -> None:
        names = {"instance": next(iter(world.state.instances.values())).id}

        await brought_about(world)
        await world.clock.advance(5)

        deployments = [one["id"] for one in world.service()["deployments"]]
        names |= {"deployment": deployments[0], "former": deployments[-1]}
        names |= {"task": next(iter(world.state.tasks), "")}
        said = [one["message"] for one in world.service()["events"]]
        assert said.count(text.format(**names)) == 1, said
        assert action is None or action in world.actions()

    tell(story)


@pytest.mark.parametrize(
    ("groups", "missing"), [({"group"}, "TARGET"), (set[str](), "TARGET GROUP")]
)
def test_a_target_that_is_gone_is_told(groups: set[str], missing: str) -> None:
    async def story(world: living.World) -> None:
        world.around.groups = groups
        ports = [{"containerPort": 80}]
        balancer = {"targetGroupArn": "group", "containerName": "main", "containerPort": 80}
        world.serve({"image": "main", "portMappings": ports}, loadBalancers=[balancer])
        await world.clock.advance(MINUTE)

        found = world.call("DescribeServices", cluster="c", services=["web"])["services"][0]
        [task], said = world.tasks(), [one["message"] for one in found["events"]]
        task_id = task["taskArn"].rpartition("/")[2]
        assert (
            said.count(
                f"(service web) task set ({found['deployments'][0]['id']}) (task {task_id}) is not "
                f"healthy in target-group (group) due to {missing} IS NOT FOUND."
            )
            == 1
        )

    living.tell(story)


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ({"group"}, "registered 1 targets in (target-group group)"),
        (
            set[str](),
            "failed to register targets in (target-group group) with (error group is not there)",
        ),
    ],
)
def test_targets_are_told_as_registered_only_if_they_are(groups: set[str], text: str) -> None:
    async def story(world: living.World) -> None:
        world.around.groups = groups
        ports = [{"containerPort": 80}]
        balancer = {"targetGroupArn": "group", "containerName": "main", "containerPort": 80}
        world.serve({"image": "main", "portMappings": ports}, loadBalancers=[balancer])
        await world.clock.advance(MINUTE)

        found = world.call("DescribeServices", cluster="c", services=["web"])["services"][0]
        said = [one["message"] for one in found["events"]]
        assert [one for one in said if "register" in one] == [f"(service web) {text}"]

    living.tell(story)


@pytest.mark.parametrize("kind", ["scheduler_throttled", "iam_misconfigured"])
def test_what_hinders_ends_and_the_service_starts_its_tasks(kind: str) -> None:
    async def story(world: World) -> None:
        fault(world, kind)
        world.create(2)
        await world.clock.advance(10 * MINUTE)
        assert (world.service()["runningCount"], world.said("throttled") <= 1) == (0, True)

        world.faults.end_all()

        await world.until(lambda: world.service()["runningCount"] == 2, within=MINUTE)

    tell(story)
