"""Tell what AWS refuses for good from what may work at the next try."""

from __future__ import annotations

from botocore.exceptions import ClientError, ParamValidationError

# Refused because of the moment, not of the request: seen again, it will be decided again.
_PASSING = ("Throttl", "TooManyRequests", "RequestLimitExceeded", "ExpiredToken", "RequestExpired")
_STALE = frozenset(
    {"ServiceNotFoundException", "ServiceNotActiveException", "UpdateInProgressException"}
)


def refusal(error: Exception) -> str | None:
    """AWS's sentence when repeating the same call would be refused again; otherwise None."""
    if isinstance(error, ParamValidationError):
        return str(error)
    if not isinstance(error, ClientError) or _passing(error):
        return None
    return f"AWS refused {error.operation_name}: {error.response['Error'].get('Message', error)}"


def _passing(error: ClientError) -> bool:
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return (
        status >= 500
        or code in _STALE
        or any(mark in code for mark in _PASSING)
        or "_IN_PROGRESS state" in message
        or "not idempotent" in message  # the service exists: the look before was too early
    )
