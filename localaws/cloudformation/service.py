"""The API of CloudFormation: every call answers at once, the work goes on behind it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any

from localaws.cloudformation import requests, template
from localaws.cloudformation.engine import Operation as Work
from localaws.cloudformation.pages import page
from localaws.cloudformation.stack import UPDATABLE, Stack
from localaws.cloudformation.stacks import Stacks
from localaws.wire import AwsError
from localaws.world import Operation, World

Params = dict[str, Any]

_ASKED = {"StackName", "TemplateBody", "Parameters", "Tags", "ClientRequestToken", "Capabilities"}
_ASKED |= {"DisableRollback"}

_log = logging.getLogger(__name__)


class CloudFormation:
    def __init__(self, world: World) -> None:
        self._world = world
        self._stacks = Stacks()
        self._work: dict[str, asyncio.Task[None]] = {}  # by stack id

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateStack": self.create_stack,
            "UpdateStack": self.update_stack,
            "DeleteStack": self.delete_stack,
            "DescribeStacks": self.describe_stacks,
            "DescribeStackEvents": self.describe_stack_events,
            "DescribeStackResource": self.describe_stack_resource,
            "DescribeStackResources": self.describe_stack_resources,
            "ListStackResources": self.list_stack_resources,
            "ListStacks": self.list_stacks,
            "GetTemplate": self.get_template,
            "ValidateTemplate": self.validate_template,
        }

    async def stop(self) -> None:
        """Stacks stay where they are."""
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)

    def create_stack(self, params: Params) -> Params:
        requests.check_modelled("CreateStack", params, _ASKED | {"OnFailure"})
        name = params["StackName"]
        requests.check_name(name)
        existing = self._stacks.live(name)
        if existing is not None:
            repeated = requests.repeated(existing, "CreateStack", params)
            if repeated is None:
                raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
            return repeated
        stack = self._new(name, params)
        stack.enter("CREATE_IN_PROGRESS", "User Initiated")
        on_failure = "DO_NOTHING" if stack.disable_rollback else params.get("OnFailure", "ROLLBACK")
        self._begin(stack, Work(self._world, stack).create(on_failure))
        return requests.remember(stack, "CreateStack", params, {"StackId": stack.id})

    def update_stack(self, params: Params) -> Params:
        requests.check_modelled("UpdateStack", params, _ASKED | {"UsePreviousTemplate"})
        stack = self._stacks.find(params["StackName"])
        repeated = requests.repeated(stack, "UpdateStack", params)
        if repeated is not None:
            return repeated
        if stack.status not in UPDATABLE:
            sentence = f"Stack:{stack.id} is in {stack.status} state and can not be updated."
            raise AwsError("ValidationError", sentence)
        target = requests.revision(params, stack.revision)
        if requests.same(target, stack.revision):
            raise AwsError("ValidationError", "No updates are to be performed.")
        requests.check_types(stack, target.template)
        stack.token = params.get("ClientRequestToken", "")
        stack.updated_at = self._world.clock.now()
        previous, stack.revision = stack.revision, target
        stack.enter("UPDATE_IN_PROGRESS", "User Initiated")
        keep = params.get("DisableRollback", False)
        self._begin(stack, Work(self._world, stack).update(previous, disable_rollback=keep))
        return requests.remember(stack, "UpdateStack", params, {"StackId": stack.id})

    def delete_stack(self, params: Params) -> Params:
        """Of a stack that does not exist: a success, as on AWS."""
        requests.check_modelled(
            "DeleteStack", params, {"StackName", "ClientRequestToken", "RetainResources"}
        )
        stack = self._stacks.maybe(params["StackName"])
        if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return {}
        if requests.repeated(stack, "DeleteStack", params) is not None:
            return {}
        if stack.status.endswith("IN_PROGRESS") and stack.status != "CREATE_IN_PROGRESS":
            sentence = f"Stack [{stack.id}] cannot be deleted while in status {stack.status}"
            raise AwsError("ValidationError", sentence)
        retained = requests.retained(stack, params.get("RetainResources", []))
        stack.token = params.get("ClientRequestToken", "")
        stack.deletion_asked = True
        stack.enter("DELETE_IN_PROGRESS", "User Initiated")
        self._begin(stack, Work(self._world, stack).delete(retained))
        return requests.remember(stack, "DeleteStack", params, {})

    def describe_stacks(self, params: Params) -> Params:
        name = params.get("StackName")
        found = [self._stacks.find(name)] if name else self._stacks.all_live()
        shown, token = page(found, params.get("NextToken"))
        return {"Stacks": [stack.described() for stack in shown]} | token

    def describe_stack_events(self, params: Params) -> Params:
        events = self._stacks.find(params["StackName"]).events
        shown, token = page(events[::-1], params.get("NextToken"))
        return {"StackEvents": shown} | token

    def describe_stack_resources(self, params: Params) -> Params:
        stack = self._stacks.find(params.get("StackName") or self._holder(params))
        wanted = params.get("LogicalResourceId")
        shown = [s for name, s in stack.states.items() if wanted in (None, name)]
        return {"StackResources": shown}

    def describe_stack_resource(self, params: Params) -> Params:
        stack, name = self._stacks.find(params["StackName"]), params["LogicalResourceId"]
        if name not in stack.states:
            sentence = f"Resource {name} does not exist for stack {stack.name}"
            raise AwsError("ValidationError", sentence)
        return {"StackResourceDetail": _dated(stack.states[name])}

    def list_stack_resources(self, params: Params) -> Params:
        states = self._stacks.find(params["StackName"]).states
        shown, token = page(list(states.values()), params.get("NextToken"))
        return {"StackResourceSummaries": [_dated(state) for state in shown]} | token

    def list_stacks(self, params: Params) -> Params:
        wanted = params.get("StackStatusFilter")
        found = [s for s in self._stacks.everything() if not wanted or s.status in wanted]
        shown, token = page(found, params.get("NextToken"))
        return {"StackSummaries": [stack.summary() for stack in shown]} | token

    def get_template(self, params: Params) -> Params:
        requests.check_modelled("GetTemplate", params, {"StackName", "TemplateStage"})
        body = self._stacks.find(params.get("StackName", "")).revision.template.body
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    def validate_template(self, params: Params) -> Params:
        requests.check_modelled("ValidateTemplate", params, {"TemplateBody"})
        parsed = template.parse(params.get("TemplateBody", ""))
        shown = [
            {
                "ParameterKey": name,
                "DefaultValue": str(declared["Default"]) if "Default" in declared else None,
                "NoEcho": str(declared.get("NoEcho", "false")).lower() == "true",
                "Description": declared.get("Description"),
            }
            for name, declared in parsed.parameters.items()
        ]
        return {"Parameters": shown, "Description": parsed.description}

    def _new(self, name: str, params: Params) -> Stack:
        revision = requests.revision(params, None)
        stack = Stack(
            id=self._world.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}"),
            name=name,
            clock=self._world.clock,
            revision=revision,
            created_at=self._world.clock.now(),
            disable_rollback=params.get("DisableRollback", False),
            capabilities=params.get("Capabilities", []),
            token=params.get("ClientRequestToken", ""),
        )
        self._stacks.add(stack)
        return stack

    def _begin(self, stack: Stack, work: Coroutine[Any, Any, None]) -> None:
        before = self._work.get(stack.id)
        task = asyncio.get_running_loop().create_task(self._run(stack, work, before))
        self._work[stack.id] = task
        task.add_done_callback(lambda done: self._done(stack.id, done))

    async def _run(
        self, stack: Stack, work: Coroutine[Any, Any, None], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:  # a creation that was interrupted ends its resource first
            await asyncio.wait([before])
        try:
            await work
        except Exception as error:
            _log.exception("%s broke down in %s", stack.name, stack.status)
            status = stack.status.replace("_CLEANUP", "").replace("_COMPLETE", "")
            stack.enter(status.replace("IN_PROGRESS", "FAILED"), f"Internal Failure: {error!r}")

    def _done(self, stack_id: str, task: asyncio.Task[None]) -> None:
        if self._work.get(stack_id) is task:
            del self._work[stack_id]

    def _holder(self, params: Params) -> str:
        """The stack of a physical resource."""
        physical_id = params.get("PhysicalResourceId", "")
        for stack in self._stacks.all_live():
            if any(r.physical_id == physical_id for r in stack.resources.values()):
                return stack.id
        raise AwsError("ValidationError", f"Stack for {physical_id} does not exist")


def _dated(state: Params) -> Params:
    return state | {"LastUpdatedTimestamp": state["Timestamp"]}
