"""Who may come in: nobody is asked, a password at every request, or a token bought with one.

The local AWS itself asks nobody. ECR asks for a password, most others for a token; a client of
registries is tested against both.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localaws.registry.errors import RegistryError

LIFE = 300  # seconds a token is good for


class Auth(Protocol):
    def check(self, request: Request, name: str | None) -> None:
        """RegistryError if the request may not do this to the repository; None: no repository."""

    def serve(self, request: Request) -> Response | None:
        """The answer, if this address is the guard's own."""


@dataclass(frozen=True)
class BasicAuth:
    realm: str
    username: str
    password: str

    def check(self, request: Request, name: str | None) -> None:  # noqa: ARG002 - Auth's shape
        if _password(request) != (self.username, self.password):
            raise _unauthorized(f'Basic realm="{self.realm}"')

    def serve(self, request: Request) -> Response | None:  # noqa: ARG002 - Auth's shape
        return None


@dataclass
class TokenAuth:
    """`realm` is where tokens are sold: a URL whose path this registry serves."""

    realm: str
    username: str
    password: str
    service: str = "registry"
    _sold: dict[str, tuple[set[str], float]] = field(default_factory=dict)

    def check(self, request: Request, name: str | None) -> None:
        wanted = _scope(request, name)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        scopes, until = self._sold.get(token, (set[str](), 0.0))
        if kind.lower() == "bearer" and time.monotonic() < until and wanted <= scopes:
            return
        challenge = f'Bearer realm="{self.realm}",service="{self.service}"'
        if name:
            actions = ",".join(sorted(action.rpartition(":")[2] for action in wanted))
            challenge += f',scope="repository:{name}:{actions}"'
        raise _unauthorized(challenge)

    def serve(self, request: Request) -> Response | None:
        if request.url.path != urlsplit(self.realm).path:
            return None
        if _password(request) != (self.username, self.password):
            raise _unauthorized(f'Basic realm="{self.realm}"')
        token = secrets.token_urlsafe(24)
        scopes = {one for asked in request.query_params.getlist("scope") for one in _split(asked)}
        self._sold[token] = scopes, time.monotonic() + LIFE
        return JSONResponse({"token": token, "access_token": token, "expires_in": LIFE})


def _scope(request: Request, name: str | None) -> set[str]:
    if name is None:
        return set()
    if request.method in ("GET", "HEAD"):
        return {f"repository:{name}:pull"}
    if request.method == "DELETE":
        return {f"repository:{name}:delete"}
    return {f"repository:{name}:pull", f"repository:{name}:push"}


def _split(scope: str) -> set[str]:
    """ "repository:app:pull,push", once for each action."""
    resource, _, actions = scope.rpartition(":")
    return {f"{resource}:{action}" for action in actions.split(",")}


def _password(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        username, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (username, password) if kind.lower() == "basic" else None


def _unauthorized(challenge: str) -> RegistryError:
    return RegistryError(
        401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge}
    )
