"""Why an activity was begun, in the words of Auto Scaling. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

DIFFERENCE = "in response to a difference between desired and actual capacity"
TERMINATED = "an EC2 health check indicating it has been terminated or stopped"
IMPAIRED = "an EC2 instance status check failure"
TOLD_UNHEALTHY = "a user health-check"


def joined(*sentences: str) -> str:
    return "  ".join(one for one in sentences if one)


def at(when: datetime, what: str) -> str:
    return f"At {when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {what}"


def created(when: datetime, desired: int) -> str:
    return at(
        when,
        "a user request created an AutoScalingGroup changing the desired capacity "
        f"from 0 to {desired}.",
    )


def asked(when: datetime, before: int, after: int) -> str:
    return at(
        when,
        "a user request explicitly set group desired capacity changing the desired capacity "
        f"from {before} to {after}.",
    )


def constrained(
    when: datetime, minimum: int, maximum: int, desired: int, *, before: int, after: int
) -> str:
    return at(
        when,
        f"a user request update of AutoScalingGroup constraints to min: {minimum}, "
        f"max: {maximum}, desired: {desired} changing the desired capacity "
        f"from {before} to {after}.",
    )


def executed(when: datetime, policy: str, before: int, after: int) -> str:
    return at(
        when,
        f"a user request executed policy {policy} changing the desired capacity "
        f"from {before} to {after}.",
    )


def alarmed(when: datetime, alarm: str, policy: str, before: int, after: int) -> str:
    return at(
        when,
        f"a monitor alarm {alarm} in state ALARM triggered policy {policy} "
        f"changing the desired capacity from {before} to {after}.",
    )


def launched(when: datetime, before: int, after: int) -> str:
    grown = f"increasing the capacity from {before} to {after}"
    return at(when, f"an instance was started {DIFFERENCE}, {grown}.")


def replaced(when: datetime) -> str:
    return at(
        when,
        "an instance was launched in response to an unhealthy instance needing to be replaced.",
    )


def shrunk(when: datetime, before: int, after: int, chosen: Iterable[str]) -> str:
    shrinking = f"shrinking the capacity from {before} to {after}"
    return joined(
        at(when, f"an instance was taken out of service {DIFFERENCE}, {shrinking}."),
        *(at(when, f"instance {one} was selected for termination.") for one in chosen),
    )


def unhealthy(when: datetime, how: str) -> str:
    return at(when, f"an instance was taken out of service in response to {how}.")


def on_request(when: datetime, instance: str, done: str, change: str = "") -> str:
    """`done` is what was done with it, `change` what that did to the capacity, or nothing."""
    return at(
        when,
        f"instance {instance} was {done} in response to a user request"
        f"{', ' + change if change else ''}.",
    )


def shrinking(before: int, by: int = 1) -> str:
    return f"shrinking the capacity from {before} to {before - by}"


def growing(before: int, by: int = 1) -> str:
    return f"increasing the capacity from {before} to {before + by}"


def abandoned(token: str, *, timed_out: bool) -> str:
    why = "Heartbeat Timeout" if timed_out else "Lifecycle Action Completed with ABANDON Result"
    return (
        "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
        f"{token} was abandoned: {why}"
    )


def attached(when: datetime, capacity: int) -> str:
    return at(
        when,
        "an instance was added in response to user request. Keeping the capacity at the new "
        f"{capacity}.",
    )
