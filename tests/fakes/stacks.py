"""CloudFormation in memory: a change takes one tick, and fails where a test wants it to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.observed import StackState
from app.gateways.cloudformation import TEMPLATE_TAG
from tests.fakes.refusing import no
from tests.fakes.secrets import FakeSecrets


@dataclass
class _Attempt:
    ends: StackState | None
    secret: str = ""


class FakeStacks:
    """`fail` is a reason: while it is set, every create and update comes to nothing."""

    def __init__(self, secrets: FakeSecrets) -> None:
        self.stacks: dict[str, StackState] = {}
        self.bodies: dict[str, str] = {}
        self.tokens: list[str] = []
        self.fail = ""
        self.impossible = ""  # a template with these words fails too
        self._secrets = secrets
        self._attempts: dict[str, _Attempt] = {}

    def describe(self, name: str) -> StackState | None:
        return self.stacks.get(name)

    def create(self, name: str, body: str, *, tags: Mapping[str, str], token: str) -> None:
        if name in self.stacks:
            return
        self.tokens.append(token)
        made = StackState("CREATE_COMPLETE", tags.get(TEMPLATE_TAG, ""), _outputs(name, body))
        undone = replace(
            made, status="ROLLBACK_COMPLETE", outputs={}, token=token, reason=self._why(body)
        )
        self._begin(name, replace(made, status="CREATE_IN_PROGRESS", outputs={}), made, undone)
        self.bodies[name] = body

    def update(self, name: str, body: str, *, tags: Mapping[str, str], token: str) -> None:
        now = self.stacks.get(name)
        if now is None:
            raise no("UpdateStack", "ValidationError", f"Stack [{name}] does not exist")
        if now.busy or now.dead:
            raise no(
                "UpdateStack",
                "ValidationError",
                f"Stack:{name} is in {now.status} state and can not be updated.",
            )
        if body == self.bodies[name] and tags.get(TEMPLATE_TAG) == now.template:
            return
        self.tokens.append(token)
        made = StackState("UPDATE_COMPLETE", tags.get(TEMPLATE_TAG, ""), _outputs(name, body))
        undone = replace(
            now, status="UPDATE_ROLLBACK_COMPLETE", token=token, reason=self._why(body)
        )
        self._begin(name, replace(made, status="UPDATE_IN_PROGRESS"), made, undone)
        if not self._why(body):
            self.bodies[name] = body

    def delete(self, name: str, *, token: str) -> None:
        if name in self.stacks:
            self.stacks[name] = replace(self.stacks[name], status="DELETE_IN_PROGRESS")
            self._attempts[name] = _Attempt(None)

    def tick(self) -> None:
        for name, attempt in self._attempts.items():
            if attempt.ends is None:
                gone = self.stacks.pop(name)
                self._secrets.remove(gone.outputs.get("ConfigArn", ""))
            else:
                self.stacks[name] = attempt.ends
                self._secrets.add(attempt.ends.outputs.get("ConfigArn", ""))
        self._attempts.clear()

    def _begin(self, name: str, now: StackState, made: StackState, undone: StackState) -> None:
        self.stacks[name] = now
        self._attempts[name] = _Attempt(undone if undone.reason else made)

    def _why(self, body: str) -> str:
        if self.impossible and self.impossible in body:
            return f"LogGroup: {self.impossible}"
        return self.fail


def _outputs(name: str, body: str) -> dict[str, str]:
    return {
        key: f"arn:aws:fake:us-east-1:123456789012:{name}/{key}"
        for key in json.loads(body).get("Outputs", {})
    }
