"""Who is told which secret: challenges, tokens, redirects, and what errors say."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from app.domain.image import Image, ImageReference
from app.gateways.registry import (
    AccessDenied,
    ImageTooLarge,
    MalformedImage,
    Registry,
    RegistryError,
    RegistryUnreachable,
)
from tests.gateways import images
from tests.gateways.images import BuiltImage, image, layer
from tests.gateways.scripted_registry import Exchange, ScriptedRegistry, running

SECRET = "canary-password-4711"
BUILT = image(layer({"app/base": "x"}), layer({"app/Procfile": "web: x"}))
MANIFEST = "/v2/hello/manifests/v1"


@pytest.fixture
def server() -> Iterator[ScriptedRegistry]:
    with running() as registry:
        registry.put("hello", "v1", BUILT)
        registry.put("other", "v1", BUILT)
        yield registry


@pytest.fixture
def registry(server: ScriptedRegistry) -> Iterator[Registry]:
    with Registry(lambda host: ("ann", SECRET) if host == server.host else None) as client:
        yield client


@pytest.fixture
def stranger() -> Iterator[Registry]:
    with Registry() as client:
        yield client


def resolve(registry: Registry, server: ScriptedRegistry, repository: str = "hello") -> Image:
    return registry.resolve(ImageReference.parse(f"{server.host}/{repository}:v1"))


def test_a_public_image_is_read_with_an_anonymous_token(
    server: ScriptedRegistry, stranger: Registry
) -> None:
    server.auth = "bearer"

    assert resolve(stranger, server).process_types == {"web": "x"}
    assert ("/token", None) in server.authorizations


def test_credentials_are_given_for_a_token_and_the_token_for_the_image(
    server: ScriptedRegistry, registry: Registry
) -> None:
    server.auth, server.user = "bearer", ("ann", SECRET)

    resolve(registry, server)

    for path, authorization in server.authorizations:
        scheme = (authorization or "").partition(" ")[0]
        assert scheme == "Basic" if path == "/token" else scheme in ("", "Bearer")


def test_a_token_serves_for_its_repository_and_no_other(
    server: ScriptedRegistry, registry: Registry
) -> None:
    server.auth = "bearer"

    for repository in ("hello", "hello", "other", "hello"):
        resolve(registry, server, repository)

    assert server.count("/token") == 2


@pytest.mark.parametrize("lifetime", [1, 0, -5, "soon", None])
def test_a_token_at_its_end_is_asked_for_anew(
    server: ScriptedRegistry, registry: Registry, lifetime: object
) -> None:
    server.auth = "bearer"
    body = json.dumps({"access_token": "let-in:x", "expires_in": lifetime}).encode()
    server.special["/token"] = lambda exchange: exchange.answer(200, body=body)

    resolve(registry, server)

    requests = 3  # manifest, config, layer
    assert server.count("/token") == (requests if lifetime == 1 else 1)


def test_a_token_refused_in_between_is_replaced_once(
    server: ScriptedRegistry, registry: Registry
) -> None:
    server.auth = "bearer"
    resolve(registry, server)
    server.auth, server.user = "basic", ("ann", SECRET)

    assert resolve(registry, server).process_types == {"web": "x"}


def test_basic_is_answered_with_credentials(server: ScriptedRegistry, registry: Registry) -> None:
    server.auth, server.user = "basic", ("ann", SECRET)

    assert resolve(registry, server).process_types == {"web": "x"}


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_without_the_right_credentials_access_is_denied(
    server: ScriptedRegistry, registry: Registry, stranger: Registry, auth: str
) -> None:
    server.auth, server.user = auth, ("bob", "other")

    for client in (registry, stranger):
        with pytest.raises(AccessDenied, match="denied access to hello"):
            resolve(client, server)

    assert len(server.asked) <= 6  # nobody knocks again and again


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Negotiate",
        "Bearer",
        'Bearer realm="http://registry.example.com/token"',
        'Bearer realm="http://169.254.169.254/latest"',
        'Bearer realm="file:///etc/passwd"',
        'Bearer realm="https://ann:x@127.0.0.1/token"',
        'Bearer realm="http://["',
        "Bearer realm=" + "x" * 5000,
    ],
)
def test_a_strange_challenge_gets_no_secret(
    server: ScriptedRegistry, registry: Registry, challenge: str
) -> None:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    server.special[MANIFEST] = lambda exchange: exchange.answer(401, headers)

    with pytest.raises((AccessDenied, MalformedImage)) as caught:
        resolve(registry, server)

    assert [authorization for _, authorization in server.authorizations] == [None]
    assert SECRET not in str(caught.value)


def test_bearer_is_preferred_where_several_are_offered(
    server: ScriptedRegistry, registry: Registry
) -> None:
    server.auth = "bearer"
    plain = server._challenge(MANIFEST)

    def first(exchange: Exchange) -> None:
        del server.special[MANIFEST]
        exchange.answer(401, {"WWW-Authenticate": f'Basic realm="a, b", {plain}'})

    server.special[MANIFEST] = first

    assert resolve(registry, server).process_types == {"web": "x"}
    assert server.count("/token") == 1


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"token": 5}', b'{"token": "a\\r\\nX-Evil: 1"}', b"[" * 50_000]
)
def test_a_token_service_that_gives_no_token_is_named(
    server: ScriptedRegistry, registry: Registry, body: bytes
) -> None:
    server.auth = "bearer"
    server.special["/token"] = lambda exchange: exchange.answer(200, body=body)

    with pytest.raises(MalformedImage, match="gave no token"):
        resolve(registry, server)


def test_a_token_service_in_trouble_may_be_tried_again(
    server: ScriptedRegistry, registry: Registry
) -> None:
    server.auth = "bearer"
    server.special["/token"] = lambda exchange: exchange.answer(503)

    with pytest.raises(RegistryUnreachable, match="token service"):
        resolve(registry, server)


def test_a_redirect_to_another_host_takes_no_secret_along(
    server: ScriptedRegistry, registry: Registry
) -> None:
    server.auth = "bearer"
    with running() as store:
        for blob in BUILT.blobs:
            store.blobs[blob.digest] = blob
            target = f"{store.url}/{blob.digest}?sig=1"
            server.special[f"/v2/hello/blobs/{blob.digest}"] = _to(target)

        assert resolve(registry, server).process_types == {"web": "x"}
        assert {authorization for _, authorization in store.authorizations} == {None}
        registry.close()


def test_a_redirect_at_home_keeps_the_token(server: ScriptedRegistry, registry: Registry) -> None:
    server.auth = "bearer"
    server.manifests["moved/manifests/v1"] = server.manifests["hello/manifests/v1"]
    server.special[MANIFEST] = _to("/v2/moved/manifests/v1")

    assert resolve(registry, server).process_types == {"web": "x"}


@pytest.mark.parametrize(
    "target",
    [
        "http://storage.example.com/blob",
        "http://169.254.169.254/latest/meta-data",
        "ftp://127.0.0.1/blob",
        "//storage.example.com/blob",
        "https://ann:secret@storage.example.com/",
        "/v2/hello/manifests/v1",
        "http://[",
    ],
)
def test_a_redirect_that_is_not_safe_is_not_followed(
    server: ScriptedRegistry, registry: Registry, target: str
) -> None:
    server.special[MANIFEST] = _to(target)

    with pytest.raises(MalformedImage):
        resolve(registry, server)

    assert len(server.asked) <= 6


def test_a_registry_elsewhere_may_not_send_us_to_ourselves() -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(307, headers={"Location": "http://127.0.0.1:8080/apps"})

    with (
        Registry(transport=httpx2.MockTransport(answer)) as registry,
        pytest.raises(MalformedImage, match="not on https"),
    ):
        registry.resolve(ImageReference.parse("registry.example.com/hello"))

    assert asked == ["https://registry.example.com/v2/hello/manifests/latest"]


def test_docker_hub_is_asked_at_its_api_and_known_by_its_name() -> None:
    hosts: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url).startswith("https://registry-1.docker.io/v2/library/hello/")
        return httpx2.Response(401, headers={"WWW-Authenticate": "Basic"})

    def credentials(host: str) -> None:
        hosts.append(host)

    with (
        Registry(credentials, transport=httpx2.MockTransport(answer)) as registry,
        pytest.raises(AccessDenied),
    ):
        registry.resolve(ImageReference.parse("hello"))

    assert hosts == ["docker.io"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (httpx2.ConnectError("[Errno -2] Name or service not known"), "no such host"),
        (httpx2.ConnectError("CERTIFICATE_VERIFY_FAILED"), "its certificate is not trusted"),
        (httpx2.ConnectTimeout("x"), "did not answer in time"),
        (httpx2.ReadTimeout("x"), "did not answer in time"),
        (httpx2.RemoteProtocolError("x"), "broke off"),
    ],
)
def test_what_happens_on_the_wire_is_told_in_words(
    error: httpx2.TransportError, sentence: str
) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise error

    with (
        Registry(transport=httpx2.MockTransport(answer)) as registry,
        pytest.raises(RegistryUnreachable, match=sentence) as caught,
    ):
        registry.resolve(ImageReference.parse("registry.example.com/hello"))

    assert caught.value.retryable


def test_a_manifest_under_another_digest_is_refused(
    server: ScriptedRegistry, registry: Registry
) -> None:
    headers = {"Docker-Content-Digest": "sha256:" + "0" * 64}
    server.special[MANIFEST] = lambda exchange: exchange.answer(200, headers, BUILT.manifest)

    with pytest.raises(MalformedImage, match="another digest"):
        resolve(registry, server)


def test_what_is_fetched_by_digest_must_match_it(
    server: ScriptedRegistry, registry: Registry
) -> None:
    wanted = "sha256:" + "1" * 64
    server.manifests[f"hello/manifests/{wanted}"] = (images.OCI_MANIFEST, BUILT.manifest)

    with pytest.raises(MalformedImage, match="does not match its digest"):
        registry.resolve(ImageReference.parse(f"{server.host}/hello@{wanted}"))


@pytest.mark.parametrize("size", [4 * 1024**2 + 64 * 1024, 2 * 1024**3])
def test_a_manifest_without_end_is_left(
    server: ScriptedRegistry, registry: Registry, size: int
) -> None:
    manifest = images.huge(size)
    server.blobs["v1"] = manifest
    server.special[MANIFEST] = server.serve_blob

    with pytest.raises(ImageTooLarge):
        resolve(registry, server)

    assert server.sent[manifest.digest] < 32 * 1024**2


def test_a_config_without_end_is_not_asked_for(
    server: ScriptedRegistry, registry: Registry
) -> None:
    document = json.loads(BUILT.manifest)
    document["config"]["size"] = 9 * 1024**2
    server.put("hello", "v1", BuiltImage(images.OCI_MANIFEST, json.dumps(document).encode()))

    with pytest.raises(ImageTooLarge, match="config is larger"):
        resolve(registry, server)


@pytest.mark.parametrize(
    "misfortune",
    [
        lambda exchange: exchange.answer(500, body=SECRET.encode()),
        lambda exchange: exchange.answer(403, body=SECRET.encode()),
        lambda exchange: exchange.answer(418),
        lambda exchange: exchange.answer(200, body=b"{}"),
        lambda exchange: exchange.answer(302, {"Location": "http://x.example.com/?sig=" + SECRET}),
        lambda exchange: exchange.hang_up(),
    ],
)
def test_no_error_tells_a_secret(
    server: ScriptedRegistry, registry: Registry, misfortune: Callable[[Exchange], None]
) -> None:
    server.auth, server.user = "bearer", ("ann", SECRET)
    resolve(registry, server)
    server.special[MANIFEST] = misfortune

    with pytest.raises(RegistryError) as caught:
        resolve(registry, server)

    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert "let-in:" not in told


def test_one_client_serves_many_threads(server: ScriptedRegistry, registry: Registry) -> None:
    server.auth = "bearer"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: resolve(registry, server), range(32)))

    assert {image.digest for image in found} == {BUILT.digest}


def _to(target: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(307, {"Location": target})
