"""Why a rollout has failed, and all that ECS says of it. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    reason: str  # rolloutStateReason
    said: str  # in the service event
    stopped: str  # statusReason of the service deployment, if nothing is rolled back
    rolled_back: str  # and if it is
    going_back: str  # rolloutStateReason of what is gone back to, with its id


BREAKER = Failure(
    reason="ECS deployment circuit breaker: tasks failed to start.",
    said="tasks failed to start",
    stopped="Service deployment stopped because the circuit breaker threshold was exceeded.",
    rolled_back="Service deployment rolled back because the circuit breaker threshold was "
    "exceeded.",
    going_back="ECS deployment circuit breaker: rolling back to deploymentId {}.",
)
STOPPED = Failure(
    reason="ECS deployment stopped: rollback requested.",
    said="rollback requested",
    stopped="Service deployment stopped because a rollback was requested.",
    rolled_back="Service deployment rolled back because a rollback was requested.",
    going_back="ECS deployment stopped: rolling back to deploymentId {}.",
)
# the event is AWS's (aws/copilot-cli, internal/pkg/stream/ecs_test.go), and what is said of
# a rollback; how a deployment words its own state then has no public source
ALARMED = Failure(
    reason="ECS deployment alarms: alarm detected.",
    said="alarm detected",
    stopped="Service deployment stopped because of one or more active alarms.",
    rolled_back="Service deployment rolled back because of one or more active alarms.",
    going_back="ECS deployment alarms: rolling back to deploymentId {}.",
)
NO_CANDIDATE = "No rollback candidate was found to run the rollback."
SUPERSEDED = "Service deployment stopped because a newer service deployment was created."
