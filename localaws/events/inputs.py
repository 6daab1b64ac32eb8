"""What a target is sent: the event, a part of it, a text made of its parts, or a constant."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localaws.events.model import Json, Rule
from localaws.wire import AwsError

RESERVED = "aws.events."
MOST_VARIABLES = 100
_PATH = re.compile(r"\$(?:\.[\w\-/]+|\[(?:\d+|\*)\]|\['[^']+'\])*")
_STEP = re.compile(r"\.([\w\-/]+)|\[(\d+|\*)\]|\['([^']+)'\]")
_VARIABLE = re.compile(r"<([\w.\-]+)>")
_NOTHING = object()


def check(target: Json) -> None:
    """One way of saying it, and paths that are paths."""
    ways = [way for way in ("Input", "InputPath", "InputTransformer") if way in target]
    if len(ways) > 1:
        raise _refused("Only one of Input, InputPath, or InputTransformer must be provided")
    if "InputPath" in target and not _PATH.fullmatch(target["InputPath"]):
        raise _refused(f"Invalid InputPath for target {target['Id']}.")
    if "Input" in target and not _is_json(target["Input"]):
        raise _refused(f"Invalid Input for target {target['Id']}.")
    if "InputTransformer" in target:
        _check_transformer(target["Id"], target["InputTransformer"])


def text(target: Json, event: Json, rule: Rule, received: str) -> str:
    """`received` is when EventBridge got the event, in ISO 8601."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = at(event, target["InputPath"])
        return "" if found is _NOTHING else json.dumps(found)
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule, received)
    return json.dumps(event)


def at(event: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 (JSON)
    """What a path leads to; through `[*]`, all of it."""
    found: Any = event
    for step in _STEP.finditer(path):
        name, index = step[1] or step[3], step[2]
        if index == "*":
            rest = "$" + path[step.end() :]
            each = [at(one, rest) for one in found] if isinstance(found, list) else []
            return [one for one in each if one is not _NOTHING]
        if name is not None and isinstance(found, Mapping) and name in found:
            found = found[name]
        elif index is not None and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return _NOTHING
    return found


def _transformed(transformer: Json, event: Json, rule: Rule, received: str) -> str:
    """A variable in quotation marks is put there as it is; elsewhere as JSON, if all of it is."""
    template = str(transformer["InputTemplate"])
    values = _values(transformer.get("InputPathsMap", {}), event, rule, received)
    as_json = template.lstrip().startswith(("{", "["))
    made, quoted, last = "", False, 0
    for variable in _VARIABLE.finditer(template):
        between = template[last : variable.start()]
        made, last = made + between, variable.end()
        quoted ^= len(re.findall(r'(?<!\\)"', between)) % 2 == 1
        made += _written(values.get(variable[1], _NOTHING), as_json=as_json, quoted=quoted)
    return made + template[last:]


def _values(paths: Mapping[str, str], event: Json, rule: Rule, received: str) -> Json:
    envelope = {key: value for key, value in event.items() if key != "detail"}
    return {name: at(event, path) for name, path in paths.items()} | {
        f"{RESERVED}rule-arn": rule.arn,
        f"{RESERVED}rule-name": rule.name,
        f"{RESERVED}event.ingestion-time": received,
        f"{RESERVED}event": envelope,
        f"{RESERVED}event.json": event,
    }


def _written(value: Any, *, as_json: bool, quoted: bool) -> str:  # noqa: ANN401 (JSON)
    if value is _NOTHING:
        return '""' if as_json and not quoted else ""
    if isinstance(value, str):
        if not as_json and not quoted:
            return value
        whole = json.dumps(value)
        return whole[1:-1] if quoted else whole
    whole = json.dumps(value)
    return json.dumps(whole)[1:-1] if quoted else whole


def _check_transformer(target_id: str, transformer: Json) -> None:
    paths = transformer.get("InputPathsMap", {})
    if len(paths) > MOST_VARIABLES:
        raise _refused(f"InputPathsMap of target {target_id} has over {MOST_VARIABLES} variables.")
    for name, path in paths.items():
        if name.startswith(RESERVED.rstrip(".")):
            raise _refused(f"Invalid InputPathsMap for target {target_id} : {name} is reserved.")
        if not _PATH.fullmatch(path):
            raise _refused(f"Invalid InputPathsMap for target {target_id} : {path}")
    for name in _VARIABLE.findall(transformer["InputTemplate"]):
        if name not in paths and not name.startswith(RESERVED):
            raise _refused(
                f"InputTemplate for target {target_id} contains invalid placeholder {name}."
            )


def _is_json(given: str) -> bool:
    try:
        json.loads(given)
    except ValueError:
        return False
    return True


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationException", sentence)
