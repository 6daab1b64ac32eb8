"""Where a cluster's apps live in AWS: the identifiers that everything rendered refers to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estate:
    """One cluster's surroundings. Times in seconds."""

    region: str
    cluster: str
    vpc_id: str
    execution_role_arn: str
    task_role_arn: str
    apps_domain: str  # an app answers at <name>.<apps_domain>
    drain_seconds: int = 30
    health_path: str = "/"
    health_interval: int = 10
    health_timeout: int = 5
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3
    grace_seconds: int = 60  # an app may take this long to boot before its checks count
