"""Blobs: read whole or in part, pushed at once or in chunks, mounted from another repository."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from localaws.registry import errors, grammar
from localaws.registry.errors import VERSION, RegistryError
from localaws.registry.store import Store


async def read(store: Store, name: str, digest: str) -> Response:
    """`Range` and HEAD are FileResponse's doing."""
    return FileResponse(
        store.blob(name, digest),
        headers=VERSION | {"Docker-Content-Digest": digest, "ETag": f'"{digest}"'},
        media_type="application/octet-stream",
    )


async def delete(store: Store, name: str, digest: str) -> Response:
    store.unlink_blob(name, digest)
    return Response(status_code=202, headers=VERSION)


async def start(store: Store, name: str, request: Request) -> Response:
    digest, source = request.query_params.get("mount"), request.query_params.get("from")
    if digest and source and _mountable(store, source, digest):
        store.link_blob(name, digest)
        return _created(name, digest)
    upload = store.begin_upload()
    if whole := request.query_params.get("digest"):
        return await _finish(store, name, upload, whole, request)
    return _progress(name, upload, 0, status=202)


async def append(store: Store, name: str, upload: str, request: Request) -> Response:
    path = store.upload(upload)
    _check_start(path, request.headers.get("content-range"))
    await _receive(path, request)
    return _progress(name, upload, path.stat().st_size, status=202)


async def finish(store: Store, name: str, upload: str, request: Request) -> Response:
    path = store.upload(upload)
    _check_start(path, request.headers.get("content-range"))
    return await _finish(store, name, upload, request.query_params.get("digest", ""), request)


async def progress(store: Store, name: str, upload: str) -> Response:
    return _progress(name, upload, store.upload(upload).stat().st_size, status=204)


async def cancel(store: Store, upload: str) -> Response:
    store.upload(upload).unlink()
    return Response(status_code=204, headers=VERSION)


async def _finish(store: Store, name: str, upload: str, digest: str, request: Request) -> Response:
    if not grammar.is_digest(digest):
        store.upload(upload).unlink()
        raise errors.digest_invalid(digest)
    await _receive(store.upload(upload), request)
    await asyncio.to_thread(store.finish_upload, name, upload, digest)
    return _created(name, digest)


async def _receive(path: Path, request: Request) -> None:
    """As it comes; a sender that leaves keeps what arrived and may go on from there."""
    with path.open("ab") as upload:
        async for chunk in request.stream():
            upload.write(chunk)


def _mountable(store: Store, source: str, digest: str) -> bool:
    return grammar.is_name(source) and grammar.is_digest(digest) and store.has_blob(source, digest)


def _check_start(path: Path, content_range: str | None) -> None:
    if content_range is None:
        return
    size = path.stat().st_size
    start = content_range.removeprefix("bytes ").partition("-")[0]
    if start != str(size):
        raise RegistryError(
            416,
            "BLOB_UPLOAD_INVALID",
            f"the upload goes on at byte {size}, not at {start}",
            {"Range": _range(size)},
        )


def _created(name: str, digest: str) -> Response:
    location = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return Response(status_code=201, headers=VERSION | location)


def _progress(name: str, upload: str, size: int, *, status: int) -> Response:
    headers = {
        "Location": f"/v2/{name}/blobs/uploads/{upload}",
        "Range": _range(size),
        "Docker-Upload-UUID": upload,
    }
    return Response(status_code=status, headers=VERSION | headers)


def _range(size: int) -> str:
    """Of bytes received, the last one included; nothing yet is `0-0` by custom."""
    return f"0-{max(size - 1, 0)}"
