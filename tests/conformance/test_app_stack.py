"""The platform's own template of an app, from its creation to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.stacks.app_stack import AppStack, WebRoute, body, render
from tests.conformance.conftest import Aws, Client, Place, until
from tests.conformance.ledger import fact

GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
TEMPLATES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"


class Stack:
    """The app's, of a web process type."""

    def __init__(self, aws: Aws, place: Place, name: str) -> None:
        self._aws, self._cfn = aws, aws.client("cloudformation")
        self.name = name
        self.asked = AppStack(
            name=name,
            app_id=name,
            web=WebRoute(
                target_group=f"{name}-web",
                listener_arn=place.listener_arn,
                priority=int(name[1:5], 16) % 40000 + 1,
                host=f"{name}.example.com",
                vpc_id=place.vpc_id,
                drain_seconds=5,
            ),
        )

    def web(self, **changes: object) -> None:
        assert self.asked.web
        self.asked = replace(self.asked, web=replace(self.asked.web, **changes))  # type: ignore[arg-type]

    def create(self) -> str:
        self._cfn.create_stack(StackName=self.name, TemplateBody=body(render(self.asked)))
        return self.ended()

    def update(self) -> str:
        self._cfn.update_stack(StackName=self.name, TemplateBody=body(render(self.asked)))
        return self.ended()

    def ended(self) -> str:
        def terminal() -> str:
            status = str(self.described()["StackStatus"])
            return "" if status.endswith("IN_PROGRESS") else status

        return until(terminal)

    def described(self) -> dict[str, Any]:
        return dict(self._cfn.describe_stacks(StackName=self.name)["Stacks"][0])

    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.described()["Outputs"]}

    def group(self) -> Client:
        arn = self.outputs()["WebTargetGroup"]
        found = self._aws.client("elbv2").describe_target_groups(TargetGroupArns=[arn])
        return found["TargetGroups"][0]

    def delete(self) -> None:
        self._cfn.delete_stack(StackName=self.name)
        until(self.gone)

    def gone(self) -> bool:
        try:
            return str(self.described()["StackStatus"]) == "DELETE_COMPLETE"
        except ClientError as error:
            return "does not exist" in str(error)

    def left(self) -> list[str]:
        """What there still is of its name, in any service."""
        secrets = self._aws.client("secretsmanager")
        named = [{"Key": "name", "Values": [self.name]}]
        found = [
            *self._log_groups(),
            *secrets.list_secrets(Filters=named)["SecretList"],
            *self._repositories(),
            *self._groups(),
        ]
        return [str(one) for one in found]

    def _log_groups(self) -> list[str]:
        pages = self._aws.client("logs").get_paginator("describe_log_groups").paginate()
        names = [one["logGroupName"] for page in pages for one in page["logGroups"]]
        return [one for one in names if self.name in one]

    def _repositories(self) -> list[str]:
        pages = self._aws.client("ecr").get_paginator("describe_repositories").paginate()
        names = [one["repositoryName"] for page in pages for one in page["repositories"]]
        return [one for one in names if self.name in one]

    def _groups(self) -> list[str]:
        pages = self._aws.client("elbv2").get_paginator("describe_target_groups").paginate()
        names = [one["TargetGroupName"] for page in pages for one in page["TargetGroups"]]
        return [one for one in names if self.name in one]


@pytest.fixture
def stack(aws: Aws, place: Place, name: str) -> Iterator[Stack]:
    made = Stack(aws, place, name)
    yield made
    made.delete()


@fact(
    "Created and deleted, a stack leaves nothing behind.", GUIDE + "cfn-console-delete-stack.html"
)
def test_an_apps_stack_comes_and_goes(stack: Stack) -> None:
    assert stack.create() == "CREATE_COMPLETE"
    assert set(stack.outputs()) == {"Repository", "LogGroup", "ConfigArn", "WebTargetGroup"}
    assert stack.left() != []

    stack.delete()

    assert stack.left() == []


@fact(
    "A target group's name is create-only: a new one makes a new group, to which the rule moves "
    "before the old one is deleted.",
    TEMPLATES + "aws-resource-elasticloadbalancingv2-targetgroup.html",
)
def test_an_apps_target_group_is_replaced(stack: Stack, aws: Aws, place: Place) -> None:
    stack.create()
    before = stack.outputs()["WebTargetGroup"]
    stack.web(target_group=f"{stack.name}-new", drain_seconds=7)

    assert stack.update() == "UPDATE_COMPLETE"

    after = stack.group()
    assert after["TargetGroupArn"] != before
    assert after["LoadBalancerArns"] != []  # a rule leads to it
    with pytest.raises(ClientError, match="not found"):
        aws.client("elbv2").describe_target_groups(TargetGroupArns=[before])


@fact(
    "A rule whose priority is taken fails the update, and everything is as it was.",
    GUIDE + "using-cfn-updating-stacks-update-behaviors.html",
)
def test_an_apps_stack_rolls_back(stack: Stack, aws: Aws, place: Place) -> None:
    stack.create()
    before, asked = stack.group(), stack.asked.web
    assert asked
    taken = asked.priority + 1
    rule = _rule(aws, place, taken)
    try:
        stack.web(priority=taken, health_path="/other")
        ended = stack.update()
    finally:
        aws.client("elbv2").delete_rule(RuleArn=rule)

    assert ended == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.group() == before


@fact(
    "What is created when one resource fails is deleted again: ROLLBACK_COMPLETE.",
    GUIDE + "stack-failure-options.html",
)
def test_an_apps_stack_that_fails_leaves_nothing(stack: Stack, aws: Aws, place: Place) -> None:
    assert stack.asked.web
    rule = _rule(aws, place, stack.asked.web.priority)
    try:
        ended = stack.create()
    finally:
        aws.client("elbv2").delete_rule(RuleArn=rule)

    assert ended == "ROLLBACK_COMPLETE"
    assert stack.left() == []


def _rule(aws: Aws, place: Place, priority: int) -> str:
    fixed = {"StatusCode": "404"}
    made = aws.client("elbv2").create_rule(
        ListenerArn=place.listener_arn,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": ["/nowhere"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )
    return str(made["Rules"][0]["RuleArn"])
