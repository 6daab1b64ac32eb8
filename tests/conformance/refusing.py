"""What AWS answers to what it does not do: code and message."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError


def refusal(call: Callable[..., object], *args: object, **params: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*args, **params)
    return told(refused)


def told(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]
