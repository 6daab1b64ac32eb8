"""GET over the OCI distribution API: authenticated, redirected with care, read in bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from app.domain.image import ImageReference
from app.gateways.registry.authentication import Authorizations, Credentials, denied
from app.gateways.registry.budget import Budget, Limits
from app.gateways.registry.errors import (
    ImageTooLarge,
    MalformedImage,
    RegistryError,
    RegistryUnreachable,
)
from app.gateways.registry.links import address, may_follow, same_origin

MAX_REDIRECTS = 5
MAX_TOKEN = 64 * 1024
MAX_TOKEN_SECONDS = 30.0
TIMEOUT = httpx2.Timeout(30.0, connect=10.0)  # of silence; the budget bounds the whole


class Distribution:
    def __init__(
        self, credentials: Credentials, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._client = httpx2.Client(
            transport=transport,
            timeout=TIMEOUT,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps none
            headers={"User-Agent": "palatine", "Accept-Encoding": "identity"},
        )
        self._authorizations = Authorizations(credentials, self._token)

    def close(self) -> None:
        self._client.close()

    def read(
        self, reference: ImageReference, path: str, budget: Budget, *, limit: int, accept: str
    ) -> tuple[int, httpx2.Headers, bytes]:
        """Status, headers and the body, which is empty unless the status is 200."""
        with self.open(reference, path, accept) as response:
            body = b""
            if response.status_code == 200:
                body = _bounded(response, limit, budget)
            return response.status_code, response.headers, body

    @contextmanager
    def open(
        self, reference: ImageReference, path: str, accept: str = "*/*"
    ) -> Iterator[httpx2.Response]:
        """The response with its body still to come; leaving early drops the connection."""
        with _in_words(reference):
            response = self._authorized(reference, address(reference, path), {"Accept": accept})
            try:
                _check(reference, response)
                yield response
            finally:
                response.close()

    def _authorized(
        self, reference: ImageReference, url: httpx2.URL, headers: Mapping[str, str]
    ) -> httpx2.Response:
        held = self._authorizations.held(reference)
        response = self._follow(reference, url, headers, held)
        if response.status_code != 401 or not same_origin(response.url, url):
            return response
        challenges = response.headers.get_list("www-authenticate")
        response.close()
        self._authorizations.forget(reference)
        answer = self._authorizations.answer(reference, challenges)
        return self._follow(reference, url, headers, answer)

    def _follow(
        self,
        reference: ImageReference,
        url: httpx2.URL,
        headers: Mapping[str, str],
        authorization: str | None,
    ) -> httpx2.Response:
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(url, headers, authorization)
            if not response.has_redirect_location:
                return response
            response.close()
            target = url.join(response.headers["location"])
            if not may_follow(target, from_loopback=reference.is_loopback):
                raise MalformedImage(
                    f"{reference.registry} redirects to an address that is not on https: its"
                    " administrator must correct it."
                )
            if not same_origin(url, target):
                authorization = None  # and never again: what follows is another's
            url = target
        raise MalformedImage(f"{reference.registry} redirects in circles: try another registry.")

    def _send(
        self, url: httpx2.URL, headers: Mapping[str, str], authorization: str | None
    ) -> httpx2.Response:
        secret = {"Authorization": authorization} if authorization else {}
        request = self._client.build_request("GET", url, headers={**headers, **secret})
        return self._client.send(request, stream=True, follow_redirects=False)

    def _token(self, url: httpx2.URL, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = self._send(url, {}, headers.get("Authorization"))
        try:
            if response.status_code != 200:
                return response.status_code, b""
            return 200, _bounded(response, MAX_TOKEN, Budget(Limits(seconds=MAX_TOKEN_SECONDS)))
        finally:
            response.close()


def verify(body: bytes, digest: str, what: str) -> None:
    algorithm, _, claimed = digest.partition(":")
    if hashlib.new(algorithm, body).hexdigest() != claimed:
        raise MalformedImage(f"{what} does not match its digest: push the image again.")


def _check(reference: ImageReference, response: httpx2.Response) -> None:
    """200 and 404 are answers; the rest are reasons."""
    status = response.status_code
    if status in (200, 404):
        return
    if status in (401, 403):
        raise denied(reference)
    if status == 429:
        raise RegistryUnreachable(f"{reference.registry} asks us to slow down: try again later.")
    if status >= 500:
        raise RegistryUnreachable(f"{reference.registry} answered {status}: try again later.")
    raise MalformedImage(
        f"{reference.registry} answered {status} for {reference.repository}: is it a registry?"
    )


@contextmanager
def _in_words(reference: ImageReference) -> Iterator[None]:
    """httpx2's errors as ours. Their texts may quote an address, so they are not passed on."""
    try:
        yield
    except RegistryError:
        raise
    except httpx2.TimeoutException:
        raise RegistryUnreachable(
            f"{reference.registry} did not answer in time: check that it is up, and try again."
        ) from None
    except httpx2.ConnectError as error:
        raise RegistryUnreachable(
            f"{reference.registry} cannot be reached ({_cause(error)}): check the name, and that"
            " the platform's network leads there."
        ) from None
    except httpx2.TransportError:
        raise RegistryUnreachable(
            f"{reference.registry} broke off its answer: try again."
        ) from None
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise MalformedImage(
            f"{reference.registry} answered what no registry answers: check the reference."
        ) from None


def _cause(error: httpx2.ConnectError) -> str:
    text = str(error).lower()
    for sign, cause in (
        ("certificate", "its certificate is not trusted"),
        ("ssl", "it does not speak TLS"),
        ("refused", "connection refused"),
        ("name", "no such host"),
    ):
        if sign in text:
            return cause
    return "no connection"


def _bounded(response: httpx2.Response, limit: int, budget: Budget) -> bytes:
    parts = []
    for chunk in _limited(response, limit):
        budget.check_time()
        parts.append(chunk)
    return b"".join(parts)


def _limited(response: httpx2.Response, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > limit:
            raise ImageTooLarge(
                f"The registry's answer is larger than {limit:,} bytes: this is no manifest,"
                " config or token we can use."
            )
        yield chunk
