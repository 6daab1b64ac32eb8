"""Faults of requests, whichever service answers: refused, throttled, answered late."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.faults.buckets import Buckets, Rate
from localaws.faults.fault import Fault, Kind
from localaws.faults.faults import Faults
from localaws.wire import AwsError, models
from localaws.wire.called import Called

# docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
_ERRORS = {
    500: (
        "InternalFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
    ),
    503: (
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
    ),
}
# docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_S3_ERRORS = {
    500: ("InternalError", "We encountered an internal error. Please try again."),
    503: ("ServiceUnavailable", "Reduce your request rate."),
}
_THROTTLED = {
    "ec2": AwsError("RequestLimitExceeded", "Request limit exceeded.", 503),
    "s3": AwsError("SlowDown", "Please reduce your request rate.", 503),
}


class Calls:
    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._buckets: dict[str, Buckets] = {}  # by fault

    @property
    def disturbed(self) -> bool:
        """Whether it is worth knowing what a request is for."""
        return bool(self._faults.begun())

    def refusal(self, called: Called) -> AwsError | None:
        facts = {"service": called.service, "operation": called.operation}
        if fault := self._faults.first(Kind.ERROR, **facts):
            return _error(called.service, fault)
        for fault in self._faults.concerning(Kind.THROTTLING, **facts):
            if self._empty(fault, called) and self._faults.hit(fault):
                return throttled(called.service)
        return None

    async def delay(self, called: Called) -> None:
        facts = {"service": called.service, "operation": called.operation}
        for fault in self._faults.all(Kind.SLOW, **facts):
            await self._clock.sleep(fault.params["seconds"])

    def _empty(self, fault: Fault, called: Called) -> bool:
        known = {one.id for one in self._faults.begun()}
        self._buckets = {name: it for name, it in self._buckets.items() if name in known}
        buckets = self._buckets.setdefault(fault.id, Buckets(_own_rate(fault)))
        return not buckets.take(called.service, called.operation, self._clock.now())


def throttled(service: str) -> AwsError:
    """The JSON protocols name their exceptions, the query protocol has codes."""
    if service in _THROTTLED:
        return _THROTTLED[service]
    protocol = models.protocol(service)
    code = "Throttling" if protocol in ("query", "rest-xml") else "ThrottlingException"
    return AwsError(code, "Rate exceeded")


def _own_rate(fault: Fault) -> Rate | None:
    burst, per_second = fault.params["burst"], fault.params["per_second"]
    if burst is None and per_second is None:
        return None
    return Rate(per_second if burst is None else burst, per_second or 0)


def _error(service: str, fault: Fault) -> AwsError:
    status = fault.params["status"]
    known = _S3_ERRORS if service == "s3" else _ERRORS
    code, message = known.get(status, known[500])
    return AwsError(fault.params["code"] or code, fault.params["message"] or message, status)
