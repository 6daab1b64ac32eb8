"""Who asks: one of AWS's own services, in this process, or anybody over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ours: ContextVar[bool] = ContextVar("ours", default=False)


@contextmanager
def by_aws() -> Iterator[None]:
    before = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(before)


def is_aws() -> bool:
    """Such may do what is reserved, as setting tags that begin with aws:"""
    return _ours.get()
