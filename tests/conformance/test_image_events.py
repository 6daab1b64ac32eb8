"""ECR: what EventBridge is told of images"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact

SOURCE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
Client = Any  # boto3 makes its classes as it runs


@pytest.fixture
def eventing(aws: Aws, name: str) -> Iterator[Eventing]:
    """With all that is said of the repository named after the test."""
    of_the_test = Eventing(aws.client("events"), aws.client("sqs"), name)
    of_the_test.listen({"source": ["aws.ecr"], "detail": {"repository-name": [name]}})
    yield of_the_test
    of_the_test.clean()


@pytest.fixture
def manifest(aws: Aws, name: str) -> Iterator[str]:
    """Of an image without layers; its config is in the repository already."""
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName=name)
    config = (
        b'{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}'
    )
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    upload = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]
    part = {"partFirstByte": 0, "partLastByte": len(config) - 1, "layerPartBlob": config}
    ecr.upload_layer_part(repositoryName=name, uploadId=upload, **part)
    ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[digest])
    yield json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(config),
                "digest": digest,
            },
            "layers": [],
        }
    )
    ecr.delete_repository(repositoryName=name, force=True)


def of(kind: str) -> Any:  # noqa: ANN401 (a predicate)
    return lambda event: event["detail"]["action-type"] == kind


@fact("An image that was pushed, and one that was deleted: `ECR Image Action`.", SOURCE)
def test_an_image_is_pushed_and_deleted(
    aws: Aws, eventing: Eventing, name: str, manifest: str
) -> None:
    ecr = aws.client("ecr")

    put = ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")
    digest = put["image"]["imageId"]["imageDigest"]
    pushed = eventing.event(of("PUSH"))
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])
    deleted = eventing.event(of("DELETE"))

    assert (pushed["source"], pushed["detail-type"]) == ("aws.ecr", "ECR Image Action")
    assert pushed["resources"] == []
    told = {
        "result": "SUCCESS",
        "repository-name": name,
        "image-digest": digest,
        "image-tag": "v1",
    }
    assert pushed["detail"].items() >= (told | {"action-type": "PUSH"}).items()
    assert deleted["detail"].items() >= (told | {"action-type": "DELETE"}).items()
