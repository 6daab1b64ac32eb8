"""The life of one resource in a stack: created, updated in place, replaced, deleted.

What it is at each point is seen through its own service's API, by its physical id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.conformance.stacking import Json, Stacking, body

if TYPE_CHECKING:
    from tests.conformance.conftest import Aws

Look = Callable[["Aws", str], Any]  # what there is of a physical id; None or ClientError: nothing


@dataclass(frozen=True)
class Step:
    """Properties that are given, and what is then seen."""

    properties: Json
    shows: Mapping[str, Any]


@dataclass(frozen=True)
class Life:
    type: str
    look: Look
    created: Step
    updated: Step | None = None  # in place
    replaced: Step | None = None
    beside: Json = field(default_factory=dict)  # what else the template has
    attributes: Mapping[str, str] = field(default_factory=dict)  # of GetAtt: what they look like

    def template(self, step: Step) -> str:
        one = {"Type": self.type, "Properties": step.properties}
        outputs = {
            name.replace(".", ""): {"Value": {"Fn::GetAtt": ["One", name]}}
            for name in self.attributes
        }
        return body({"One": one, **self.beside}, **({"Outputs": outputs} if outputs else {}))


def live(life: Life, aws: Aws, stacking: Stacking) -> None:
    """From the first step to the end; fails where it is not as the steps say."""
    capable: Json = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
    assert stacking.create(life.template(life.created), **capable) == "CREATE_COMPLETE", (
        stacking.reasons()
    )
    first = stacking.physical_ids()["One"]
    _shows(life, aws, first, life.created)
    for name, form in life.attributes.items():
        _matches(stacking.outputs()[name.replace(".", "")], form)
    if life.updated:
        status = stacking.update(life.template(life.updated), **capable)
        assert status == "UPDATE_COMPLETE", stacking.reasons()
        assert stacking.physical_ids()["One"] == first
        _shows(life, aws, first, life.updated)
    last = first
    if life.replaced:
        status = stacking.update(life.template(life.replaced), **capable)
        assert status == "UPDATE_COMPLETE", stacking.reasons()
        last = stacking.physical_ids()["One"]
        assert last != first
        _shows(life, aws, last, life.replaced)
        assert not exists(life.look, aws, first), stacking.reasons()
    stacking.delete()
    assert not exists(life.look, aws, last)


def exists(look: Look, aws: Aws, physical_id: str) -> bool:
    try:
        return look(aws, physical_id) is not None
    except ClientError as error:
        if _tells_of_nothing(error):
            return False
        raise


def _tells_of_nothing(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    return any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "404", "NotExist"))


def _shows(life: Life, aws: Aws, physical_id: str, step: Step) -> None:
    seen = life.look(aws, physical_id)
    shown = {name: seen.get(name) for name in step.shows}
    assert shown == dict(step.shows), f"{shown} is not {step.shows}"


def _matches(value: str, form: str) -> None:
    assert value.startswith(form), f"{value} is not {form}…"
