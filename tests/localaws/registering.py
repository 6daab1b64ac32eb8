"""A registry on a real port, and a client of it."""

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from localaws.registry.app import asgi
from localaws.registry.auth import Auth

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@contextmanager
def serving(home: Path, guard: Callable[[str], Auth] | None = None) -> Iterator[httpx2.Client]:
    """`guard` is given the registry's own URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = asgi(home, guard(url) if guard else None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        with httpx2.Client(base_url=url) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def push_blob(client: httpx2.Client, name: str, content: bytes) -> httpx2.Response:
    begun = client.post(f"/v2/{name}/blobs/uploads/")
    return client.put(
        begun.headers["location"], params={"digest": digest(content)}, content=content
    )


def manifest(config: bytes, *layers: bytes) -> bytes:
    described: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": part("application/vnd.oci.image.config.v1+json", config),
        "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip", one) for one in layers],
    }
    return json.dumps(described).encode()


def part(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def push_manifest(
    client: httpx2.Client, name: str, reference: str, body: bytes, media_type: str = OCI_MANIFEST
) -> httpx2.Response:
    return client.put(
        f"/v2/{name}/manifests/{reference}", content=body, headers={"Content-Type": media_type}
    )
