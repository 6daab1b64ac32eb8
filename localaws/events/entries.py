"""Events as they come in: AWS's envelope, and the entries of PutEvents that are refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localaws.events import patterns
from localaws.events.model import Json
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

MOST_BYTES = 1_048_576  # of the entries of one request; 256 KB until January 2026
_BYTES_OF_A_TIME = 14
_NEEDED = ("Source", "DetailType", "Detail")
_OF_AN_EVENT = ("id", "account", "source", "time", "region", "resources", "detail-type")


def envelope(
    world: World,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str],
    at: datetime | None,
) -> Json:
    """`detail` may hold datetimes; they become ISO 8601, to the millisecond."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": world.account,
        "time": f"{(at or world.clock.now()).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": world.region,
        "resources": list(resources),
        "detail": json.loads(json.dumps(detail, default=_iso)),
    }


def check(entries: list[Json]) -> None:
    if sum(map(_size, entries)) > MOST_BYTES:
        sentence = "Total size of the entries in the request is over the limit."
        raise AwsError("ValidationException", sentence)


def _size(entry: Json) -> int:
    """As AWS counts it."""
    texts = [entry.get(name, "") for name in _NEEDED] + entry.get("Resources", [])
    return sum(len(text.encode()) for text in texts) + _BYTES_OF_A_TIME * ("Time" in entry)


def refusal(entry: Json) -> Json | None:
    """What PutEvents answers for an entry that it does not take."""
    for name in _NEEDED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return _refused("InvalidArgument", reason)
    if entry["Source"].startswith("aws."):
        return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
    if not isinstance(_json(entry["Detail"]), dict):
        return _refused("MalformedDetail", "Detail is malformed.")
    return None


def detail(entry: Json) -> Json:
    """Of an entry that is not refused."""
    read: Json = json.loads(entry["Detail"])
    return read


def tried(params: Json) -> Json:
    pattern = patterns.compiled(params["EventPattern"])
    event = _json(params["Event"])
    if not isinstance(event, dict) or any(name not in event for name in _OF_AN_EVENT):
        raise AwsError("ValidationException", "Parameter Event is not valid.")
    return {"Result": patterns.matches(pattern, event)}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _refused(code: str, message: str) -> Json:
    return {"ErrorCode": code, "ErrorMessage": message}


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    raise TypeError(f"{type(value).__name__} cannot be in an event")
