"""The templates that the local CloudFormation is held to: whole, in use, and without a fault."""

from __future__ import annotations

import pytest
from cfnlint.api import ManualArgs, lint

from localaws.cloudformation.types import TYPES
from tests.conformance.templating import Template, names
from tests.conformance.test_templates import COURSES


def test_together_they_have_every_resource_type() -> None:
    held = set[str]().union(*(Template(name).types for name in names()))

    assert sorted(held ^ set(TYPES)) == []


def test_every_template_has_a_course() -> None:
    named = {one.name for one in COURSES}

    assert sorted(set(names()) - named) == []


@pytest.mark.parametrize("name", names())
def test_the_linter_finds_nothing(name: str) -> None:
    found = lint(Template(name).text, config=ManualArgs(regions=["us-east-1"]))

    assert [str(one) for one in found] == []
