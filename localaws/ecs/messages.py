"""What ECS says in service events and stopped reasons, in its own words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from localaws.ecs.model import Target, Task
from localaws.ecs.names import short

GUIDE = " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
ESSENTIAL_EXITED = "Essential container in task exited"
FAILED_CONTAINER_CHECKS = "Task failed container health checks"
FAILED_TO_START = "Task failed to start"  # on instances; its containers say why
CLUSTER, PROVIDER = "cluster", "capacity provider"
STOPPED_BY_USER = "Task stopped by user"
FORCED_OUT = "Container instance deregistration forced by user"
SHORTAGES = {
    "RESOURCE:MEMORY": "has insufficient memory available.",
    "RESOURCE:CPU": "has insufficient CPU units available.",
    "RESOURCE:PORTS": "is already using a port required by your task.",
    "ATTRIBUTE": "is missing an attribute required by your task.",
}


def host_ended(ec2_instance_id: str, how: str) -> str:
    """`how`: terminated, stopped."""
    return f"Host EC2 (instance {ec2_instance_id}) {how}."


def started(service: str, task_ids: Sequence[str], replaced: int = 0) -> str:
    """`replaced` of them come in place of unhealthy ones."""
    more = f" Amazon ECS replaced {replaced} tasks due to an unhealthy status." if replaced else ""
    return f"(service {service}) has started {len(task_ids)} tasks: {_tasks(task_ids)}.{more}"


def stopped(service: str, task_ids: Sequence[str]) -> str:
    return f"(service {service}) has stopped {len(task_ids)} running tasks: {_tasks(task_ids)}."


def stopped_pending(service: str, count: int) -> str:
    return f"(service {service}) stopped {count} pending tasks."


def _tasks(task_ids: Sequence[str]) -> str:
    return " ".join(f"(task {task_id})" for task_id in task_ids)


def unbalanced(service: str, counts: Mapping[str, int]) -> str:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing-event-messages-list.html"""
    return (
        f"(service {service}) is not AZ balanced with {_zones(counts)}. AZ Rebalancing in progress."
    )


def balanced(service: str, counts: Mapping[str, int]) -> str:
    return f"(service {service}) is AZ balanced with {_zones(counts)}."


def _zones(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} tasks in {zone}" for zone, count in counts.items())


def started_in_zone(service: str, zone: str, task_ids: Sequence[str]) -> str:
    return (
        f"(service {service}) has started {len(task_ids)} tasks in {zone} to AZ Rebalance: "
        f"{_tasks(task_ids)}."
    )


def stopped_in_zone(service: str, zone: str, task_ids: Sequence[str]) -> str:
    return (
        f"(service {service}) has stopped {len(task_ids)} running tasks in {zone} due to AZ "
        f"rebalancing: {_tasks(task_ids)}."
    )


def no_room_in_zone(service: str, zone: str) -> str:
    return (
        f"(service {service}) is unable to place a task in {zone} because no container instance "
        "met all of its requirements."
    )


def rebalancing_protected(service: str, deployment: str, count: int) -> str:
    return (
        f"(service {service}) was unable to AZ Rebalance because (taskSet {deployment}) was unable "
        f"to scale in due to (reason {count} tasks under protection)."
    )


def stopped_rebalancing(service: str) -> str:
    return f"(service {service}) stopped AZ Rebalancing."


def rebalancing(deployment: str) -> str:
    """A stopped reason."""
    return f"Availability-zone rebalancing initiated by (deployment {deployment})"


def registered(service: str, count: int, target_group: str) -> str:
    return f"(service {service}) registered {count} targets in (target-group {target_group})"


def not_registered(service: str, target_group: str, why: str) -> str:
    """aws/copilot-cli, internal/pkg/stream/ecs_test.go"""
    return (
        f"(service {service}) failed to register targets in (target-group {target_group}) with "
        f"(error {why})"
    )


