"""The query protocol: form parameters in, XML out."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

from localaws.wire.errors import AwsError
from localaws.wire.models import Value

Form = Mapping[str, str]


def read(form: Form, shape: Shape | None) -> dict[str, Any]:
    """`Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`, by the shape."""
    if shape is None:
        return {}
    known = {"Action", "Version"} | {_wire_name(m, n) for n, m in shape.members.items()}
    unknown = sorted({key.split(".")[0] for key in form} - known)
    if unknown:
        raise AwsError("ValidationError", f"Unknown parameter in input: {', '.join(unknown)}")
    return _structure(form, shape, "")


def write(operation: OperationModel, result: Mapping[str, Any], request_id: str) -> bytes:
    out = [f'<{operation.name}Response xmlns="{operation.service_model.metadata["xmlNamespace"]}">']
    shape = operation.output_shape
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
        _element(wrapper, result, shape, out)
    out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
    out.append(f"</{operation.name}Response>")
    return "".join(out).encode()


def write_error(error: AwsError, request_id: str) -> bytes:
    fault = "Sender" if error.status < 500 else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _value(form: Form, shape: Shape, at: str) -> Value:
    match shape.type_name:
        case "structure":
            return _structure(form, shape, at)
        case "list":
            return _list(form, shape, at)
        case "map":
            return _map(form, shape, at)
        case _:
            return _scalar(form.get(at, ""), shape.type_name, at)


def _structure(form: Form, shape: Shape, at: str) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = f"{at}.{_wire_name(member, name)}" if at else _wire_name(member, name)
        if any(given == key or given.startswith(f"{key}.") for given in form):
            found[name] = _value(form, member, key)
    return found


def _list(form: Form, shape: Shape, at: str) -> list[Any]:
    flat = shape.serialization.get("flattened")
    stem = at if flat else f"{at}.{_wire_name(shape.member, 'member')}"
    return [_value(form, shape.member, f"{stem}.{n}") for n in _numbers(form, stem)]


def _map(form: Form, shape: Shape, at: str) -> dict[str, Any]:
    stem = at if shape.serialization.get("flattened") else f"{at}.entry"
    key, value = _wire_name(shape.key, "key"), _wire_name(shape.value, "value")
    return {
        form[f"{stem}.{n}.{key}"]: _value(form, shape.value, f"{stem}.{n}.{value}")
        for n in _numbers(form, stem)
        if f"{stem}.{n}.{key}" in form
    }


def _numbers(form: Form, stem: str) -> list[int]:
    pattern = re.compile(rf"{re.escape(stem)}\.(\d+)(?:\.|$)")
    return sorted({int(match[1]) for key in form if (match := pattern.match(key))})


def _scalar(text: str, kind: str, at: str) -> Value:
    try:
        match kind:
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                return datetime.fromisoformat(text)
            case "blob":
                return base64.b64decode(text)
    except (KeyError, ValueError) as error:
        raise AwsError("MalformedInput", f"{at}: {text!r} is no {kind}") from error
    return text


def _wire_name(shape: Shape, name: str) -> str:
    return str(shape.serialization.get("name", name))


def _element(tag: str, value: Value, shape: Shape, out: list[str]) -> None:
    if value is None:
        return
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        for member in value:
            _element(tag, member, shape.member, out)
        return
    out.append(f"<{tag}>")
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                _element(_wire_name(member, name), value.get(name), member, out)
        case "list":
            for member in value:
                _element(_wire_name(shape.member, "member"), member, shape.member, out)
        case "map":
            for key, member in value.items():
                out.append("<entry>")
                _element(_wire_name(shape.key, "key"), key, shape.key, out)
                _element(_wire_name(shape.value, "value"), member, shape.value, out)
                out.append("</entry>")
        case _:
            out.append(_text(value))
    out.append(f"</{tag}>")


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            at = value.astimezone(UTC)
            return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        case bytes():
            return base64.b64encode(value).decode()
    return escape(str(value))
