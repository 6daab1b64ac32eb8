"""What stacks export, and which stacks import it: names are unique, and held while imported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from localaws.wire import AwsError


@dataclass
class Exports:
    values: dict[str, str] = field(default_factory=dict)  # by export name
    owners: dict[str, str] = field(default_factory=dict)  # stack ids, by export name
    readers: dict[str, dict[str, str]] = field(default_factory=dict)  # id → name, by export name

    def value(self, name: str) -> str:
        if name not in self.values:
            raise AwsError("ValidationError", f"No export named {name} found")
        return self.values[name]

    def refusal(self, stack_id: str, wanted: Mapping[str, str]) -> str:
        """Why the stack's exports may not become these (values by name), or an empty string."""
        for name in wanted:
            if self.owners.get(name, stack_id) != stack_id:
                owner = self.owners[name].split("/")[1]
                return f"Export with name {name} is already exported by stack {owner}"
        for name in [name for name, owner in self.owners.items() if owner == stack_id]:
            users = ", ".join(sorted(self.readers.get(name, {}).values()))
            if users and name not in wanted:
                return f"Cannot delete export {name} as it is in use by {users}."
            if users and wanted[name] != self.values[name]:
                return f"Cannot update export {name} as it is in use by {users}."
        return ""

    def publish(self, stack_id: str, wanted: Mapping[str, str]) -> None:
        """Allowed ones only: see `refusal`."""
        for name in [name for name, owner in self.owners.items() if owner == stack_id]:
            del self.values[name], self.owners[name]
        self.values |= wanted
        self.owners |= dict.fromkeys(wanted, stack_id)

    def read(self, stack_id: str, stack_name: str, names: Collection[str]) -> None:
        """From now on the stack imports these, and only these."""
        for users in self.readers.values():
            users.pop(stack_id, None)
        for name in names:
            self.readers.setdefault(name, {})[stack_id] = stack_name
        self.readers = {name: users for name, users in self.readers.items() if users}
