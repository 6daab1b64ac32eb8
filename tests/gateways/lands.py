"""Two AWSes that must answer alike: the fakes, and the real gateways on the local AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from app.domain.formation import SIZES
from app.gateways.aws import Aws
from app.gateways.cloudformation import CloudFormationStacks, Stacks
from app.gateways.ecs import EcsServices, Services
from app.gateways.secrets import ManagedSecrets, Secrets
from app.stacks import app_stack, task_definition
from app.stacks.app_stack import AppStack
from app.stacks.task_definition import ProcessImage
from tests.fakes.aws import FakeAws
from tests.localaws.conftest import LocalAws, until
from tests.localaws.containing import push_image

T = TypeVar("T")
TAKEN = "/palatine/taken"
LOGS = "/palatine/contract"


@dataclass(frozen=True)
class Land:
    stacks: Stacks
    services: Services
    secrets: Secrets
    image: str
    roles: tuple[str, str]
    read_secret: Callable[[str, str], Mapping[str, str]]
    until: Callable[[Callable[[], Any]], Any]

    def definition(
        self, family: str, *, release: int = 1, command: str = "sleep 600"
    ) -> Mapping[str, Any]:
        return task_definition.render(
            ProcessImage(
                family=family,
                app_id="app",
                process_type="worker",
                release_version=release,
                image=self.image,
                command=command,
                size=SIZES["1X"],
                config_names=(),
                config_arn="",
                config_version_id="",
                log_group=LOGS,
                region="us-east-1",
                execution_role_arn=self.roles[0],
                task_role_arn=self.roles[1],
            )
        )

    def register(self, family: str, *, release: int = 1, command: str = "sleep 600") -> str:
        arguments = self.definition(family, release=release, command=command)
        return self.services.register(
            arguments, task_definition.fingerprint(dict(arguments)), {"palatine:app": "app"}
        )


def template(name: str) -> str:
    return app_stack.body(app_stack.render(AppStack(name, "app", None)))


def impossible(name: str) -> str:
    """A template that is well formed, and whose log group has a name that is taken."""
    whole = json.loads(template(name))
    whole["Resources"]["LogGroup"]["Properties"]["LogGroupName"] = TAKEN
    return json.dumps(whole)


def fake() -> Land:
    aws = FakeAws()

    def reached(holds: Callable[[], T]) -> T:
        for _ in range(50):
            if found := holds():
                return found
            aws.tick()
        raise AssertionError(f"{holds} did not come true within 50 ticks")

    aws.stacks.impossible = TAKEN
    image = "127.0.0.1:4566/empty@sha256:" + "0" * 64
    return Land(
        stacks=aws.stacks,
        services=aws.services,
        secrets=aws.secrets,
        image=image,
        roles=("arn:execution", "arn:task"),
        read_secret=lambda arn, version: aws.secrets.values[arn][version],
        until=reached,
    )


def local(running: LocalAws) -> Land:
    aws = Aws(region="us-east-1", endpoint_url=f"http://127.0.0.1:{running.port}")
    seed = json.loads(running.get("/_local/seed"))

    logs = aws.client("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=TAKEN)
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=LOGS)

    def read(arn: str, version: str) -> Mapping[str, str]:
        found = aws.client("secretsmanager").get_secret_value(SecretId=arn, VersionId=version)
        values: Mapping[str, str] = json.loads(found["SecretString"])
        return values

    return Land(
        stacks=CloudFormationStacks(aws.client("cloudformation")),
        services=EcsServices(aws.client("ecs"), seed["cluster"]),
        secrets=ManagedSecrets(aws.client("secretsmanager")),
        image=push_image(running.port),
        roles=(seed["execution_role_arn"], seed["task_role_arn"]),
        read_secret=read,
        until=lambda holds: until(holds, 30),
    )
