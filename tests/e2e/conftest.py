"""One installation for all tests that can share one: it takes three seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.installing import Up, installed


@pytest.fixture(scope="session")
def shared() -> Iterator[Up]:
    """With little patience, and all that it has to say in its log."""
    with installed(
        PALATINE_LOG_LEVEL="debug",
        PALATINE_DEPLOY_DEADLINE_SECONDS="10",
        PALATINE_RESOLVE_DEADLINE_SECONDS="2",
        PALATINE_SETTLE_SECONDS="1",
    ) as up:
        yield up
