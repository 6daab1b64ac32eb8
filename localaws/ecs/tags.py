"""Tags of whatever has an ARN in ECS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from localaws import caller
from localaws.ecs.desk import Desk, Params, Result, invalid
from localaws.wire import AwsError

MOST_TAGS = 50


def tag(desk: Desk, params: Params) -> Result:
    arn = _known(desk, params["resourceArn"])
    desk.state.tags[arn] = checked(params["tags"], desk.state.tags.get(arn, {}))
    return {}


def checked(tags: Iterable[Mapping[str, str]], present: Mapping[str, str]) -> dict[str, str]:
    """Those that are there and those that are added; what AWS itself adds counts for nothing."""
    added = {one["key"]: one.get("value", "") for one in tags}
    if not caller.is_aws() and any(_reserved(key) for key in added):
        raise invalid("Tag keys with the prefix aws: are reserved.")
    merged = {**present, **added}
    if sum(not _reserved(key) for key in merged) > MOST_TAGS:
        raise invalid(f"The maximum number of tags is {MOST_TAGS}.")
    return merged


def _reserved(key: str) -> bool:
    return key.lower().startswith("aws:")


def untag(desk: Desk, params: Params) -> Result:
    kept = desk.state.tags.get(_known(desk, params["resourceArn"]), {})
    for key in params["tagKeys"]:
        kept.pop(key, None)
    return {}


def list_(desk: Desk, params: Params) -> Result:
    return {"tags": desk.tags(_known(desk, params["resourceArn"]))}


def _known(desk: Desk, arn: str) -> str:
    state = desk.state
    known = {one.arn for one in state.clusters.values()}
    known |= {one.arn for one in state.services.values()}
    known |= {one.arn for one in state.tasks.values()}
    known |= state.instances.keys()
    known |= {one.arn for one in state.providers.values()}
    known |= {one.arn for revisions in state.definitions.values() for one in revisions}
    if arn not in known:
        raise AwsError("ResourceNotFoundException", "The specified resource could not be found.")
    return arn


OPERATIONS = {"TagResource": tag, "UntagResource": untag, "ListTagsForResource": list_}
