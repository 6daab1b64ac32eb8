"""Services we do not own are moto's: its WSGI app, in this process, one request at a time."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from localaws import lean_moto, longpoll, moto_repairs, status_checks
from localaws.clock import Clock
from localaws.longpoll import LongPoll
from localaws.wire import AwsError, models
from localaws.wire.answer import Answer
from localaws.wire.called import READS
from localaws.wire.request import Request

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
T = TypeVar("T")
Heard = Callable[[Request, Answer], Awaitable[None]]

_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20000101/{region}/{scope}/aws4_request, x=y"
_CALLS_AT_ONCE = 4  # one works, the next are ready: thousands of ready ones weigh more than moto
_log = logging.getLogger(__name__)


class Moto:
    """moto has no locks: its pool has one thread."""

    def __init__(self, *, region: str, account: str, port: int, clock: Clock) -> None:
        self._region = region
        self._endpoint = f"http://127.0.0.1:{port}"
        self._registries = {  # images are here, not at the address that moto answers with
            f"https://{account}.dkr.ecr.{region}.amazonaws.com".encode(): self._endpoint.encode(),
            f"{account}.dkr.ecr.{region}.amazonaws.com".encode(): f"127.0.0.1:{port}".encode(),
        }
        self._pool = ThreadPoolExecutor(1, "moto")
        self._turns = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._clock = clock
        self._queues = LongPoll(clock, self._in_pool)
        self.heard = dict[str, Heard]()  # by signing name: told of each request that was answered
        self.failed_checks: status_checks.Failed = dict  # of EC2 instances
        self.touched: Callable[[], None] = lambda: None  # told when something may have changed
        self._changed = set[str]()  # names of backends, since they were dumped

    async def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """An operation by boto3's names, with boto3's shapes; raises AwsError."""
        async with self._turns:
            return await self._call(service, operation, params)

    async def _call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        model = models.operation(service, operation)
        protocol = models.protocol(service)
        prepared = create_serializer(protocol, False).serialize_to_request(params, model)
        scope = model.service_model.signing_name
        answer = await self.handle(self._request(prepared, scope))
        parsed = create_parser(protocol).parse(
            {
                "status_code": answer.status,
                "headers": HeadersDict(answer.headers),
                "body": answer.body,
            },
            model.output_shape,
        )
        if answer.status >= 300:
            refusal = parsed.get("Error", {})
            code, message = refusal.get("Code", "Unknown"), refusal.get("Message", "")
            raise AwsError(code, message, answer.status)
        parsed.pop("ResponseMetadata", None)
        return dict(parsed)

    async def handle(self, request: Request) -> Answer:
        """An HTTP request as it came."""
        answer = await self._handle(request)
        if heard := self.heard.get(request.signed_for):
            await heard(request, answer)
        return answer

    async def _handle(self, request: Request) -> Answer:
        match request.signed_for:
            case "sqs" if longpoll.is_receive(request):
                return await self._queues.receive(request)
            case "sqs" | "sns":
                answer = await self._in_pool(request)
                self._queues.wake()
                return answer
            case "ecr":
                return self._with_our_registry(await self._in_pool(request))
        return await self._in_pool(request)

    async def within(self, work: Callable[[], T]) -> T:
        """Work on moto's own objects: in its thread, where nobody else is at them."""

        def loaded() -> T:
            _ = self._wsgi
            try:
                return work()
            finally:
                self._changed |= self._backends.used()

        done = await self._worked(loaded)
        self.touched()
        self._queues.wake()
        return done

    def release(self) -> None:
        """Whoever waits for a message is answered now."""
        self._queues.close()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def dump(self) -> dict[str, bytes]:
        """Each backend that may have changed since this was asked last."""
        return await self._worked(self._dump) if self._changed else {}

    async def restore(self, backends: Mapping[str, bytes]) -> None:
        """Before anything else is asked."""
        await self._worked(partial(self._restore, backends))

    async def _in_pool(self, request: Request) -> Answer:
        answer = await self._worked(partial(self._run, request))
        if self._changed:
            self.touched()
        return answer

    async def _worked(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        with self._clock.working():
            return await loop.run_in_executor(self._pool, work)

    def _with_our_registry(self, answer: Answer) -> Answer:
        body = answer.body
        for theirs, ours in self._registries.items():
            body = body.replace(theirs, ours)
        return Answer(answer.status, answer.headers, body)

    def _request(self, prepared: dict[str, Any], scope: str) -> Request:
        prepare_request_dict(prepared, endpoint_url=self._endpoint)
        raw = create_request_object(prepared).prepare()
        url = urlsplit(raw.url)
        headers = {name.lower(): str(value) for name, value in raw.headers.items()}
        headers["authorization"] = _AUTHORIZATION.format(region=self._region, scope=scope)
        headers["host"] = url.netloc
        body = raw.body if isinstance(raw.body, bytes) else str(raw.body or "").encode()
        return Request(raw.method, url.path, url.query, tuple(headers.items()), body)

    def _run(self, request: Request) -> Answer:
        status, headers = 500, list[tuple[str, str]]()

        def start_response(line: str, given: list[tuple[str, str]], _: object = None) -> None:
            nonlocal status, headers
            status, headers = int(line.split()[0]), given

        wsgi = self._wsgi
        moto_repairs.make(request.signed_for)
        try:
            body = b"".join(wsgi(_environ(request), start_response))
            used = self._backends.used()
            self._changed |= set() if _only_reads(request) else used
        except Exception:  # moto raises what it did not foresee
            _log.exception("moto failed: %s %s", request.method, request.path)
            return Answer(500, (), b"moto failed: see the log of the local AWS")
        dropped = _HOP_BY_HOP | (set() if request.method == "HEAD" else {"content-length"})
        kept = tuple((k.lower(), v) for k, v in headers if k.lower() not in dropped)
        return Answer(status, kept, body)

    def _dump(self) -> dict[str, bytes]:
        changed, self._changed = self._changed, set()
        return dict(self._dumped(changed))

    def _dumped(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for name in names:
            try:
                yield name, self._backends.dump(name)
            except Exception:  # moto keeps what it likes: one backend less must not cost the rest
                _log.exception("moto's %s is not kept", name)

    def _restore(self, backends: Mapping[str, bytes]) -> None:
        for name, written in backends.items():
            self._backends.load(name, written)

    @cached_property
    def _backends(self) -> ModuleType:
        # moto is imported at the first request: it takes a second that listening must not wait for
        lean_moto.load(self._region)
        status_checks.fail_where(lambda: self.failed_checks())
        from localaws.persistence import backends  # noqa: PLC0415

        backends.watch()
        return backends

    @cached_property
    def _wsgi(self) -> Wsgi:
        _ = self._backends  # which loads moto as it is to be
        from moto.moto_server import werkzeug_app  # noqa: PLC0415

        app: Wsgi = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
        return app


_HOP_BY_HOP = {"connection", "transfer-encoding", "server", "date"}


def _only_reads(request: Request) -> bool:
    asked = request.target[1] or request.form.get("Action", "")
    return asked.startswith(READS) if asked else request.method in ("GET", "HEAD")


def _environ(request: Request) -> dict[str, Any]:
    host, _, port = (request.header("host") or "127.0.0.1").partition(":")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(request.path, "latin-1"),
        "RAW_URI": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ["CONTENT_TYPE"] = request.header("content-type")
    environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ
