"""The API of CloudFormation: every call answers at once, the work goes on behind it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation import capabilities, change_set, deployment, requests
from localaws.cloudformation.change_sets import ChangeSets
from localaws.cloudformation.news import News
from localaws.cloudformation.queries import Queries
from localaws.cloudformation.runs import Runs
from localaws.cloudformation.stack import Doing, Revision, Stack, Undo
from localaws.cloudformation.stacks import Stacks
from localaws.wire import AwsError
from localaws.world import Operation, World

Params = dict[str, Any]

_ASKED = {"StackName", "TemplateBody", "TemplateURL", "Parameters", "Tags", "ClientRequestToken"}
_ASKED |= {"Capabilities", "DisableRollback", "DeploymentConfig", "RoleARN"}
_ASKED |= {"RetainExceptOnCreate"}


class CloudFormation:
    def __init__(self, world: World) -> None:
        self._world = world
        self._stacks = Stacks()
        self._news = News(world)
        self._runs = Runs(world, self._news)
        self._changes = ChangeSets(world, self._stacks, self._news, self._carry_out)

    @property
    def state(self) -> Stacks:
        return self._stacks

    @state.setter
    def state(self, kept: Stacks) -> None:
        self._stacks.become(kept)

    def operations(self) -> Mapping[str, Operation]:
        queries, changes = Queries(self._world, self._stacks), self._changes
        return {
            "CreateStack": self.create_stack,
            "UpdateStack": self.update_stack,
            "DeleteStack": self.delete_stack,
            "CancelUpdateStack": self.cancel_update_stack,
            "ContinueUpdateRollback": self.continue_update_rollback,
            "RollbackStack": self.rollback_stack,
            "UpdateTerminationProtection": self.update_termination_protection,
            "CreateChangeSet": changes.create,
            "DescribeChangeSet": changes.describe,
            "ListChangeSets": changes.list_,
            "ExecuteChangeSet": changes.execute,
            "DeleteChangeSet": changes.delete,
            "DescribeStacks": queries.describe_stacks,
            "DescribeStackEvents": queries.describe_stack_events,
            "DescribeStackResource": queries.describe_stack_resource,
            "DescribeStackResources": queries.describe_stack_resources,
            "ListStackResources": queries.list_stack_resources,
            "ListStacks": queries.list_stacks,
            "ListExports": queries.list_exports,
            "ListImports": queries.list_imports,
            "GetTemplate": queries.get_template,
            "GetTemplateSummary": queries.get_template_summary,
            "ValidateTemplate": queries.validate_template,
        }

    async def stop(self) -> None:
        """Stacks stay where they are."""
        await self._runs.stop()
        await self._changes.stop()
        await self._news.stop()

    async def resume(self) -> None:
        """Operations go on from where their stacks are."""
        self._runs.resume(self._stacks)
        self._changes.resume()

    async def create_stack(self, params: Params) -> Params:
        requests.check_modelled("CreateStack", params, _ASKED | requests.ONLY_WHEN_CREATED)
        deployment.check(params)
        name = params["StackName"]
        requests.check_name(name)
        existing = self._stacks.live(name)
        if existing is not None:
            repeated = requests.repeated(existing, "CreateStack", params)
            if repeated is None:
                raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
            return repeated
        revision = await requests.revision(self._world, params, None)
        capabilities.check(revision.template, params.get("Capabilities", []))
        if self._stacks.live(name) is not None:  # made while SSM or S3 was asked
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = Stack(
            id=self._world.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}"),
            name=name,
            revision=revision,
            created_at=self._world.clock.now(),
            disable_rollback=deployment.keeps_what_failed(params),
            deployment=deployment.config(params),
            on_failure=params.get("OnFailure", ""),
            capabilities=params.get("Capabilities", []),
            role_arn=params.get("RoleARN", ""),
            timeout_minutes=params.get("TimeoutInMinutes"),
            protected=params.get("EnableTerminationProtection", False),
        )
        self._stacks.add(stack)
        on_failure = "DO_NOTHING" if stack.disable_rollback else params.get("OnFailure", "ROLLBACK")
        doing = Doing(on_failure, express=deployment.express(stack.deployment))
        doing.timeout_minutes = stack.timeout_minutes
        doing.retains_only_older = params.get("RetainExceptOnCreate", False)
        stack.undo = Undo(None)
        self._enter(stack, doing, params.get("ClientRequestToken", ""), "CREATE_IN_PROGRESS")
        return requests.remember(stack, "CreateStack", params, {"StackId": stack.id})

    async def update_stack(self, params: Params) -> Params:
        requests.check_modelled("UpdateStack", params, _ASKED | {"UsePreviousTemplate"})
        deployment.check(params)
        stack = self._stacks.known(params["StackName"])
        repeated = requests.repeated(stack, "UpdateStack", params)
        if repeated is not None:
            return repeated
        target = await requests.revision(self._world, params, stack.revision)
        keeps = deployment.keeps_what_failed(params)
        requests.check_updatable(stack)
        deployment.check_mode(stack, deployment.config(params))
        deployment.check_going_on(stack, keeps=keeps)
        if requests.same(target, stack.revision) and stack.undo is None:
            raise AwsError("ValidationError", "No updates are to be performed.")
        requests.check_types(stack, target.template)
        capabilities.check(target.template, params.get("Capabilities", []))
        stack.capabilities = params.get("Capabilities", [])
        stack.role_arn = params.get("RoleARN", stack.role_arn)
        stack.deployment = deployment.config(params)
        on_failure = "DO_NOTHING" if keeps else "ROLLBACK"
        doing = Doing(on_failure, express=deployment.express(stack.deployment))
        doing.retains_only_older = params.get("RetainExceptOnCreate", False)
        self._update(stack, target, doing, params.get("ClientRequestToken", ""))
        change_set.overtaken(stack)
        return requests.remember(stack, "UpdateStack", params, {"StackId": stack.id})

    def delete_stack(self, params: Params) -> Params:
        """Of a stack that does not exist: a success, as on AWS."""
        requests.check_modelled("DeleteStack", params, requests.OF_A_DELETION)
        stack = self._stacks.maybe(params["StackName"])
        if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return {}
        if requests.repeated(stack, "DeleteStack", params) is not None:
            return {}
        requests.check_deletable(stack)
        requests.check_forced(stack, params)
        doing = Doing(express=deployment.express(deployment.config(params)))
        doing.retained = requests.retained(stack, params.get("RetainResources", []))
        doing.forced = params.get("DeletionMode") == "FORCE_DELETE_STACK"
        self._delete(stack, doing, params.get("ClientRequestToken", ""))
        return requests.remember(stack, "DeleteStack", params, {})

    def cancel_update_stack(self, params: Params) -> Params:
        stack = self._stacks.find(params["StackName"])
        if requests.repeated(stack, "CancelUpdateStack", params) is not None:
            return {}
        if stack.status != "UPDATE_IN_PROGRESS":
            raise AwsError(
                "ValidationError", "CancelUpdateStack cannot be called from current stack status"
            )
        if stack.doing:
            stack.doing.cancelled = True
        self._runs.interrupt(stack, "cancel")
        return requests.remember(stack, "CancelUpdateStack", params, {})

    def continue_update_rollback(self, params: Params) -> Params:
        requests.check_modelled("ContinueUpdateRollback", params, requests.OF_A_ROLLBACK)
        stack = self._stacks.find(params["StackName"])
        if requests.repeated(stack, "ContinueUpdateRollback", params) is not None:
            return {}
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise AwsError(
                "ValidationError",
                f"Stack:{stack.id} is in {stack.status} state and can not continue rollback.",
            )
        skipped = requests.skippable(stack, params)
        stack.undo = stack.undo or Undo(stack.revision)
        stack.undo.skipped |= skipped
        stack.role_arn = params.get("RoleARN", stack.role_arn)
        token = params.get("ClientRequestToken", "")
        self._enter(stack, Doing(), token, "UPDATE_ROLLBACK_IN_PROGRESS")
        return requests.remember(stack, "ContinueUpdateRollback", params, {})

    def rollback_stack(self, params: Params) -> Params:
        requests.check_modelled("RollbackStack", params, requests.OF_A_RETURN)
        stack = self._stacks.find(params["StackName"])
        repeated = requests.repeated(stack, "RollbackStack", params)
        if repeated is not None:
            return repeated
        entered = {"CREATE_FAILED": "ROLLBACK", "UPDATE_FAILED": "UPDATE_ROLLBACK"}
        if stack.status not in entered:
            raise AwsError(
                "ValidationError",
                f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.",
            )
        deployment.check_rollback(stack)
        doing = Doing(express=deployment.express(deployment.config(params)))
        doing.retains_only_older = params.get("RetainExceptOnCreate", False)
        status = f"{entered[stack.status]}_IN_PROGRESS"
        if stack.way_back.previous is None:
            status = "ROLLBACK_IN_PROGRESS"  # there is no stable state to go back to
        self._enter(stack, doing, params.get("ClientRequestToken", ""), status)
        return requests.remember(stack, "RollbackStack", params, {"StackId": stack.id})

    def update_termination_protection(self, params: Params) -> Params:
        stack = self._stacks.find(params["StackName"])
        if stack.status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
            sentence = f"Stack [{stack.name}] is in {stack.status} state and cannot be protected"
            raise AwsError("ValidationError", sentence)
        stack.protected = params["EnableTerminationProtection"]
        return {"StackId": stack.id}

    def _carry_out(self, stack: Stack, target: Revision, doing: Doing, token: str) -> None:
        """What a change set stands for: a creation under review, or an update."""
        if stack.status == "REVIEW_IN_PROGRESS":
            stack.revision, stack.undo = target, Undo(None)
            self._enter(stack, doing, token, "CREATE_IN_PROGRESS")
            return
        requests.check_updatable(stack)
        self._update(stack, target, doing, token)

    def _update(self, stack: Stack, target: Revision, doing: Doing, token: str) -> None:
        stack.updated_at = self._world.clock.now()
        if stack.undo is None:  # else an update that failed is still to be taken back
            stack.undo = Undo(stack.revision)
        stack.revision = target
        self._enter(stack, doing, token, "UPDATE_IN_PROGRESS")

    def _delete(self, stack: Stack, doing: Doing, token: str) -> None:
        status, reason = stack.status, self._stacks.exports.refusal(stack.id, {})
        if reason:  # the stack is as it was, and says why
            stack.token = token
            stack.enter(self._world.clock.now(), status, f"Delete canceled. {reason}")
            self._news.stack_changed(stack)
            return
        self._runs.interrupt(stack, "delete")
        self._enter(stack, doing, token, "DELETE_IN_PROGRESS")

    def _enter(self, stack: Stack, doing: Doing, token: str, status: str) -> None:
        now = self._world.clock.now()
        stack.doing, stack.token, doing.since = doing, token, now
        stack.enter(now, status, "User Initiated")
        self._news.stack_changed(stack)
        self._runs.begin(self._stacks, stack)
