"""Manifests and image indexes, by digest and by tag."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localaws.registry import errors, grammar
from localaws.registry.actions import Action, Told
from localaws.registry.errors import VERSION, RegistryError
from localaws.registry.store import Store

LARGEST = 4 * 1024 * 1024
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


async def put(store: Store, name: str, reference: str, request: Request, tell: Told) -> Response:
    body = await _body(request)
    manifest = _parsed(body)
    _check_parts(store, name, manifest)
    digest = _digest(body, reference)
    media_type = _media_type(manifest, request)
    store.put_manifest(name, digest, media_type, body)
    tag = None if grammar.is_digest(reference) else reference
    if tag:
        store.tag(name, tag, digest)
    await tell(Action("PUSH", name, digest, tag))
    location = f"/v2/{name}/manifests/{digest}"
    headers = VERSION | {"Location": location, "Docker-Content-Digest": digest}
    return Response(status_code=201, headers=headers)


async def read(store: Store, name: str, reference: str, request: Request) -> Response:
    digest = _resolved(store, name, reference)
    media_type, body = store.manifest(name, digest)
    headers = VERSION | {
        "Content-Type": media_type,
        "Content-Length": str(len(body)),
        "Docker-Content-Digest": digest,
        "ETag": f'"{digest}"',
    }
    return Response(b"" if request.method == "HEAD" else body, headers=headers)


async def delete(store: Store, name: str, reference: str, tell: Told) -> Response:
    """By digest the manifest and its tags; by tag only the tag."""
    digest = _resolved(store, name, reference)
    tags: list[str | None] = [reference]
    if grammar.is_digest(reference):
        tags = [tag for tag in store.tags(name) if store.tagged(name, tag) == digest] or [None]
        store.delete_manifest(name, reference)
    else:
        store.untag(name, reference)
    for tag in tags:
        await tell(Action("DELETE", name, digest, tag))
    return Response(status_code=202, headers=VERSION)


async def tags(store: Store, name: str, request: Request) -> Response:
    if not store.known(name):
        raise errors.name_unknown(name)
    last, count = request.query_params.get("last", ""), request.query_params.get("n")
    found = [tag for tag in store.tags(name) if tag > last]
    headers = dict(VERSION)
    if count is not None and count.isdecimal() and int(count) < len(found):
        found = found[: int(count)]
        following = f"/v2/{name}/tags/list?n={count}&last={found[-1] if found else last}"
        headers["Link"] = f'<{following}>; rel="next"'
    return JSONResponse({"name": name, "tags": found}, headers=headers)


def _resolved(store: Store, name: str, reference: str) -> str:
    return reference if grammar.is_digest(reference) else store.tagged(name, reference)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise RegistryError(413, "SIZE_INVALID", "a manifest has at most 4 MiB")
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid("it is not JSON") from error
    if not isinstance(manifest, dict) or manifest.get("schemaVersion") != 2:
        raise _invalid("its schemaVersion is not 2")
    return manifest


def _media_type(manifest: dict[str, Any], request: Request) -> str:
    """It becomes a header of every answer, so it must be what a media type is."""
    given = manifest.get("mediaType") or request.headers.get("content-type") or OCI_MANIFEST
    if not isinstance(given, str) or not grammar.is_media_type(given):
        raise _invalid("its mediaType is none")
    return given


def _check_parts(store: Store, name: str, manifest: dict[str, Any]) -> None:
    """Nothing may be named that is not there: what can be pulled can be pulled whole."""
    try:
        children = [part["digest"] for part in manifest.get("manifests", [])]
        config = [manifest["config"]["digest"]] if "config" in manifest else []
        elsewhere = [part for part in manifest.get("layers", []) if part.get("urls")]
        layers = [part for part in manifest.get("layers", []) if part not in elsewhere]
        blobs = [*config, *(layer["digest"] for layer in layers)]
    except (KeyError, TypeError, AttributeError) as error:
        raise _invalid("a part has no digest") from error
    missing = [
        *(part for part in blobs if not _valid(part) or not store.has_blob(name, part)),
        *(part for part in children if not _valid(part) or not store.has_manifest(name, part)),
    ]
    if missing:
        raise RegistryError(
            404, "MANIFEST_BLOB_UNKNOWN", f"it names what was not pushed: {', '.join(missing)}"
        )


def _valid(digest: object) -> bool:
    if not isinstance(digest, str) or not grammar.is_digest(digest):
        raise _invalid(f"{digest!a:.100} is no digest")
    return True


def _digest(body: bytes, reference: str) -> str:
    algorithm = reference.partition(":")[0] if grammar.is_digest(reference) else "sha256"
    digest = f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
    if grammar.is_digest(reference) and reference != digest:
        raise errors.digest_invalid(reference)
    return digest


def _invalid(why: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", f"the manifest cannot be taken: {why}")
