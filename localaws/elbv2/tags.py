"""Tags of load balancers, listeners, rules and target groups."""

from __future__ import annotations

from typing import Any

from localaws.elbv2.store import Store
from localaws.wire import AwsError

MOST = 50


class Tags:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, params: dict[str, Any]) -> dict[str, Any]:
        added = read(params)
        resources = [self._store.resource(arn) for arn in params["ResourceArns"]]
        for resource in resources:
            _within_limit({**resource.tags, **added})
        for resource in resources:
            resource.tags.update(added)
        return {}

    def remove(self, params: dict[str, Any]) -> dict[str, Any]:
        for resource in [self._store.resource(arn) for arn in params["ResourceArns"]]:
            for key in params["TagKeys"]:
                resource.tags.pop(key, None)
        return {}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "TagDescriptions": [
                {"ResourceArn": arn, "Tags": _render(self._store.resource(arn).tags)}
                for arn in params["ResourceArns"]
            ]
        }


def read(params: dict[str, Any]) -> dict[str, str]:
    given = params.get("Tags", [])
    tags = {tag["Key"]: tag.get("Value", "") for tag in given}
    if len(tags) != len(given):
        raise AwsError("DuplicateTagKeys", "Tag keys must be unique")
    _within_limit(tags)
    return tags


def _within_limit(tags: dict[str, str]) -> None:
    if len(tags) > MOST:
        raise AwsError("TooManyTags", f"The number of tags cannot exceed {MOST}")


def _render(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
