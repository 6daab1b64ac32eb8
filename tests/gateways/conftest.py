from __future__ import annotations

import pytest

from tests.gateways.lands import Land, fake, local
from tests.localaws.conftest import aws, name  # noqa: F401 - fixtures


@pytest.fixture(params=["fake", "local"])
def land(request: pytest.FixtureRequest) -> Land:
    if request.param == "fake":
        return fake()
    return local(request.getfixturevalue("aws"))
