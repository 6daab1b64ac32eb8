"""Where a template comes from: the request itself, S3, or what the stack has already."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from localaws.cloudformation import parameters, source, template
from localaws.cloudformation.template import Template
from localaws.wire import AwsError
from localaws.world import World

Params = dict[str, Any]

URL_LIMIT = 1_048_576  # bytes, for one that is fetched from S3


async def find(world: World, params: Params, previous: Template | None) -> Template:
    """Parsed and checked; AwsError."""
    given = [k for k in ("TemplateBody", "TemplateURL", "UsePreviousTemplate") if params.get(k)]
    if len(given) > 1:
        raise _refused("Only one of Template body, Template URL or previous template may be given.")
    if given == ["UsePreviousTemplate"] and previous is not None:
        return previous
    if given == ["TemplateURL"]:
        body = await _fetch(world, params["TemplateURL"])
    elif given == ["TemplateBody"]:
        body = params["TemplateBody"]
        source.check_size(body)
    else:
        raise _refused("Either Template URL or Template Body must be specified.")
    parsed = template.parse(body)
    parameters.check_declared(parsed.parameters)
    return parsed


async def _fetch(world: World, url: str) -> str:
    bucket, key = _place(url)
    try:
        found = await world.aws.call("s3", "GetObject", {"Bucket": bucket, "Key": key})
    except AwsError as error:
        raise _refused(f"S3 error: {error.message}") from error
    text = str(found["Body"])
    if len(text.encode()) > URL_LIMIT:
        raise _refused(f"Template may not exceed {URL_LIMIT} bytes in size.")
    return text


def _place(url: str) -> tuple[str, str]:
    """Bucket and key, of `bucket.s3.region.…/key` and of `s3.region.…/bucket/key`."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    bucket, found, _ = host.partition(".s3")
    if not found:
        bucket, _, path = path.partition("/")
    if parts.scheme not in ("http", "https") or not bucket or not path:
        raise _refused("TemplateURL must be a supported URL.")
    return bucket, path


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
