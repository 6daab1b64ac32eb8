"""Stacks of a test, deleted at its end, whatever state they are in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.waiting import until

Client = Any  # boto3 makes its classes as it runs
Json = dict[str, Any]


@dataclass
class Stacking:
    cfn: Client
    name: str
    names: set[str] = field(default_factory=set)  # of the stacks to delete in the end

    def create(self, body: str, name: str = "", **params: object) -> str:
        """The status it ends in."""
        self.begin(body, name, **params)
        return self.ended(name)

    def begin(self, body: str, name: str = "", **params: object) -> str:
        self.names.add(name or self.name)
        made = self.cfn.create_stack(StackName=name or self.name, TemplateBody=body, **params)
        return str(made["StackId"])

    def update(self, body: str, name: str = "", **params: object) -> str:
        self.cfn.update_stack(StackName=name or self.name, TemplateBody=body, **params)
        return self.ended(name)

    def delete(self, name: str = "", **params: object) -> None:
        self.cfn.delete_stack(StackName=name or self.name, **params)
        until(lambda: self.status(name) == "DELETE_FAILED" or self.gone(name))
        assert self.gone(name), self.reasons(name)

    def ended(self, name: str = "") -> str:
        def terminal() -> str:
            status = str(self.described(name)["StackStatus"])
            busy = status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
            return "" if busy else status

        return until(terminal)

    def described(self, name: str = "") -> Json:
        return dict(self.cfn.describe_stacks(StackName=name or self.name)["Stacks"][0])

    def gone(self, name: str = "") -> bool:
        return self.status(name) in ("", "DELETE_COMPLETE")

    def status(self, name: str = "") -> str:
        """Empty where there is no stack of the name."""
        try:
            return str(self.described(name)["StackStatus"])
        except ClientError as error:
            assert "does not exist" in str(error)  # noqa: PT017
            return ""

    def events(self, name: str = "") -> list[Json]:
        """Oldest first."""
        pages = self.cfn.get_paginator("describe_stack_events").paginate(
            StackName=name or self.name
        )
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def statuses(self, logical_id: str) -> list[str]:
        return [
            event["ResourceStatus"]
            for event in self.events()
            if event["LogicalResourceId"] == logical_id
        ]

    def reasons(self, name: str = "") -> str:
        return "\n".join(event.get("ResourceStatusReason", "") for event in self.events(name))

    def outputs(self, name: str = "") -> dict[str, str]:
        found = self.described(name).get("Outputs", [])
        return {one["OutputKey"]: one["OutputValue"] for one in found}

    def physical_ids(self) -> dict[str, str]:
        found = self.cfn.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def clean(self) -> None:
        for name in sorted(self.names, reverse=True):  # importers are named after exporters
            if not self.gone(name):
                self.ended(name)
                self.cfn.update_termination_protection(
                    StackName=name, EnableTerminationProtection=False
                )
                self.delete(name)


def group(**properties: object) -> Json:
    """The cheapest resource there is: a log group."""
    return {"Type": "AWS::Logs::LogGroup", "Properties": properties}


def body(resources: Json, **sections: object) -> str:
    return json.dumps({"Resources": resources, **sections})


def given(**parameters: str) -> list[dict[str, str]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
