"""A revision with its values: parameters, conditions, and what exists by now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.cloudformation import parameters
from localaws.cloudformation.intrinsics import Resolver, imports, text
from localaws.cloudformation.properties import check, coerce
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.stack import Revision, Stack
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError
from localaws.world import World


@dataclass(frozen=True)
class Evaluation:
    world: World
    stack: Stack
    revision: Revision
    resources: Mapping[str, Resource]  # as they come to be, live
    exports: Callable[[str], str]  # the value of an export by its name

    @property
    def order(self) -> list[str]:
        """The logical ids that this revision has, dependencies first."""
        template = self.revision.template
        return [name for name in template.order if self._present(template.resources[name])]

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Resolved, in their types, with the stack's tags; AwsError if they cannot be."""
        declared = self.revision.template.resources[logical_id]
        kind = TYPES[declared["Type"]]
        resolved = self._resolver.resolve(declared.get("Properties", {}))
        found: dict[str, Any] = coerce(resolved, kind.schema)
        check(found, kind.schema)
        return kind.tagged(found, self.revision.tags)

    def exported(self) -> dict[str, str]:
        """The outputs that are exported: their names there, by their own."""
        return {
            name: text(self._resolver.resolve(output["Export"]["Name"]))
            for name, output in self.revision.template.outputs.items()
            if "Export" in output and self._present(output)
        }

    def imported(self) -> set[str]:
        """The names of the exports that this revision reads."""
        asked = [self.revision.template.resources[name].get("Properties") for name in self.order]
        asked += [o.get("Value") for o in self.revision.template.outputs.values()]
        return {text(self._resolver.resolve(name)) for name in imports(asked)}

    def outputs(self) -> dict[str, str]:
        return {
            name: text(self._resolver.resolve(output["Value"]))
            for name, output in self.revision.template.outputs.items()
            if self._present(output)
        }

    @property
    def _resolver(self) -> Resolver:
        return Resolver(
            self._ref,
            self._get_att,
            self._condition,
            self.exports,
            self.revision.template.mappings,
            self.world.region,
        )

    def _present(self, member: Mapping[str, Any]) -> bool:
        return "Condition" not in member or self._condition(member["Condition"])

    def _ref(self, name: str) -> str | list[str]:
        declared = self.revision.template.parameters.get(name)
        if declared is not None:
            return parameters.typed(self.revision.value(name), declared)
        pseudo = self._pseudo.get(name)
        return pseudo if pseudo is not None else self._resource(name).physical_id

    def _get_att(self, name: str, attribute: str) -> Any:  # noqa: ANN401 (a template's JSON)
        return self._resource(name).attributes[attribute]

    def _condition(self, name: str) -> bool:
        declared = self.revision.template.conditions.get(name)
        if declared is None:
            raise AwsError("ValidationError", f"Template error: unresolved condition {name}")
        return self._resolver.holds(declared)

    def _resource(self, name: str) -> Resource:
        found = self.resources.get(name)
        if found is None:
            raise AwsError("ValidationError", f"Unresolved resource dependencies [{name}]")
        return found

    @property
    def _pseudo(self) -> dict[str, str | list[str]]:
        return {
            "AWS::AccountId": self.world.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": self.world.region,
            "AWS::StackId": self.stack.id,
            "AWS::StackName": self.stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
