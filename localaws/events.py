"""EventBridge's default bus: rules by pattern, SQS queues as targets."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.patterns import check, matches
from localaws.wire import AwsError
from localaws.world import Operation, World

Params = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclass
class Rule:
    name: str
    arn: str
    pattern: str
    state: str
    description: str
    targets: dict[str, Params] = field(default_factory=dict)

    def described(self) -> Params:
        shown = {
            "Name": self.name,
            "Arn": self.arn,
            "EventPattern": self.pattern,
            "State": self.state,
            "EventBusName": "default",
        }
        return shown | ({"Description": self.description} if self.description else {})


class Events:
    def __init__(self, world: World) -> None:
        self._world = world
        self._rules: dict[str, Rule] = {}

    def operations(self) -> Mapping[str, Operation]:
        return {
            "PutRule": self.put_rule,
            "DescribeRule": lambda params: self._rule(params["Name"]).described(),
            "ListRules": self.list_rules,
            "DeleteRule": self.delete_rule,
            "PutTargets": self.put_targets,
            "ListTargetsByRule": self.list_targets_by_rule,
            "RemoveTargets": self.remove_targets,
            "PutEvents": self.put_events,
        }

    async def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        *,
        at: datetime | None = None,
    ) -> str:
        """Delivers to every rule that matches, before it returns; the event's id.

        A target that cannot be reached loses the event, as EventBridge's does after its
        retries; that is logged, never raised.
        """
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self._world.account,
            "time": f"{(at or self._world.clock.now()).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": self._world.region,
            "resources": list(resources),
            "detail": json.loads(json.dumps(detail, default=_iso)),
        }
        for rule in list(self._rules.values()):
            if rule.state == "ENABLED" and matches(json.loads(rule.pattern), event):
                await self._deliver(rule, event)
        return str(event["id"])

    def put_rule(self, params: Params) -> Params:
        _modelled(params, {"Name", "EventPattern", "State", "Description", "EventBusName"})
        if "EventPattern" not in params:
            raise AwsError("ValidationException", "Parameter(s) EventPattern must be specified.")
        check(params["EventPattern"])
        name = params["Name"]
        rule = Rule(
            name=name,
            arn=self._world.arn("events", f"rule/{name}"),
            pattern=params["EventPattern"],
            state=params.get("State", "ENABLED"),
            description=params.get("Description", ""),
        )
        if name in self._rules:  # a rule that is put again keeps its targets
            rule.targets = self._rules[name].targets
        self._rules[name] = rule
        return {"RuleArn": rule.arn}

    def list_rules(self, params: Params) -> Params:
        prefix = params.get("NamePrefix", "")
        shown = [rule.described() for name, rule in self._rules.items() if name.startswith(prefix)]
        return {"Rules": shown}

    def delete_rule(self, params: Params) -> Params:
        rule = self._rules.get(params["Name"])
        if rule and rule.targets:
            raise AwsError("ValidationException", "Rule can't be deleted since it has targets.")
        self._rules.pop(params["Name"], None)
        return {}

    def put_targets(self, params: Params) -> Params:
        rule = self._rule(params["Rule"])
        for target in params["Targets"]:
            _modelled(target, {"Id", "Arn"})
            if not target["Arn"].startswith("arn:aws:sqs:"):
                sentence = f"the local AWS delivers events to SQS only, not to {target['Arn']}"
                raise AwsError("UnsupportedOperation", sentence, status=501)
            rule.targets[target["Id"]] = target
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def list_targets_by_rule(self, params: Params) -> Params:
        return {"Targets": list(self._rule(params["Rule"]).targets.values())}

    def remove_targets(self, params: Params) -> Params:
        targets = self._rule(params["Rule"]).targets
        for target_id in params["Ids"]:
            targets.pop(target_id, None)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def put_events(self, params: Params) -> Params:
        entries = [await self._put(entry) for entry in params["Entries"]]
        return {"Entries": entries, "FailedEntryCount": sum("ErrorCode" in e for e in entries)}

    async def _put(self, entry: Params) -> Params:
        try:
            source, detail_type = entry["Source"], entry["DetailType"]
            detail = json.loads(entry["Detail"])
        except KeyError as missing:
            name = str(missing.args[0])
            return _refused("InvalidArgument", f"Parameter {name} is not valid. Reason: required")
        except ValueError:
            return _refused("MalformedDetail", "Detail is malformed.")
        if source.startswith("aws."):
            return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
        at, resources = entry.get("Time"), entry.get("Resources", ())
        return {"EventId": await self.emit(source, detail_type, detail, resources, at=at)}

    async def _deliver(self, rule: Rule, event: Params) -> None:
        body = json.dumps(event)
        for target in list(rule.targets.values()):
            name = target["Arn"].rpartition(":")[2]
            queue = f"http://127.0.0.1:{self._world.port}/{self._world.account}/{name}"
            try:
                send = {"QueueUrl": queue, "MessageBody": body}
                await self._world.aws.call("sqs", "SendMessage", send)
            except AwsError as error:
                _log.warning("rule %s: %s was not delivered to: %s", rule.name, name, error)

    def _rule(self, name: str) -> Rule:
        rule = self._rules.get(name)
        if rule is None:
            sentence = f"Rule {name} does not exist on EventBus default."
            raise AwsError("ResourceNotFoundException", sentence)
        return rule


def _modelled(given: Params, names: set[str]) -> None:
    for name in given.keys() - names:
        raise AwsError(
            "UnsupportedOperation", f"{name} is not modelled by the local AWS's events", status=501
        )


def _refused(code: str, message: str) -> Params:
    return {"ErrorCode": code, "ErrorMessage": message}


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    raise TypeError(f"{type(value).__name__} cannot be in an event")
