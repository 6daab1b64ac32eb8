from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.gateways import validation
from app.stacks.app_stack import AppStack, WebRoute, body, fingerprint, needed_outputs, render
from tests.stacks import golden

WEB = AppStack(
    name="pal-0123456789ab",
    app_id="01234567-89ab-cdef-0123-456789abcdef",
    web=WebRoute(
        target_group="pal-0123456789ab-web",
        listener_arn=(
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/palatine"
            "/0123456789abcdef/0123456789abcdef"
        ),
        priority=7,
        host="acme.localhost",
        vpc_id="vpc-0123456789abcdef0",
        drain_seconds=30,
    ),
)
WORKER = replace(WEB, web=None)
STACKS = {"web": WEB, "worker": WORKER}


@pytest.mark.parametrize("name", STACKS)
def test_the_template_is_as_it_was(name: str) -> None:
    golden.check(f"app-stack-{name}", render(STACKS[name]))


@pytest.mark.parametrize("name", STACKS)
def test_cloudformations_own_schemas_find_no_fault(name: str) -> None:
    assert validation.faults(body(render(STACKS[name]))) == []


@pytest.mark.parametrize(
    ("resource", "key", "value"),
    [
        ("WebTargetGroup", "Prot", "HTTP"),
        ("WebRule", "Priority", "first"),
    ],
)
def test_the_schemas_do_find_faults(resource: str, key: str, value: object) -> None:
    template: dict[str, Any] = render(WEB)
    template["Resources"][resource]["Properties"][key] = value

    assert validation.faults(body(template))


@pytest.mark.parametrize("name", STACKS)
def test_every_output_that_is_needed_is_given(name: str) -> None:
    assert needed_outputs(STACKS[name]) <= render(STACKS[name])["Outputs"].keys()


def test_an_output_says_nothing_but_its_value() -> None:
    """CloudFormation takes literal descriptions only; no function there."""
    assert all(output.keys() == {"Value"} for output in render(WEB)["Outputs"].values())


def test_the_same_stack_has_the_same_bytes_and_another_another_fingerprint() -> None:
    renamed = replace(WEB, web=replace(WEB.web, host="emca.localhost"))  # type: ignore[type-var]

    assert body(render(WEB)) == body(render(WEB))
    assert fingerprint(render(WEB)) != fingerprint(render(renamed))
    assert fingerprint(render(WORKER)) == fingerprint(render(replace(renamed, web=None)))


def test_it_holds_no_service_and_no_value_of_a_secret() -> None:
    types = {resource["Type"] for resource in render(WEB)["Resources"].values()}

    assert not [t for t in types if t.startswith("AWS::ECS::")]
    assert "SecretString" not in json.dumps(render(WEB))


def test_it_is_far_from_the_limit_of_a_template_sent_inline() -> None:
    assert len(body(render(WEB))) < 51_200 / 4
