"""Tags of whatever has an ARN in ECS."""

from __future__ import annotations

from localaws.ecs.desk import Desk, Params, Result, invalid
from localaws.wire import AwsError

MOST_TAGS = 50


def tag(desk: Desk, params: Params) -> Result:
    arn = _known(desk, params["resourceArn"])
    for one in params["tags"]:
        if one.get("key", "").startswith("aws:"):
            raise invalid("Tag keys with the prefix aws: are reserved.")
    merged = desk.state.tags.get(arn, {}) | {
        one["key"]: one.get("value", "") for one in params["tags"]
    }
    if len(merged) > MOST_TAGS:
        raise invalid(f"The maximum number of tags is {MOST_TAGS}.")
    desk.state.tags[arn] = merged
    return {}


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
