"""The registry as an ASGI application: enough for docker, skopeo and us.

To run it alone: `uvicorn --factory localaws.registry.app:from_environment`, with REGISTRY_HOME.
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from localaws.registry import actions, blobs, grammar, manifests
from localaws.registry.actions import Told
from localaws.registry.auth import Auth
from localaws.registry.errors import VERSION, RegistryError
from localaws.registry.store import Store


def asgi(home: Path, auth: Auth | None = None, tell: Told = actions.nobody) -> ASGIApp:
    """Serves everything under `home`; `auth` is for tests of clients."""
    store = Store(home)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await _respond(store, auth, request, tell)
        except RegistryError as error:
            response = error.response()
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    return app


def from_environment() -> ASGIApp:
    return asgi(Path(os.environ["REGISTRY_HOME"]))


async def _respond(store: Store, auth: Auth | None, request: Request, tell: Told) -> Response:
    if auth and (response := auth.serve(request)):
        return response
    matched = grammar.match(request.url.path)
    if auth:
        auth.check(request, matched[1].get("name") if matched else None)
    if matched is None:
        raise RegistryError(404, "NAME_INVALID", "there is nothing at this address")
    kind, named = matched
    match kind, request.method:
        case "ping", "GET" | "HEAD":
            return Response(b"{}", media_type="application/json", headers=VERSION)
        case "tags", "GET":
            return await manifests.tags(store, named["name"], request)
        case "manifest", _:
            return await _manifest(store, request, tell, **named)
        case "blob", "GET" | "HEAD":
            return await blobs.read(store, **named)
        case "blob", "DELETE":
            return await blobs.delete(store, **named)
        case "start", "POST":
            return await blobs.start(store, named["name"], request)
        case "upload", _:
            return await _upload(store, request, **named)
    raise _unsupported(request)


async def _manifest(
    store: Store, request: Request, tell: Told, name: str, reference: str
) -> Response:
    match request.method:
        case "GET" | "HEAD":
            return await manifests.read(store, name, reference, request)
        case "PUT":
            return await manifests.put(store, name, reference, request, tell)
        case "DELETE":
            return await manifests.delete(store, name, reference, tell)
    raise _unsupported(request)


async def _upload(store: Store, request: Request, name: str, upload: str) -> Response:
    match request.method:
        case "GET":
            return await blobs.progress(store, name, upload)
        case "PATCH":
            return await blobs.append(store, name, upload, request)
        case "PUT":
            return await blobs.finish(store, name, upload, request)
        case "DELETE":
            return await blobs.cancel(store, upload)
    raise _unsupported(request)


def _unsupported(request: Request) -> RegistryError:
    return RegistryError(405, "UNSUPPORTED", f"{request.method} means nothing at this address")
