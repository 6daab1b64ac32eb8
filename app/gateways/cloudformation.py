"""CloudFormation, reduced to what we ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from botocore.exceptions import ClientError

from app.domain.observed import StackState

TEMPLATE_TAG = "palatine:template"


class Stacks(Protocol):
    def describe(self, name: str) -> StackState | None: ...
    def create(self, name: str, body: str, *, tags: Mapping[str, str], token: str) -> None: ...
    def update(self, name: str, body: str, *, tags: Mapping[str, str], token: str) -> None: ...
    def delete(self, name: str, *, token: str) -> None: ...


class CloudFormationStacks:
    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self._client = client

    def describe(self, name: str) -> StackState | None:
        try:
            [stack] = self._client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
        state = StackState(
            status=stack["StackStatus"],
            template=tags.get(TEMPLATE_TAG, ""),
            outputs={o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())},
            reason=stack.get("StackStatusReason", ""),
        )
        return self._with_cause(name, state) if state.failed else state

    def create(self, name: str, body: str, *, tags: Mapping[str, str], token: str) -> None:
        # it exists: the look before was too early, and the next one will see it
        with suppress(self._client.exceptions.AlreadyExistsException):
            self._client.create_stack(
                StackName=name, TemplateBody=body, Tags=_pairs(tags), ClientRequestToken=token
            )

    def update(self, name: str, body: str, *, tags: Mapping[str, str], token: str) -> None:
        try:
            self._client.update_stack(
                StackName=name, TemplateBody=body, Tags=_pairs(tags), ClientRequestToken=token
            )
        except ClientError as error:
            # so it is already: the look before was an old one, and the next will see it
            if "No updates are to be performed" not in str(error):
                raise

    def delete(self, name: str, *, token: str) -> None:
        self._client.delete_stack(StackName=name, ClientRequestToken=token)

    def _with_cause(self, name: str, state: StackState) -> StackState:
        """The newest attempt's token, and the first thing that went wrong in it."""
        events = self._client.describe_stack_events(StackName=name)["StackEvents"]
        token = next((e["ClientRequestToken"] for e in events if "ClientRequestToken" in e), "")
        failures = [
            f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in events
            if event.get("ClientRequestToken") == token
            and event["ResourceStatus"].endswith("_FAILED")
            and event.get("ResourceStatusReason")
        ]
        return StackState(
            status=state.status,
            template=state.template,
            outputs=state.outputs,
            token=token,
            reason=failures[-1] if failures else state.reason,  # newest come first
        )


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