def deregistered(service: str, count: int, target_group: str) -> str:
    return f"(service {service}) deregistered {count} targets in (target-group {target_group})"


def draining(service: str, count: int) -> str:
    return f"(service {service}) has begun draining connections on {count} tasks."


def steady(service: str) -> str:
    return f"(service {service}) has reached a steady state."


def unhealthy(service: str, task_id: str, target: Target, why: str) -> str:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-unhealthy-event-messages.html"""
    return (
        f"(service {service}) (task {task_id}) (instance {target.id}) (port {target.port}) is "
        f"unhealthy in (target-group {target.group}) due to (reason {why})."
    )


def failed_container_checks(service: str, task_id: str) -> str:
    return f"(service {service}) (task {task_id}) failed container health checks."


def failed_health_checks(target_group: str) -> str:
    return f"Task failed ELB health checks in (target-group {target_group})"


def scaling(deployment: str) -> str:
    return f"Scaling activity initiated by (deployment {deployment})"


def no_room(closest: str | None, reason: str, where: str = CLUSTER) -> str:
    """Why: `closest` is the ARN of an instance, None where there is none."""
    if closest is None:
        return f"Reason: No Container Instances were found in your {where}."
    why = SHORTAGES.get(reason, f"encountered error {reason!r}.".replace("'", '"'))
    return f"The closest matching (container-instance {short(closest)}) {why}"


def unplaced(service: str, closest: str | None, reason: str, where: str = CLUSTER) -> str:
    return (
        f"(service {service}) was unable to place a task because no container instance met "
        f"all of its requirements. {no_room(closest, reason, where)}{GUIDE}"
    )


def not_launched(service: str, deployment: str, count: int, why: str) -> str:
    """Of several tasks, those that found no room; `why` is what `no_room` says."""
    return f"(service {service}) could not launch {count} tasks for deployment {deployment}. {why}"


def throttled(service: str, on: str = "") -> str:
    where = f" on {on}" if on else ""
    return f"(service {service}) operations are being throttled{where}. Will try again later."


def not_assumed(role: str) -> str:
    return (
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please "
        "verify that the role being passed has the proper trust relationship and permissions and "
        "that your IAM user has permissions to pass this role."
    )


def misconfigured(service: str, what: str, role: str) -> str:
    """`what`: role, of a task; permissions or trust, of ECS itself."""
    if what == "role":
        return f"(service {service}) failed to launch a task with (error {not_assumed(role)})."
    of = "permissions policies have" if what == "permissions" else "trust relationship has"
    return f"IAM {of} been misconfigured or changed, and ECS can no longer maintain your service"


def protected(service: str, deployment: str, count: int) -> str:
    """Who uses it sees no full stop."""
    return (
        f"(service {service}) was unable to reach steady state because (taskSet {deployment}) was "
        f"unable to scale in due to (reason {count} tasks under protection)"
    )


def no_target(service: str, task: Task, target: Target, missing: str) -> str:
    """`missing`: TARGET GROUP, TARGET."""
    task_set = task.deployment.id if task.deployment else ""
    return (
        f"(service {service}) task set ({task_set}) (task {task.id}) is not healthy in "
        f"target-group ({target.group}) due to {missing} IS NOT FOUND."
    )


def too_many_wait(service: str) -> str:
    return (
        f"(service {service}) was unable to place tasks in your cluster because the tasks "
        "provisioning capacity limit was exceeded."
    )


def impaired(service: str) -> str:
    return f"(service {service}) is unable to consistently start tasks successfully.{GUIDE}"


def stuck(service: str) -> str:
    return (
        f"(service {service}) was unable to stop or start tasks during a deployment because of "
        "the service deployment configuration. Update the minimumHealthyPercent or "
        "maximumPercent value and try again."
    )


def completed(service: str, deployment: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment completed."


def failed(service: str, deployment: str, why: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment failed: {why}."


def rolling_back(service: str, deployment: str) -> str:
    return f"(service {service}) rolling back to deployment {deployment}."
