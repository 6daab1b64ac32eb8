"""From a reference to a digest and process types, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.domain.image import Image, ImageReference
from app.gateways.registry import (
    AccessDenied,
    ImageNotFound,
    MalformedImage,
    MalformedProcfile,
    NothingToRun,
    Registry,
    RegistryUnreachable,
)
from tests.gateways import images
from tests.gateways.images import image, index, layer
from tests.gateways.scripted_registry import ScriptedRegistry, running

BASE = layer({"bin/sh": "#!", "etc/passwd": "root"})


@pytest.fixture
def server() -> Iterator[ScriptedRegistry]:
    with running() as registry:
        yield registry


@pytest.fixture
def registry(server: ScriptedRegistry) -> Iterator[Registry]:
    with Registry(lambda host: ("ann", "s3cret") if host == server.host else None) as client:
        yield client


def resolve(registry: Registry, text: str) -> Image:
    return registry.resolve(ImageReference.parse(text))


def test_a_tag_becomes_a_digest_and_process_types(
    server: ScriptedRegistry, registry: Registry
) -> None:
    built = image(BASE, layer({"app/Procfile": "web: ./server\nworker: ./work --fast\n"}))

    found = resolve(registry, server.put("acme/hello", "v1", built))

    assert found.digest == built.digest
    assert found.process_types == {"web": "./server", "worker": "./work --fast"}
    assert str(found.pinned) == f"{server.host}/acme/hello@{built.digest}"


def test_a_reference_by_digest_is_what_is_fetched(
    server: ScriptedRegistry, registry: Registry
) -> None:
    old = image(layer({"app/Procfile": "web: old"}))
    server.put("hello", "v1", old)
    server.put("hello", "v1", image(layer({"app/Procfile": "web: new"})))

    found = resolve(registry, f"{server.host}/hello:v1@{old.digest}")

    assert (found.digest, found.process_types) == (old.digest, {"web": "old"})


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (images.OCI_INDEX, images.OCI_MANIFEST),
        (images.DOCKER_INDEX, images.DOCKER_MANIFEST),
    ],
)
def test_an_index_gives_its_own_digest_and_the_variant_of_our_architecture(
    server: ScriptedRegistry, registry: Registry, outer: str, inner: str
) -> None:
    arm = image(layer({"app/Procfile": "web: arm"}), media_type=inner)
    amd = image(layer({"app/Procfile": "web: amd"}), media_type=inner)
    built = index(
        {"linux/arm64": arm, "linux/amd64": amd, "unknown/unknown": image(BASE)}, media_type=outer
    )

    found = resolve(registry, server.put("hello", "v1", built))

    assert (found.digest, found.process_types) == (built.digest, {"web": "amd"})


def test_the_only_variant_of_an_index_is_taken(
    server: ScriptedRegistry, registry: Registry
) -> None:
    only = image(layer({"app/Procfile": "web: arm"}))
    built = index({"linux/arm64": only, "unknown/unknown": image(BASE)})

    found = resolve(registry, server.put("hello", "v1", built))

    assert found.process_types == {"web": "arm"}


def test_an_index_without_our_architecture_is_refused(
    server: ScriptedRegistry, registry: Registry
) -> None:
    built = index({"linux/arm64": image(BASE), "linux/s390x": image(BASE, command=("x",))})

    with pytest.raises(MalformedImage, match=r"no variant for linux/amd64.*linux/arm64"):
        resolve(registry, server.put("hello", "v1", built))


def test_without_a_procfile_the_images_own_command_is_web(
    server: ScriptedRegistry, registry: Registry
) -> None:
    built = image(BASE, entrypoint=["/bin/run"], command=["serve", "a b"])

    found = resolve(registry, server.put("hello", "v1", built))

    assert found.process_types == {"web": "/bin/run serve 'a b'"}


def test_neither_procfile_nor_command_is_refused(
    server: ScriptedRegistry, registry: Registry
) -> None:
    with pytest.raises(NothingToRun, match="neither a Procfile nor a CMD"):
        resolve(registry, server.put("hello", "v1", image(BASE, command=None)))


@pytest.mark.parametrize(
    "body", ["", "web", "web: a\nweb: b", "web: \x00", b"web: \xff", "x" * 70000]
)
def test_a_malformed_procfile_is_refused_never_replaced_by_the_command(
    server: ScriptedRegistry, registry: Registry, body: str | bytes
) -> None:
    reference = server.put("hello", "v1", image(layer({"app/Procfile": body})))

    with pytest.raises(MalformedProcfile, match="Procfile") as caught:
        resolve(registry, reference)

    assert not caught.value.retryable


def test_an_image_the_registry_does_not_have(server: ScriptedRegistry, registry: Registry) -> None:
    with pytest.raises(ImageNotFound, match=r"no image .*hello:v9: check its name and tag"):
        resolve(registry, f"{server.host}/hello:v9")


def test_a_registry_that_is_down_may_be_tried_again(registry: Registry) -> None:
    with running() as gone:
        host = gone.host

    with pytest.raises(RegistryUnreachable, match="connection refused") as caught:
        resolve(registry, f"{host}/hello:v1")

    assert caught.value.retryable


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_registry_in_trouble_may_be_tried_again(
    server: ScriptedRegistry, registry: Registry, status: int
) -> None:
    server.special["/v2/hello/manifests/v1"] = lambda exchange: exchange.answer(status)

    with pytest.raises(RegistryUnreachable, match="try again later"):
        resolve(registry, f"{server.host}/hello:v1")


def test_a_refusal_is_no_reason_to_try_again(server: ScriptedRegistry, registry: Registry) -> None:
    server.special["/v2/hello/manifests/v1"] = lambda exchange: exchange.answer(403)

    with pytest.raises(AccessDenied, match="denied access to hello"):
        resolve(registry, f"{server.host}/hello:v1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"schemaVersion": 1}',
        b'{"layers": [], "config": 5}',
        b'{"layers": 5, "config": {}}',
        b'{"manifests": [], "layers": [], "config": {}}',
        b'{"manifests": []}',
        b'{"manifests": [{"mediaType": "a", "digest": "sha256:../../x", "size": 1}]}',
    ],
)
def test_what_is_no_manifest_is_refused(
    server: ScriptedRegistry, registry: Registry, body: bytes
) -> None:
    server.special["/v2/hello/manifests/v1"] = lambda exchange: exchange.answer(200, body=body)

    with pytest.raises(MalformedImage):
        resolve(registry, f"{server.host}/hello:v1")


def test_an_artifact_that_is_no_container_is_refused(
    server: ScriptedRegistry, registry: Registry
) -> None:
    chart = images.blob(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")

    with pytest.raises(MalformedImage, match="deploy a container image"):
        resolve(registry, server.put("chart", "v1", image(chart)))
