"""Render one process type of a release as a task definition. Pure: same input, same bytes.

Config vars are in it by reference only: `secrets[].valueFrom` names the secret's key and version.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from app.domain.formation import Size

WEB_PORT = 8080
_SHELL_WORDS = frozenset(
    {".", "!", "{", "case", "cd", "eval", "exec", "export", "for", "if", "set", "until", "while"}
)
STOP_TIMEOUT = 30  # seconds between SIGTERM and SIGKILL, as on Heroku


@dataclass(frozen=True)
class ProcessImage:
    """Everything that decides the content of a process type's task definition."""

    family: str
    app_id: str
    process_type: str
    release_version: int
    image: str  # pinned by digest
    command: str
    size: Size
    config_names: tuple[str, ...]
    config_arn: str
    config_version_id: str
    log_group: str
    region: str
    execution_role_arn: str
    task_role_arn: str


def render(process: ProcessImage) -> dict[str, Any]:
    """The arguments of RegisterTaskDefinition."""
    return {
        "family": process.family,
        "networkMode": "bridge",
        "requiresCompatibilities": ["EC2"],
        "executionRoleArn": process.execution_role_arn,
        "taskRoleArn": process.task_role_arn,
        "containerDefinitions": [_container(process)],
    }


def fingerprint(definition: dict[str, Any]) -> str:
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _container(process: ProcessImage) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": process.process_type,
        "image": process.image,
        "essential": True,
        # through a shell, as Heroku runs a Procfile's line; the image's own entry point would
        # otherwise come before it
        "entryPoint": ["/bin/sh", "-c"],
        "command": [_shell(process.command)],
        "cpu": process.size.cpu,
        "memory": process.size.memory,
        "stopTimeout": STOP_TIMEOUT,
        "environment": [
            {"name": name, "value": value} for name, value in sorted(_environment(process).items())
        ],
        "secrets": [
            {"name": name, "valueFrom": _reference(process, name)}
            for name in sorted(process.config_names)
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": process.log_group,
                "awslogs-region": process.region,
                "awslogs-stream-prefix": f"v{process.release_version}",
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        },
    }
    if process.process_type == "web":
        container["portMappings"] = [{"containerPort": WEB_PORT, "hostPort": 0, "protocol": "tcp"}]
    return container


def _shell(command: str) -> str:
    """A simple command takes the shell's place, so that signals reach it; a compound one
    (`a && b`, `A=1 b`) needs the shell."""
    first, *_ = command.split(maxsplit=1) or [""]  # a command of blanks is the shell's to refuse
    compound = "=" in first or first in _SHELL_WORDS or any(mark in command for mark in "&|;()\n")
    return command if compound else f"exec {command}"


def _environment(process: ProcessImage) -> dict[str, str]:
    own = {
        "PALATINE_APP_ID": process.app_id,
        "PALATINE_PROCESS_TYPE": process.process_type,
        "PALATINE_RELEASE": f"v{process.release_version}",
    }
    return own | {"PORT": str(WEB_PORT)} if process.process_type == "web" else own


def _reference(process: ProcessImage, name: str) -> str:
    """`arn:json-key:version-stage:version-id` (Amazon ECS developer guide, "Secrets Manager")."""
    return f"{process.config_arn}:{name}::{process.config_version_id}"
