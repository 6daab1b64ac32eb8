"""Lists in pages of a hundred, with a token for what follows."""

from collections.abc import Sequence
from typing import TypeVar

from localaws.wire import AwsError

T = TypeVar("T")

SIZE = 100


def page(members: Sequence[T], token: str | None) -> tuple[Sequence[T], dict[str, str]]:
    if token is not None and not token.isdecimal():
        raise AwsError("ValidationError", "The pagination token is not valid.")
    start = int(token or 0)
    end = start + SIZE
    return members[start:end], {"NextToken": str(end)} if end < len(members) else {}
