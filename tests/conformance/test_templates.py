"""Whole templates: created, changed with replacements, failed, rolled back, deleted"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.conftest import Aws, Place
from tests.conformance.inventory import ids, portraits
from tests.conformance.ledger import fact
from tests.conformance.listings import MOVING, SETTLED
from tests.conformance.stacking import Json, Stacking
from tests.conformance.templating import Template, given

GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
CAPABLE: Json = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
ALL = (*SETTLED, *MOVING)


@dataclass(frozen=True)
class Course:
    """What a template is given first, what then, and which resources that replaces.

    `{name}` is the stack's, `{place.…}` what the tests stand on."""

    template: Template
    first: Mapping[str, str]
    then: Mapping[str, str]
    replaced: frozenset[str]
    kept: frozenset[str] = field(default_factory=frozenset)  # which its deletion leaves

    def parameters(self, step: Mapping[str, str], place: Place, name: str) -> Json:
        filled = {k: v.format(place=place, name=name) for k, v in {**self.first, **step}.items()}
        return {"Parameters": given(filled), **CAPABLE}


WEB = 'exec python3 -m http.server --bind "$HOST" "$PORT" || exec httpd -f -p 8080'
COURSES = [
    Course(
        Template("messages"),
        first={"QueueName": "{name}-orders"},
        then={"QueueName": "{name}-sales", "RetentionDays": "30", "Production": "true"},
        replaced=frozenset({"Orders", "OrdersHear"}),
    ),
    Course(
        Template("worker"),
        first={
            "Cluster": "{place.cluster}",
            "Image": "{place.image}",
            "Command": "exec sleep 3600",
            "ServiceName": "{name}-first",
        },
        then={"ServiceName": "{name}-second", "Memory": "48", "RetentionDays": "30"},
        replaced=frozenset({"Definition", "Service", "Range", "Busy", "Backlog"}),
    ),
    Course(
        Template("fleet"),
        first={
            "VpcId": "{place.vpc_id}",
            "SubnetIds": "{place.subnet_ids[0]},{place.subnet_ids[1]}",
            "ImageId": "{place.image_id}",
            "GroupName": "{name}-first",
        },
        then={"GroupName": "{name}-second", "InstanceType": "t3.medium", "MostMachines": "6"},
        replaced=frozenset({"Group", "Joins", "Drains", "More", "Fewer"}),
    ),
    Course(
        Template("web"),
        first={
            "VpcId": "{place.vpc_id}",
            "SubnetIds": "{place.subnet_ids[0]},{place.subnet_ids[1]}",
            "Cluster": "{place.cluster}",
            "Image": "{place.image}",
            "Command": WEB,
            "Domain": "{name}.example.com",
            "DrainSeconds": "1",
        },
        then={"Port": "8081", "Domain": "{name}.example.org"},
        replaced=frozenset(
            {"PublicTargets", "PrivateTargets", "Definition"}
            | {"Certificate", "BareCertificate", "PrivateZone", "PrivateName"}
        ),
    ),
]


@pytest.fixture(params=COURSES, ids=lambda course: course.template.name)
def course(request: pytest.FixtureRequest) -> Course:
    return request.param  # type: ignore[no-any-return]


@fact(
    "A stack is created; an update with other parameters replaces what must be, in order, and "
    "takes away what was replaced; an update that fails leaves everything as it was; deleted, "
    "nothing is left of it in any service.",
    f"{GUIDE}using-cfn-updating-stacks-update-behaviors.html "
    f"{GUIDE}using-cfn-updating-stacks.html {GUIDE}cfn-console-delete-stack.html",
)
def test_a_stacks_course(course: Course, aws: Aws, place: Place, stacking: Stacking) -> None:
    before, text = ids(aws, ALL), course.template.text
    first = course.parameters({}, place, stacking.name)
    then = course.parameters(course.then, place, stacking.name)

    assert stacking.create(text, **first) == "CREATE_COMPLETE", stacking.reasons()
    created = stacking.physical_ids()

    assert stacking.update(text, **then) == "UPDATE_COMPLETE", stacking.reasons()
    updated = stacking.physical_ids()
    assert {one for one in created if updated.get(one) != created[one]} == course.replaced
    there = str(ids(aws, SETTLED))
    assert [one for one in course.replaced if created[one] in there] == []

    shown = _shown(aws, before)
    status = stacking.update(course.template.broken, **first)
    assert status == "UPDATE_ROLLBACK_COMPLETE", stacking.reasons()
    assert stacking.physical_ids() == updated
    assert _shown(aws, before) == shown

    stacking.delete()
    assert ids(aws, ALL) - before == set()


@fact(
    "A stack whose last resource fails is rolled back, and nothing is left of it in any service.",
    GUIDE + "stack-failure-options.html",
)
def test_a_stack_that_fails_leaves_nothing(
    course: Course, aws: Aws, place: Place, stacking: Stacking
) -> None:
    before = ids(aws, ALL)
    first = course.parameters({}, place, stacking.name)

    assert stacking.create(course.template.broken, **first) == "ROLLBACK_COMPLETE"

    assert "Role nobody-has-this-role" in stacking.reasons()  # all others were there
    assert ids(aws, ALL) - before == set()


def _shown(aws: Aws, before: set[tuple[str, str]]) -> dict[str, Any]:
    """What there is since then."""
    return portraits(aws, SETTLED, ids(aws, SETTLED) - before)
