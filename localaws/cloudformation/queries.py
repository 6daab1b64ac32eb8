"""What can be asked about stacks."""

from __future__ import annotations

import json
from typing import Any

from localaws.cloudformation import bodies, capabilities, requests, shown
from localaws.cloudformation.pages import SIZE, page
from localaws.cloudformation.stacks import Stacks
from localaws.cloudformation.template import Template
from localaws.wire import AwsError
from localaws.world import World

Params = dict[str, Any]


class Queries:
    def __init__(self, world: World, stacks: Stacks) -> None:
        self._world, self._stacks = world, stacks

    def describe_stacks(self, params: Params) -> Params:
        name = params.get("StackName")
        found = [self._stacks.find(name)] if name else self._stacks.all_live()
        some, token = page(found, params.get("NextToken"))
        return {"Stacks": [shown.stack(stack) for stack in some]} | token

    def describe_stack_events(self, params: Params) -> Params:
        stack = self._stacks.known(params["StackName"])
        some, token = page(stack.events[::-1], params.get("NextToken"))
        return {"StackEvents": [shown.event(stack, event) for event in some]} | token

    def describe_stack_resources(self, params: Params) -> Params:
        """The first hundred; ListStackResources has pages."""
        stack = self._stacks.find(params.get("StackName") or self._holder(params))
        wanted = params.get("LogicalResourceId")
        states = [s for name, s in stack.states.items() if wanted in (None, name)][:SIZE]
        return {"StackResources": [shown.resource(stack, state) for state in states]}

    def describe_stack_resource(self, params: Params) -> Params:
        stack, name = self._stacks.find(params["StackName"]), params["LogicalResourceId"]
        if name not in stack.states:
            sentence = f"Resource {name} does not exist for stack {stack.name}"
            raise AwsError("ValidationError", sentence)
        return {"StackResourceDetail": shown.resource(stack, stack.states[name])}

    def list_stack_resources(self, params: Params) -> Params:
        stack = self._stacks.find(params["StackName"])
        some, token = page(list(stack.states.values()), params.get("NextToken"))
        return {"StackResourceSummaries": [shown.resource(stack, state) for state in some]} | token

    def list_stacks(self, params: Params) -> Params:
        wanted = params.get("StackStatusFilter")
        found = [s for s in self._stacks.everything() if not wanted or s.status in wanted]
        some, token = page(found, params.get("NextToken"))
        return {"StackSummaries": [shown.summary(stack) for stack in some]} | token

    def list_exports(self, params: Params) -> Params:
        exports = self._stacks.exports
        some, token = page(sorted(exports.values), params.get("NextToken"))
        found = [
            {"ExportingStackId": exports.owners[name], "Name": name, "Value": exports.values[name]}
            for name in some
        ]
        return {"Exports": found} | token

    def list_imports(self, params: Params) -> Params:
        name = params["ExportName"]
        users = self._stacks.exports.readers.get(name, {})
        if not users:
            raise AwsError("ValidationError", f"Export '{name}' is not imported by any stack.")
        some, token = page(sorted(users.values()), params.get("NextToken"))
        return {"Imports": list(some)} | token

    def get_template(self, params: Params) -> Params:
        requests.check_modelled(
            "GetTemplate", params, {"StackName", "ChangeSetName", "TemplateStage"}
        )
        stack = self._stacks.find(params.get("StackName", ""))
        revision = stack.revision
        if name := params.get("ChangeSetName"):
            if name not in stack.change_sets:
                raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
            revision = stack.change_sets[name].revision
        stages = ["Original", "Processed"]
        return {"TemplateBody": revision.template.body, "StagesAvailable": stages}

    async def validate_template(self, params: Params) -> Params:
        parsed = await bodies.find(self._world, params, None)
        declared = [
            {name: value for name, value in one.items() if name in _DECLARED}
            for one in _parameters(parsed)
        ]
        return {"Parameters": declared, "Description": parsed.description} | _needs(parsed)

    async def get_template_summary(self, params: Params) -> Params:
        requests.check_modelled(
            "GetTemplateSummary", params, {"StackName", "TemplateBody", "TemplateURL"}
        )
        if name := params.get("StackName"):
            parsed = self._stacks.find(name).revision.template
        else:
            parsed = await bodies.find(self._world, params, None)
        summary: Params = {
            "Parameters": _parameters(parsed),
            "Description": parsed.description,
            "ResourceTypes": sorted({one["Type"] for one in parsed.resources.values()}),
            "Version": parsed.document.get("AWSTemplateFormatVersion"),
            "DeclaredTransforms": [],
        }
        if "Metadata" in parsed.document:
            summary["Metadata"] = json.dumps(parsed.document["Metadata"])
        return {k: v for k, v in summary.items() if v is not None} | _needs(parsed)

    def _holder(self, params: Params) -> str:
        """The stack of a physical resource."""
        physical_id = params.get("PhysicalResourceId", "")
        for stack in self._stacks.all_live():
            if any(r.physical_id == physical_id for r in stack.resources.values()):
                return stack.id
        raise AwsError("ValidationError", f"Stack for {physical_id} does not exist")


_DECLARED = {"ParameterKey", "DefaultValue", "NoEcho", "Description"}
_CONSTRAINTS = {"AllowedValues"}


def _parameters(parsed: Template) -> list[Params]:
    return [
        {
            "ParameterKey": name,
            "ParameterType": declared["Type"],
            "NoEcho": shown.hidden(declared),
            "ParameterConstraints": {
                key: [str(one) for one in declared[key]] for key in _CONSTRAINTS & declared.keys()
            },
            **({"DefaultValue": str(declared["Default"])} if "Default" in declared else {}),
            **({"Description": declared["Description"]} if "Description" in declared else {}),
        }
        for name, declared in parsed.parameters.items()
    ]


def _needs(parsed: Template) -> Params:
    wanted, reason = capabilities.needed(parsed)
    return {"Capabilities": wanted} | ({"CapabilitiesReason": reason} if wanted else {})
