"""Each test of this folder holds to a fact of AWS: `@fact("sentence", "source")`.

`localaws/FACTS.md` is written from these, so that it says what is tested and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., object])


def fact(sentence: str, source: str) -> Callable[[Test], Test]:
    """`source` is an AWS document's address, a schema's or service model's name, or a public
    record (`owner/repository#number`), never our own code; several are joined by a space."""

    def mark(test: Test) -> Test:
        marked: Test = pytest.mark.fact(sentence, source)(test)
        return marked

    return mark
