"""What EventBridge is told of images: `ECR Image Action`, when one was pushed or deleted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.wire.answer import Answer
from localaws.wire.request import Request

if TYPE_CHECKING:
    from localaws.world import World


@dataclass(frozen=True)
class Action:
    kind: str  # PUSH or DELETE
    repository: str
    digest: str
    tag: str | None = None


Told = Callable[[Action], Awaitable[object]]


async def nobody(_: Action) -> None:
    """A registry by itself has nobody to tell."""


def to_event_bridge(world: World) -> Told:
    async def tell(action: Action) -> None:
        detail = {
            "result": "SUCCESS",
            "repository-name": action.repository,
            "image-digest": action.digest,
            "action-type": action.kind,
        }
        if action.tag:
            detail["image-tag"] = action.tag
        await world.events.emit("aws.ecr", "ECR Image Action", detail)

    return tell


def from_api(tell: Told) -> Callable[[Request, Answer], Awaitable[None]]:
    """Of what ECR's own API did to images, PutImage and BatchDeleteImage."""

    async def heard(request: Request, answer: Answer) -> None:
        if answer.status == 200:
            for action in _done(request.target[1], request.body, answer.body):
                await tell(action)

    return heard


def _done(operation: str, asked: bytes, answered: bytes) -> Iterator[Action]:
    if operation == "PutImage":
        image = json.loads(answered)["image"]
        yield _action("PUSH", image["repositoryName"], image["imageId"])
    if operation == "BatchDeleteImage":
        repository = json.loads(asked)["repositoryName"]
        for image_id in json.loads(answered).get("imageIds", ()):
            yield _action("DELETE", repository, image_id)


def _action(kind: str, repository: str, image_id: dict[str, str]) -> Action:
    return Action(kind, repository, image_id["imageDigest"], image_id.get("imageTag"))
