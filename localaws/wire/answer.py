"""One request to a service of ours: read by its model, performed, answered in its protocol."""

import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localaws.wire import json, models, query
from localaws.wire.errors import AwsError
from localaws.wire.request import Request

Perform = Callable[[str, str, dict[str, Any]], Awaitable[dict[str, Any]]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def answer(service: str, request: Request, perform: Perform) -> Answer:
    request_id = str(uuid.uuid4())
    try:
        status, body = 200, await _perform(service, request, perform, request_id)
    except AwsError as error:
        status, body = error.status, _error(service, error, request_id)
    except Exception:
        _log.exception("%s failed", service)
        failure = AwsError("InternalFailure", "The local AWS failed: see its log.", status=500)
        status, body = failure.status, _error(service, failure, request_id)
    headers = (("content-type", _content_type(service)), ("x-amzn-requestid", request_id))
    return Answer(status, headers, body)


async def _perform(service: str, request: Request, perform: Perform, request_id: str) -> bytes:
    if models.protocol(service) == "json":
        operation = models.operation(service, request.target[1])
        params = json.read(request.body, operation.input_shape)
        models.validate(service, operation.name, params)
        return json.write(await perform(service, operation.name, params))
    operation = models.operation(service, request.form.get("Action", ""))
    params = query.read(request.form, operation.input_shape)
    models.validate(service, operation.name, params)
    return query.write(operation, await perform(service, operation.name, params), request_id)


def _error(service: str, error: AwsError, request_id: str) -> bytes:
    if models.protocol(service) == "json":
        return json.write_error(error)
    return query.write_error(error, request_id)


def _content_type(service: str) -> str:
    metadata = models.service(service).metadata
    if metadata["protocol"] == "json":
        return f"application/x-amz-json-{metadata['jsonVersion']}"
    return "text/xml"
