"""Rules of the default bus: put, shown, switched, tagged, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws import schedules
from localaws.events import patterns
from localaws.events.model import Json, Rule, State
from localaws.events.pages import page
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

BUS = "default"
MOST_RULES = 300  # of a bus
_PUT = {
    "Name",
    "EventPattern",
    "ScheduleExpression",
    "State",
    "Description",
    "RoleArn",
    "Tags",
    "EventBusName",
}


def put(world: World, state: State, params: Json) -> Json:
    """A rule that is put again keeps its targets and its tags."""
    modelled("PutRule", params, _PUT)
    check_bus(world, params.get("EventBusName"))
    pattern, schedule = params.get("EventPattern"), params.get("ScheduleExpression")
    if not pattern and not schedule:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        patterns.compiled(pattern)
    if schedule:
        _check_schedule(schedule)
    before = state.rules.get(params["Name"])
    if before is None and len(state.rules) >= MOST_RULES:
        raise too_many()
    rule = Rule(
        name=params["Name"],
        arn=world.arn("events", f"rule/{params['Name']}"),
        pattern=pattern or None,
        schedule=schedule or None,
        state=params.get("State", "ENABLED"),
        description=params.get("Description", ""),
        role_arn=params.get("RoleArn"),
        begun=world.clock.now(),
        tags=before.tags if before else _tags(params.get("Tags", [])),
        targets=before.targets if before else {},
    )
    state.rules[rule.name] = rule
    return {"RuleArn": rule.arn}


def describe(world: World, state: State, params: Json) -> Json:
    return _shown(named(world, state, params)) | {"CreatedBy": world.account}


def list_(world: World, state: State, params: Json) -> Json:
    check_bus(world, params.get("EventBusName"))
    prefix = params.get("NamePrefix", "")
    rules = [rule for name, rule in sorted(state.rules.items()) if name.startswith(prefix)]
    return page("Rules", [_shown(rule) for rule in rules], params)


def list_names_by_target(world: World, state: State, params: Json) -> Json:
    check_bus(world, params.get("EventBusName"))
    arn = params["TargetArn"]
    names = [
        rule.name
        for _, rule in sorted(state.rules.items())
        if any(target["Arn"] == arn for target in rule.targets.values())
    ]
    return page("RuleNames", names, params)


def enable(world: World, state: State, params: Json) -> Json:
    rule = named(world, state, params)
    rule.state, rule.begun = "ENABLED", world.clock.now()
    return {}


def disable(world: World, state: State, params: Json) -> Json:
    named(world, state, params).state = "DISABLED"
    return {}


def delete(world: World, state: State, params: Json) -> Json:
    """One that is not there counts as deleted."""
    check_bus(world, params.get("EventBusName"))
    rule = state.rules.get(params["Name"])
    if rule and rule.targets:
        raise invalid("Rule can't be deleted since it has targets.")
    state.rules.pop(params["Name"], None)
    return {}


def tag(_: World, state: State, params: Json) -> Json:
    _by_arn(state, params["ResourceARN"]).tags.update(_tags(params["Tags"]))
    return {}


def untag(_: World, state: State, params: Json) -> Json:
    rule = _by_arn(state, params["ResourceARN"])
    for key in params["TagKeys"]:
        rule.tags.pop(key, None)
    return {}


def list_tags(_: World, state: State, params: Json) -> Json:
    tags = _by_arn(state, params["ResourceARN"]).tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def named(world: World, state: State, params: Json, key: str = "Name") -> Rule:
    check_bus(world, params.get("EventBusName"))
    rule = state.rules.get(params[key])
    if rule is None:
        raise _no_rule(params[key])
    return rule


def check_bus(world: World, name: str | None) -> None:
    if name not in (None, BUS, bus_arn(world)):
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def bus_arn(world: World) -> str:
    return world.arn("events", f"event-bus/{BUS}")


def modelled(where: str, given: Json, names: set[str]) -> None:
    if unknown := sorted(given.keys() - names):
        sentence = f"{where}: {', '.join(unknown)} is not modelled by the local AWS's events"
        raise AwsError("UnsupportedOperation", sentence, status=501)


def invalid(sentence: str) -> AwsError:
    return AwsError("ValidationException", sentence)


def too_many() -> AwsError:
    sentence = "The requested resource exceeds the maximum number allowed."
    return AwsError("LimitExceededException", sentence)


def _by_arn(state: State, arn: str) -> Rule:
    name = arn.rpartition("/")[2]
    rule = state.rules.get(name)
    if rule is None or rule.arn != arn:
        raise _no_rule(name)
    return rule


def _no_rule(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {BUS}.")


def _shown(rule: Rule) -> Json:
    shown = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description or None,
        "RoleArn": rule.role_arn,
        "EventBusName": BUS,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _check_schedule(expression: str) -> None:
    """A rule has no `at`: that is EventBridge Scheduler's."""
    try:
        known = not isinstance(schedules.read(expression), schedules.At)
    except ValueError:
        known = False
    if not known:
        raise invalid("Parameter ScheduleExpression is not valid.")


def _tags(given: list[Json]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given}
