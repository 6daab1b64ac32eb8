"""The API of change sets: an operation written down, looked at, carried out or thrown away."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

from localaws.cloudformation import (
    capabilities,
    change_set,
    change_values,
    deployment,
    requests,
    shown,
)
from localaws.cloudformation.change_set import ChangeSet, Comparison
from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.news import News
from localaws.cloudformation.pages import page
from localaws.cloudformation.stack import Doing, Revision, Stack
from localaws.cloudformation.stacks import Stacks
from localaws.cloudformation.template import Template
from localaws.wire import AwsError
from localaws.world import World

Params = dict[str, Any]
CarryOut = Callable[[Stack, Revision, Doing, str], None]

_ASKED = {"StackName", "TemplateBody", "TemplateURL", "UsePreviousTemplate", "Parameters", "Tags"}
_ASKED |= {"Capabilities", "RoleARN", "ChangeSetName", "ClientToken", "Description"}
_ASKED |= {"ChangeSetType", "OnStackFailure", "DeploymentConfig"}
_EXECUTION = {"ChangeSetName", "StackName", "ClientRequestToken", "DisableRollback"}
_EXECUTION |= {"RetainExceptOnCreate"}
_NOTHING_YET = Template("", {"Resources": {}})


class ChangeSets:
    def __init__(self, world: World, stacks: Stacks, news: News, carry_out: CarryOut) -> None:
        self._world, self._stacks = world, stacks
        self._news, self._carry_out = news, carry_out
        self._work: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def resume(self) -> None:
        for stack in self._stacks.all_live():
            for one in stack.change_sets.values():
                if one.status in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                    self._begin(stack, one)

    async def create(self, params: Params) -> Params:
        requests.check_modelled("CreateChangeSet", params, _ASKED)
        deployment.check(params)
        name, kind = params["ChangeSetName"], params.get("ChangeSetType", "UPDATE")
        if kind == "IMPORT":
            raise AwsError(
                "UnsupportedOperation",
                "cloudformation.CreateChangeSet: ChangeSetType IMPORT is not modelled by the "
                "local AWS",
                status=501,
            )
        stack = self._under_review(params) if kind == "CREATE" else self._existing(params)
        previous = None if kind == "CREATE" else stack.revision if stack else None
        if stack is not None:
            deployment.check_mode(stack, deployment.config(params))
        revision = await requests.revision(self._world, params, previous)
        capabilities.check(revision.template, params.get("Capabilities", []))
        if stack is None:
            stack = self._begin_review(params)
        if repeated := _repeated(stack, name, params):
            return repeated
        made = self._make(params, kind, revision)
        stack.change_sets[name] = made
        self._begin(stack, made)
        return {"Id": made.arn, "StackId": stack.id}

    def describe(self, params: Params) -> Params:
        requests.check_modelled(
            "DescribeChangeSet",
            params,
            {"ChangeSetName", "StackName", "NextToken", "IncludePropertyValues"},
        )
        stack, found = self._find(params)
        valued = params.get("IncludePropertyValues", False)
        changes, token = page(found.changes, params.get("NextToken"))
        given = [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in shown.given(found.revision).items()
        ]
        return (
            change_set.summary(stack, found)
            | {
                "Parameters": given,
                "NotificationARNs": [],
                "RollbackConfiguration": {},
                "Capabilities": found.capabilities,
                "Tags": [{"Key": k, "Value": v} for k, v in found.revision.tags.items()],
                "Changes": [one if valued else change_values.without(one) for one in changes],
            }
            | ({"OnStackFailure": found.on_failure} if found.on_failure else {})
            | ({"DeploymentConfig": found.deployment} if found.deployment else {})
            | token
        )

    def list_(self, params: Params) -> Params:
        stack = self._stacks.find(params["StackName"])
        some, token = page(list(stack.change_sets.values()), params.get("NextToken"))
        return {"Summaries": [change_set.summary(stack, one) for one in some]} | token

    def execute(self, params: Params) -> Params:
        requests.check_modelled(
            "ExecuteChangeSet",
            params,
            _EXECUTION,
        )
        stack, found = self._find(params)
        if requests.repeated(stack, "ExecuteChangeSet", params) is not None:
            return {}
        if found.execution != "AVAILABLE":
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{found.arn}] cannot be executed in its current execution status of "
                f"[{found.execution}]",
            )
        if found.on_failure and "DisableRollback" in params:
            sentence = (
                "DisableRollback cannot be specified when the change set was created with "
                "OnStackFailure."
            )
            raise AwsError("ValidationError", sentence)
        keeps = deployment.keeps_what_failed({"DeploymentConfig": found.deployment} | params)
        deployment.check_going_on(stack, keeps=keeps)
        on_failure = "DO_NOTHING" if keeps else found.on_failure or "ROLLBACK"
        doing = Doing(on_failure, express=deployment.express(found.deployment))
        doing.retains_only_older = params.get("RetainExceptOnCreate", False)
        token = params.get("ClientRequestToken", "")
        self._carry_out(stack, found.revision, doing, token)
        stack.change_set, stack.capabilities = found.arn, found.capabilities
        stack.deployment = found.deployment
        found.execution = "EXECUTE_IN_PROGRESS"
        stack.change_sets = {found.name: found}  # the others are of a stack that is no more
        return requests.remember(stack, "ExecuteChangeSet", params, {})

    def delete(self, params: Params) -> Params:
        """Of one that does not exist: a success. The stack under review stays."""
        name = params["ChangeSetName"]
        for stack in self._holders(params):
            for key, one in list(stack.change_sets.items()):
                if name in (key, one.arn):
                    del stack.change_sets[key]
        return {}

    def _existing(self, params: Params) -> Stack:
        stack = self._stacks.find(params["StackName"])
        requests.check_updatable(stack)
        return stack

    def _under_review(self, params: Params) -> Stack | None:
        requests.check_name(params["StackName"])
        stack = self._stacks.live(params["StackName"])
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            sentence = f"Stack [{stack.name}] already exists and cannot be created again with "
            raise AwsError(
                "ValidationError", f"{sentence}the changeSet [{params['ChangeSetName']}]."
            )
        return stack

    def _begin_review(self, params: Params) -> Stack:
        name, now = params["StackName"], self._world.clock.now()
        stack = Stack(
            id=self._world.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}"),
            name=name,
            revision=Revision(_NOTHING_YET, {}, {}),
            created_at=now,
            role_arn=params.get("RoleARN", ""),
        )
        self._stacks.add(stack)
        stack.enter(now, "REVIEW_IN_PROGRESS", "User Initiated")
        self._news.stack_changed(stack)
        return stack

    def _make(self, params: Params, kind: str, revision: Revision) -> ChangeSet:
        name = params["ChangeSetName"]
        path = f"changeSet/{name}/{uuid.uuid4()}"
        return ChangeSet(
            arn=self._world.arn("cloudformation", path),
            name=name,
            kind=kind,
            created_at=self._world.clock.now(),
            revision=revision,
            description=params.get("Description", ""),
            capabilities=params.get("Capabilities", []),
            on_failure=params.get("OnStackFailure", ""),
            deployment=deployment.config(params),
            token=params.get("ClientToken", ""),
        )

    def _begin(self, stack: Stack, made: ChangeSet) -> None:
        work = asyncio.get_running_loop().create_task(self._bring_about(stack, made))
        self._work.add(work)
        work.add_done_callback(self._work.discard)

    async def _bring_about(self, stack: Stack, made: ChangeSet) -> None:
        await asyncio.sleep(0)  # the answer goes first
        made.status = "CREATE_IN_PROGRESS"
        await self._world.clock.sleep(self._world.stack_resource_seconds)
        try:
            self._compare(stack, made)
        except AwsError as error:
            made.status, made.reason = "FAILED", error.message

    def _compare(self, stack: Stack, made: ChangeSet) -> None:
        previous = None if made.kind == "CREATE" else stack.revision
        exports = self._stacks.exports.value
        wanted = Evaluation(self._world, stack, made.revision, stack.resources, exports)
        made.changes = Comparison(previous, wanted, stack.resources).changes()
        if previous is not None and requests.same(made.revision, previous):
            made.status, made.reason = "FAILED", change_set.NOTHING
        else:
            made.status, made.execution = "CREATE_COMPLETE", "AVAILABLE"

    def _find(self, params: Params) -> tuple[Stack, ChangeSet]:
        """By its ARN, or by its name and its stack's."""
        asked = params["ChangeSetName"]
        for stack in self._holders(params):
            for name, one in stack.change_sets.items():
                if asked in (name, one.arn):
                    return stack, one
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{asked}] does not exist", status=404)

    def _holders(self, params: Params) -> list[Stack]:
        if name := params.get("StackName"):
            return [self._stacks.find(name)]
        if not params["ChangeSetName"].startswith("arn:"):
            raise AwsError(
                "ValidationError",
                "StackName must be specified if ChangeSetName is not specified as an ARN.",
            )
        return self._stacks.all_live()


def _repeated(stack: Stack, name: str, params: Params) -> Params | None:
    present = stack.change_sets.get(name)
    if present is None:
        return None
    if present.token and present.token == params.get("ClientToken"):
        return {"Id": present.arn, "StackId": stack.id}
    raise AwsError("AlreadyExistsException", f"ChangeSet {name} already exists")
