import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.localaws import registering
from tests.localaws.registering import digest, manifest, push_blob, push_manifest

CONFIG, LAYER = b'{"os": "linux"}', b"layer " * 1000
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx2.Client]:
    with registering.serving(tmp_path) as client:
        yield client


def push(client: httpx2.Client, name: str = "team/hello", tag: str = "v1") -> bytes:
    push_blob(client, name, CONFIG)
    push_blob(client, name, LAYER)
    body = manifest(CONFIG, LAYER)
    assert push_manifest(client, name, tag, body).status_code == 201
    return body


def test_says_what_it_speaks(client: httpx2.Client) -> None:
    answer = client.get("/v2/")

    assert answer.status_code == 200
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"


def test_an_image_comes_back_as_it_went(client: httpx2.Client) -> None:
    body = push(client)

    by_tag = client.get("/v2/team/hello/manifests/v1")
    by_digest = client.get(f"/v2/team/hello/manifests/{digest(body)}")
    blob = client.get(f"/v2/team/hello/blobs/{digest(LAYER)}")

    assert by_tag.content == by_digest.content == body
    assert by_tag.headers["content-type"] == registering.OCI_MANIFEST
    assert by_tag.headers["docker-content-digest"] == digest(body)
    assert blob.content == LAYER


def test_head_tells_size_and_digest_without_a_body(client: httpx2.Client) -> None:
    body = push(client)

    of_manifest = client.head("/v2/team/hello/manifests/v1")
    of_blob = client.head(f"/v2/team/hello/blobs/{digest(LAYER)}")

    assert of_manifest.headers["content-length"] == str(len(body))
    assert of_blob.headers["content-length"] == str(len(LAYER))
    assert of_blob.headers["docker-content-digest"] == digest(LAYER)
    assert of_manifest.content == of_blob.content == b""


def test_a_part_of_a_blob(client: httpx2.Client) -> None:
    push(client)

    answer = client.get(f"/v2/team/hello/blobs/{digest(LAYER)}", headers={"Range": "bytes=6-11"})

    assert answer.status_code == 206
    assert answer.content == b"layer "
    assert answer.headers["content-range"] == f"bytes 6-11/{len(LAYER)}"


def test_a_blob_in_chunks(client: httpx2.Client) -> None:
    begun = client.post("/v2/hello/blobs/uploads/")
    first = client.patch(
        begun.headers["location"], content=LAYER[:10], headers={"Content-Range": "0-9"}
    )
    asked = client.get(begun.headers["location"])
    second = client.patch(first.headers["location"], content=iter([LAYER[10:20], LAYER[20:]]))
    ended = client.put(second.headers["location"], params={"digest": digest(LAYER)})

    assert first.status_code == second.status_code == 202
    assert (asked.status_code, asked.headers["range"]) == (204, "0-9")
    assert second.headers["range"] == f"0-{len(LAYER) - 1}"
    assert ended.status_code == 201
    assert client.get(ended.headers["location"]).content == LAYER


def test_a_chunk_out_of_order_is_refused_and_says_where_to_go_on(client: httpx2.Client) -> None:
    begun = client.post("/v2/hello/blobs/uploads/")
    client.patch(begun.headers["location"], content=b"0123456789")

    answer = client.patch(
        begun.headers["location"], content=b"x", headers={"Content-Range": "20-20"}
    )

    assert (answer.status_code, answer.headers["range"]) == (416, "0-9")


def test_a_blob_in_one_request(client: httpx2.Client) -> None:
    answer = client.post(
        "/v2/hello/blobs/uploads/", params={"digest": digest(LAYER)}, content=LAYER
    )

    assert answer.status_code == 201
    assert client.get(answer.headers["location"]).content == LAYER


def test_a_blob_mounted_from_another_repository(client: httpx2.Client) -> None:
    push_blob(client, "one", LAYER)

    unmounted = client.get(f"/v2/two/blobs/{digest(LAYER)}")
    mounted = client.post("/v2/two/blobs/uploads/", params={"mount": digest(LAYER), "from": "one"})
    unknown = client.post(
        "/v2/two/blobs/uploads/", params={"mount": digest(b"other"), "from": "one"}
    )

    assert unmounted.status_code == 404
    assert mounted.status_code == 201
    assert client.get(f"/v2/two/blobs/{digest(LAYER)}").content == LAYER
    assert unknown.status_code == 202  # the push begins in the ordinary way


def test_what_is_not_what_it_claims_is_refused_and_not_kept(
    client: httpx2.Client, tmp_path: Path
) -> None:
    begun = client.post("/v2/hello/blobs/uploads/")
    answer = client.put(
        begun.headers["location"], params={"digest": digest(b"this")}, content=b"that"
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "DIGEST_INVALID"
    assert client.head(f"/v2/hello/blobs/{digest(b'this')}").status_code == 404
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_manifest_under_a_wrong_digest_is_refused(client: httpx2.Client) -> None:
    push_blob(client, "hello", CONFIG)

    answer = push_manifest(client, "hello", digest(b"other"), manifest(CONFIG))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")


def test_a_manifest_that_names_what_was_not_pushed_is_refused(client: httpx2.Client) -> None:
    push_blob(client, "hello", CONFIG)

    answer = push_manifest(client, "hello", "v1", manifest(CONFIG, LAYER))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
        404,
        "MANIFEST_BLOB_UNKNOWN",
    )


