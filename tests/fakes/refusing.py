"""AWS's way of saying no."""

from __future__ import annotations

from botocore.exceptions import ClientError


def no(operation: str, code: str, message: str, status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        operation,
    )
