"""Our client against the local AWS's registry, with images its own packer made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from app.domain.image import ImageReference
from app.gateways.registry import AccessDenied, ImageNotFound, Registry
from localaws.images.pack import pack
from localaws.images.push import parse, push
from localaws.registry.auth import Auth, BasicAuth, TokenAuth
from tests.gateways.images import Layer, image, index, layer
from tests.localaws import registering

SECRET = ("ann", "secret")


def host(client: httpx2.Client) -> str:
    return f"{client.base_url.host}:{client.base_url.port}"


def push_packed(client: httpx2.Client, folder: Path) -> str:
    """Returns the digest the packer made."""
    folder.mkdir()
    (folder / "Procfile").write_text("web: python3 web.py\nworker: python3 worker.py\n")
    (folder / "web.py").write_text("print('hello')\n" * 10_000)
    with pack(folder) as packed:
        return push(parse("acme/hello:v1", host(client)), packed).partition("@")[2]


def push_blob(client: httpx2.Client, name: str, blob: Layer) -> None:
    assert registering.push_blob(client, name, b"".join(blob.chunks())).status_code == 201


def test_what_the_packer_pushes_is_resolved(tmp_path: Path) -> None:
    with registering.serving(tmp_path / "registry") as client, Registry() as registry:
        digest = push_packed(client, tmp_path / "hello")

        found = registry.resolve(ImageReference.parse(f"{host(client)}/acme/hello:v1"))

    assert found.digest == digest
    assert found.process_types == {"web": "python3 web.py", "worker": "python3 worker.py"}


def test_an_index_of_several_layers_is_resolved(tmp_path: Path) -> None:
    layers = (layer({"app/Procfile": "web: x"}), layer({"etc/x": "y"}))
    built = index({"linux/arm64": image(*layers, command=("arm",)), "linux/amd64": image(*layers)})
    with registering.serving(tmp_path) as client, Registry() as registry:
        for variant in built.variants:
            for blob in variant.blobs:
                push_blob(client, "hello", blob)
            registering.push_manifest(client, "hello", variant.digest, variant.manifest)
        registering.push_manifest(client, "hello", "v1", built.manifest, built.media_type)

        by_tag = registry.resolve(ImageReference.parse(f"{host(client)}/hello:v1"))
        by_digest = registry.resolve(by_tag.pinned)

    assert by_tag.digest == by_digest.digest == built.digest
    assert by_tag.process_types == by_digest.process_types == {"web": "x"}


@pytest.mark.parametrize(
    "guard",
    [lambda url: TokenAuth(f"{url}/token", *SECRET), lambda url: BasicAuth("local", *SECRET)],
)
def test_a_guarded_registry_opens_to_credentials_only(
    tmp_path: Path, guard: Callable[[str], Auth]
) -> None:
    with registering.serving(tmp_path / "registry") as open_client:
        digest = push_packed(open_client, tmp_path / "hello")

    with registering.serving(tmp_path / "registry", guard) as client:
        reference = ImageReference.parse(f"{host(client)}/acme/hello:v1")
        with Registry(lambda _: SECRET) as friend:
            assert friend.resolve(reference).digest == digest
        for credentials in (lambda _: None, lambda _: ("ann", "wrong")):
            with Registry(credentials) as stranger, pytest.raises(AccessDenied):
                stranger.resolve(reference)


@pytest.mark.parametrize("name", ["acme/hello:v2", "nobody/nothing:v1", f"x@sha256:{'0' * 64}"])
def test_what_was_not_pushed_is_not_found(tmp_path: Path, name: str) -> None:
    with registering.serving(tmp_path / "registry") as client, Registry() as registry:
        push_packed(client, tmp_path / "hello")

        with pytest.raises(ImageNotFound):
            registry.resolve(ImageReference.parse(f"{host(client)}/{name}"))