@pytest.mark.parametrize("body", [b"no json", b"[]", b"{}", b'{"schemaVersion": 1}'])
def test_a_manifest_that_is_none_is_refused(client: httpx2.Client, body: bytes) -> None:
    answer = push_manifest(client, "hello", "v1", body)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "MANIFEST_INVALID")


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"mediaType": 5}, id="a number"),
        pytest.param({"mediaType": "a\r\nX: y"}, id="a header more"),
        pytest.param({"mediaType": "\u00e9\ud800"}, id="no ASCII"),
        pytest.param({"config": {"digest": "\ud800"}}, id="a digest no text can hold"),
    ],
)
def test_a_manifest_that_could_not_be_sent_again_is_refused(
    client: httpx2.Client, named: dict[str, object]
) -> None:
    body = json.dumps({"schemaVersion": 2, **named}).encode()

    assert push_manifest(client, "team/hello", "v1", body).status_code == 400


def test_a_manifest_nested_without_end_is_refused(client: httpx2.Client) -> None:
    assert push_manifest(client, "team/hello", "v1", b"[" * 200_000).status_code == 400


def test_an_index_of_images(client: httpx2.Client) -> None:
    image = push(client)
    index = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [registering.part(registering.OCI_MANIFEST, image)],
        }
    ).encode()

    push_manifest(client, "team/hello", "all", index, INDEX)
    answer = client.get("/v2/team/hello/manifests/all")

    assert (answer.content, answer.headers["content-type"]) == (index, INDEX)


def test_tags_a_page_at_a_time(client: httpx2.Client) -> None:
    for tag in ("v1", "v2", "v3"):
        push(client, tag=tag)

    first = client.get("/v2/team/hello/tags/list", params={"n": 2})
    rest = client.get(first.headers["link"].split(">")[0].lstrip("<"))

    assert first.json() == {"name": "team/hello", "tags": ["v1", "v2"]}
    assert rest.json()["tags"] == ["v3"]
    assert client.get("/v2/nobody/tags/list").json()["errors"][0]["code"] == "NAME_UNKNOWN"


def test_deleting_a_manifest_takes_its_tags_and_deleting_a_tag_only_the_tag(
    client: httpx2.Client,
) -> None:
    body = push(client, tag="v1")
    push(client, tag="v2")

    assert client.delete("/v2/team/hello/manifests/v1").status_code == 202
    assert client.get(f"/v2/team/hello/manifests/{digest(body)}").status_code == 200
    assert client.delete(f"/v2/team/hello/manifests/{digest(body)}").status_code == 202

    assert client.get("/v2/team/hello/manifests/v2").status_code == 404
    assert client.get("/v2/team/hello/tags/list").json()["tags"] == []


def test_deleting_a_blob_leaves_it_to_other_repositories(client: httpx2.Client) -> None:
    push_blob(client, "one", LAYER)
    push_blob(client, "two", LAYER)

    assert client.delete(f"/v2/one/blobs/{digest(LAYER)}").status_code == 202

    assert client.get(f"/v2/one/blobs/{digest(LAYER)}").status_code == 404
    assert client.get(f"/v2/two/blobs/{digest(LAYER)}").content == LAYER


def test_what_was_pushed_is_there_after_a_restart(tmp_path: Path) -> None:
    with registering.serving(tmp_path) as client:
        body = push(client)

    with registering.serving(tmp_path) as client:
        assert client.get("/v2/team/hello/manifests/v1").content == body


@pytest.mark.parametrize(
    "path",
    [
        "/v2/../../secret/tags/list",
        "/v2/a/../../../blobs/uploads/",
        "/v2/a/_blobs/manifests/v1",
        "/v2/Upper/manifests/v1",
        "/v2/a/manifests/..",
        "/v2/a/manifests/../../x",
        "/v2/a/blobs/sha256:../../../../secret",
        "/v2/a/blobs/uploads/../../../secret",
        "/v2/a%2f..%2f..%2fsecret/tags/list",
        "/v2/" + "a" * 300 + "/tags/list",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("secret")
    with registering.serving(tmp_path / "registry") as client:
        answers = [raw(client, method, path) for method in ("GET", "PUT", "POST", "DELETE")]

    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 404")
        assert b"secret" not in answer.partition(b"\r\n\r\n")[2]
    assert (tmp_path / "secret").read_text() == "secret"
    assert [p for p in (tmp_path / "registry").rglob("*") if p.is_file()] == []


def raw(client: httpx2.Client, method: str, path: str) -> bytes:
    """As the path is written: a client library would tidy it first."""
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer
