"""Listener rules: who is asked first, what is matched, where it goes."""

from __future__ import annotations

from typing import Any

from localaws.elbv2 import actions, conditions, limits, names, tags
from localaws.elbv2.model import Rule
from localaws.elbv2.pages import page
from localaws.elbv2.store import Store, rules_of
from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError


class Rules:
    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, params: dict[str, Any]) -> dict[str, Any]:
        _refuse_transforms(params)
        listener = self._store.listener(params["ListenerArn"])
        self._check_free(listener.arn, {_priority(params["Priority"])}, moving=set())
        limits.check_rules(self._store, listener.load_balancer_arn)
        action = actions.read(params["Actions"], self._store)
        limits.check_groups(self._store, listener.load_balancer_arn, action)
        made = Rule(
            arn=names.rule_arn(listener.arn),
            listener_arn=listener.arn,
            priority=params["Priority"],
            conditions=conditions.read(params["Conditions"]),
            action=action,
            tags=tags.read(params),
        )
        self._store.state.rules[made.arn] = made
        listener.rules.append(made)
        self._store.reindex()
        return {"Rules": [_render(made)]}

    def modify(self, params: dict[str, Any]) -> dict[str, Any]:
        _refuse_transforms(params)
        rule = self._changeable(params["RuleArn"], "modified")
        listener = self._store.listener(rule.listener_arn)
        wanted, action = rule.conditions, rule.action
        if "Conditions" in params:
            wanted = conditions.read(params["Conditions"])
        if "Actions" in params:
            action = actions.read(params["Actions"], self._store)
            limits.check_groups(self._store, listener.load_balancer_arn, action)
        rule.conditions, rule.action = wanted, action
        self._store.reindex()
        return {"Rules": [_render(rule)]}

    def set_priorities(self, params: dict[str, Any]) -> dict[str, Any]:
        """All or nothing, so that rules can change places."""
        pairs = [
            (self._changeable(pair["RuleArn"], "reprioritized"), _priority(pair["Priority"]))
            for pair in params["RulePriorities"]
        ]
        for listener_arn in {rule.listener_arn for rule, _ in pairs}:
            here = [(rule, wanted) for rule, wanted in pairs if rule.listener_arn == listener_arn]
            priorities = {wanted for _, wanted in here}
            if len(priorities) != len(here):
                raise AwsError("PriorityInUse", "The same priority is given to two rules")
            self._check_free(listener_arn, priorities, moving={rule.arn for rule, _ in here})
        for rule, wanted in pairs:
            rule.priority = wanted
        self._store.reindex()
        return {"Rules": [_render(rule) for rule, _ in pairs]}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        return page("Rules", self._asked(params), params, _render, size=100)

    def delete(self, params: dict[str, Any]) -> dict[str, Any]:
        rule = self._changeable(params["RuleArn"], "deleted")
        self._store.listener(rule.listener_arn).rules.remove(rule)
        del self._store.state.rules[rule.arn]
        self._store.reindex()
        return {}

    def _asked(self, params: dict[str, Any]) -> list[Rule]:
        listener, arns = params.get("ListenerArn"), params.get("RuleArns")
        if bool(listener) == bool(arns):
            raise AwsError("ValidationError", "You must specify either listener ARN or rule ARNs")
        if arns:
            return [self._store.rule(arn) for arn in arns]
        return list(rules_of(self._store.listener(listener or "")))

    def _check_free(self, listener_arn: str, priorities: set[int], *, moving: set[str]) -> None:
        for other in self._store.listener(listener_arn).rules:
            if other.priority in priorities and other.arn not in moving:
                raise AwsError("PriorityInUse", f"Priority '{other.priority}' is currently in use")

    def _changeable(self, arn: str, done: str) -> Rule:
        rule = self._store.rule(arn)
        if rule.priority is None:
            raise AwsError("OperationNotPermitted", f"Default rule '{arn}' cannot be {done}")
        return rule


def _priority(value: int) -> int:
    if not 1 <= value <= 50_000:
        raise AwsError("ValidationError", f"Priority '{value}' must be between 1 and 50000")
    return value


def _refuse_transforms(params: dict[str, Any]) -> None:
    if params.get("Transforms"):
        raise unmodelled("Transforms")


def _render(rule: Rule) -> dict[str, Any]:
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.priority is None else str(rule.priority),
        "Conditions": [conditions.render(condition) for condition in rule.conditions],
        "Actions": actions.render(rule.action),
        "IsDefault": rule.priority is None,
    }
