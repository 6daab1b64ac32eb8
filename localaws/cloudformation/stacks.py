"""All stacks: by name while they live, by id also after."""

from localaws.cloudformation.stack import Stack
from localaws.wire import AwsError


class Stacks:
    def __init__(self) -> None:
        self._by_id: dict[str, Stack] = {}
        self._by_name: dict[str, Stack] = {}

    def add(self, stack: Stack) -> None:
        self._by_id[stack.id] = stack
        self._by_name[stack.name] = stack

    def live(self, name: str) -> Stack | None:
        """None for a name that was deleted: it is free again."""
        stack = self._by_name.get(name)
        return None if stack is None or stack.status == "DELETE_COMPLETE" else stack

    def maybe(self, name_or_id: str) -> Stack | None:
        return self._by_id.get(name_or_id) or self.live(name_or_id)

    def find(self, name_or_id: str) -> Stack:
        stack = self.maybe(name_or_id)
        if stack is None:
            raise AwsError("ValidationError", f"Stack with id {name_or_id} does not exist")
        return stack

    def all_live(self) -> list[Stack]:
        """Newest first."""
        return [stack for stack in self.everything() if stack.status != "DELETE_COMPLETE"]

    def everything(self) -> list[Stack]:
        return list(self._by_id.values())[::-1]
