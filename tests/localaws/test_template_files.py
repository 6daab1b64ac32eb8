"""The templates that the local CloudFormation is held to: whole, in use, and without a fault."""

from __future__ import annotations

from tests.conformance import templating
from tests.conformance.test_templates import COURSES


def test_every_template_has_a_course() -> None:
    assert sorted(one.template.name for one in COURSES) == templating.names()
