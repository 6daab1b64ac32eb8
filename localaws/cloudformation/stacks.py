"""All stacks: by name while they live, by id also after. With the exports, the whole state."""

from __future__ import annotations

from dataclasses import dataclass, field

from localaws.cloudformation.exports import Exports
from localaws.cloudformation.stack import Stack
from localaws.wire import AwsError


@dataclass
class Stacks:
    by_id: dict[str, Stack] = field(default_factory=dict)
    by_name: dict[str, Stack] = field(default_factory=dict)
    exports: Exports = field(default_factory=Exports)

    def become(self, other: Stacks) -> None:
        self.by_id, self.by_name, self.exports = other.by_id, other.by_name, other.exports

    def add(self, stack: Stack) -> None:
        self.by_id[stack.id] = stack
        self.by_name[stack.name] = stack

    def forget(self, stack: Stack) -> None:
        del self.by_id[stack.id]
        if self.by_name.get(stack.name) is stack:
            del self.by_name[stack.name]

    def live(self, name: str) -> Stack | None:
        """None for a name that was deleted: it is free again."""
        stack = self.by_name.get(name)
        return None if stack is None or stack.status == "DELETE_COMPLETE" else stack

    def maybe(self, name_or_id: str) -> Stack | None:
        return self.by_id.get(name_or_id) or self.live(name_or_id)

    def find(self, name_or_id: str) -> Stack:
        stack = self.maybe(name_or_id)
        if stack is None:
            raise AwsError("ValidationError", f"Stack with id {name_or_id} does not exist")
        return stack

    def known(self, name_or_id: str) -> Stack:
        """As `find`, refused as UpdateStack and DescribeStackEvents do."""
        stack = self.maybe(name_or_id)
        if stack is None:
            raise AwsError("ValidationError", f"Stack [{name_or_id}] does not exist")
        return stack

    def all_live(self) -> list[Stack]:
        """Newest first."""
        return [stack for stack in self.everything() if stack.status != "DELETE_COMPLETE"]

    def everything(self) -> list[Stack]:
        return list(self.by_id.values())[::-1]
