"""What a registry asks for on a 401, and what we answer: Basic, or a token of its realm's.

The challenge is RFC 7235's, its Bearer form the distribution project's "token
authentication" page. A secret goes to the registry it was configured for and the realm that
registry names, over https, or over http where both are this machine.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx2

from app.domain.image import ImageReference
from app.gateways.registry.errors import AccessDenied, MalformedImage, RegistryUnreachable
from app.gateways.registry.links import may_follow

Credentials = Callable[[str], tuple[str, str] | None]
FetchToken = Callable[[httpx2.URL, Mapping[str, str]], tuple[int, bytes]]

DEFAULT_LIFE = 60.0  # seconds, where a token does not say (distribution, token specification)
MARGIN = 5.0
MAX_HELD = 256

_SCHEME = re.compile(r"(?:^|[\s,])(Bearer|Basic)(?=\s|$)", re.IGNORECASE)
_PARAMETER = re.compile(r'([A-Za-z_]+)=(?:"([^"]*)"|([^\s",]+))')
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Authorization:
    header: str
    until: float  # of time.monotonic


class Authorizations:
    """One a repository, kept while it lasts."""

    def __init__(self, credentials: Credentials, fetch_token: FetchToken) -> None:
        self._credentials = credentials
        self._fetch_token = fetch_token
        self._held: dict[tuple[str, str], Authorization] = {}

    def held(self, reference: ImageReference) -> str | None:
        authorization = self._held.get((reference.registry, reference.repository))
        if authorization is None or authorization.until < time.monotonic():
            return None
        return authorization.header

    def answer(self, reference: ImageReference, challenges: Sequence[str]) -> str:
        """The header that answers, kept for the next request. Raises AccessDenied."""
        secret = self._credentials(reference.registry)
        asked = _challenges(challenges)
        if "bearer" in asked:
            authorization = self._token(reference, asked["bearer"], secret)
        elif "basic" in asked and secret is not None:
            authorization = Authorization(_basic(secret), time.monotonic() + DEFAULT_LIFE)
        else:
            raise denied(reference)
        if len(self._held) >= MAX_HELD:
            self._held.clear()
        self._held[reference.registry, reference.repository] = authorization
        return authorization.header

    def forget(self, reference: ImageReference) -> None:
        self._held.pop((reference.registry, reference.repository), None)

    def _token(
        self,
        reference: ImageReference,
        asked: Mapping[str, str],
        secret: tuple[str, str] | None,
    ) -> Authorization:
        headers = {"Authorization": _basic(secret)} if secret else {}
        status, body = self._fetch_token(_realm(reference, asked), headers)
        if status in (400, 401, 403, 404):
            raise denied(reference)
        if status != 200:
            raise RegistryUnreachable(
                f"The token service of {reference.registry} answered {status}: try again later."
            )
        return _read_token(reference, body)


def denied(reference: ImageReference) -> AccessDenied:
    return AccessDenied(
        f"{reference.registry} denied access to {reference.repository}: check the name, and the"
        " credentials the platform has for this registry."
    )


def _challenges(headers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Parameters by scheme, both in lower case; a header may hold several challenges."""
    asked: dict[str, dict[str, str]] = {}
    for header in headers:
        starts = list(_SCHEME.finditer(header))
        ends = [start.start() for start in starts[1:]] + [len(header)]
        for start, end in zip(starts, ends, strict=False):
            text = header[start.end() : end]
            asked.setdefault(
                start[1].lower(),
                {key.lower(): quoted or plain for key, quoted, plain in _PARAMETER.findall(text)},
            )
    return asked


def _realm(reference: ImageReference, asked: Mapping[str, str]) -> httpx2.URL:
    try:
        realm = httpx2.URL(asked.get("realm", ""))
    except httpx2.InvalidURL:
        realm = httpx2.URL("")
    if not may_follow(realm, from_loopback=reference.is_loopback):
        raise MalformedImage(
            f"{reference.registry} names a token service that is not on https: its"
            " administrator must give it an https realm."
        )
    scope = asked.get("scope") or f"repository:{reference.repository}:pull"
    service = {"service": asked["service"]} if "service" in asked else {}
    return realm.copy_merge_params({**service, "scope": scope})


def _read_token(reference: ImageReference, body: bytes) -> Authorization:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    match answer:
        case {"token": str(token)} | {"access_token": str(token)} if _TOKEN.fullmatch(token):
            life = answer.get("expires_in")
            seconds = float(life) if isinstance(life, int) and 0 < life < 86_400 else DEFAULT_LIFE
            return Authorization(f"Bearer {token}", time.monotonic() + seconds - MARGIN)
    raise MalformedImage(
        f"The token service of {reference.registry} gave no token: ask its administrator."
    )


def _basic(secret: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(secret).encode()).decode()
