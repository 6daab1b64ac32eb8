"""A refusal as any service would write it, moto's included: by the protocol it was asked in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from localaws.wire import models
from localaws.wire.answer import Answer
from localaws.wire.errors import AwsError
from localaws.wire.request import Request


def refusal(service: str, request: Request, error: AwsError) -> Answer:
    request_id = str(uuid.uuid4())
    headers, body = _written(_protocol(service, request), error, request_id)
    if service == "s3":
        body = b"<Error>" + _code(error) + b"</Error>" if request.method != "HEAD" else b""
    everywhere = (("x-amzn-requestid", request_id), ("x-amz-request-id", request_id))
    return Answer(error.status, (*headers.items(), *everywhere), body)


def _protocol(service: str, request: Request) -> str:
    if request.header("smithy-protocol") == "rpc-v2-cbor":
        return "cbor"
    if request.target[1]:
        return "json"
    spoken = str(models.service(service).metadata["protocol"])
    return "query" if request.form.get("Action") and spoken != "ec2" else spoken


def _written(spoken: str, error: AwsError, request_id: str) -> tuple[Mapping[str, str], bytes]:
    match spoken:
        case "cbor":
            headers = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
            return headers, _cbor({"__type": error.code, "message": error.message})
        case "json":
            fault = "Sender" if error.status < 500 else "Receiver"
            body = json.dumps({"__type": error.code, "message": error.message})
            headers = {"content-type": "application/x-amz-json-1.1"}
            return headers | {"x-amzn-query-error": f"{error.code};{fault}"}, body.encode()
        case "rest-json":
            headers = {"content-type": "application/json", "x-amzn-errortype": error.code}
            return headers, json.dumps({"message": error.message}).encode()
        case "ec2":
            body = f"</Error></Errors><RequestID>{request_id}</RequestID></Response>"
            return _XML, b"<Response><Errors><Error>" + _code(error) + body.encode()
    body = f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    return _XML, b"<ErrorResponse><Error>" + _code(error) + body.encode()


_XML = {"content-type": "text/xml"}


def _code(error: AwsError) -> bytes:
    written = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    return written.encode()


def _cbor(texts: Mapping[str, str]) -> bytes:
    """RFC 8949, of a map of texts."""
    out = bytes([0xA0 | len(texts)])
    for text in (word for pair in texts.items() for word in pair):
        encoded = text.encode()[:0xFFFF]
        out += b"\x79" + len(encoded).to_bytes(2, "big") + encoded
    return out
