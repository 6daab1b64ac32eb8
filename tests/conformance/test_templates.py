"""Whole templates: created, changed with replacements, failed, rolled back, deleted"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.stacks import app_stack
from tests.conformance.conftest import Aws, Place
from tests.conformance.inventory import ids, portraits
from tests.conformance.ledger import fact
from tests.conformance.listings import MOVING, SETTLED
from tests.conformance.stacking import Json, Stacking, given
from tests.conformance.templating import Template, broken
from tests.conformance.waiting import until

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
    kept: frozenset[str] = frozenset()  # buckets that the template retains

    @property
    def name(self) -> str:
        return self.template.name

    def varied(self, parameters: Mapping[str, str]) -> Course:
        return replace(self, first={**self.first, **parameters})

    def asked(self, place: Place, name: str) -> tuple[Json, Json]:
        """Of CloudFormation, in two steps."""
        return tuple(  # type: ignore[return-value]
            {
                "body": self.template.text,
                "Parameters": given(
                    **{k: v.format(place=place, name=name) for k, v in step.items()}
                ),
            }
            for step in (self.first, {**self.first, **self.then})
        )


@dataclass(frozen=True)
class AppCourse:
    """The platform's own template, which has no parameters: it is rendered anew."""

    name: str = "the platform's app"
    replaced: frozenset[str] = frozenset({"WebTargetGroup"})
    kept: frozenset[str] = frozenset()

    def asked(self, place: Place, name: str) -> tuple[Json, Json]:
        first = app_stack.WebRoute(
            target_group=f"{name}-first",
            listener_arn=place.listener_arn,
            priority=int(name[1:5], 16) % 40000 + 1,
            host=f"{name}.example.com",
            vpc_id=place.vpc_id,
            drain_seconds=5,
        )
        then = replace(first, target_group=f"{name}-second", health_path="/up", drain_seconds=9)
        rendered = [app_stack.render(app_stack.AppStack(name, name, web)) for web in (first, then)]
        return {"body": app_stack.body(rendered[0])}, {"body": app_stack.body(rendered[1])}


WEB = """\
if command -v python3
then exec python3 -m http.server --bind "$HOST" "$PORT"
else exec httpd -f -p {port}
fi"""
COURSES = [
    Course(
        Template("cluster"),
        first={"Domain": "{name}.example.com", "MinInstances": "1"},
        then={
            "Scheme": "internal",
            "NatGateways": "three",
            "InstanceType": "m5.large",
            "MinInstances": "2",
            "RetentionDays": "90",
            "AlarmEmail": "ops@example.com",
        },
        replaced=frozenset({"Balancer", "Http", "Https"}),
        kept=frozenset({"AccessLogs"}),
    ),
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
            "Command": WEB.format(port=8080),
            "Domain": "{name}.example.com",
            "DrainSeconds": "1",
        },
        then={
            "Port": "8081",
            "Command": WEB.format(port=8081),
            "Domain": "{name}.example.org",
        },
        replaced=frozenset(
            {"PublicTargets", "PrivateTargets", "Definition"}
            | {"Certificate", "BareCertificate", "PrivateZone", "PrivateName"}
        ),
    ),
    AppCourse(),
]


@pytest.fixture(params=COURSES, ids=lambda course: course.name)
def course(request: pytest.FixtureRequest) -> Course | AppCourse:
    return request.param  # type: ignore[no-any-return]


@fact(
    "A stack is created; an update with other parameters replaces what must be, in order, as a "
    "change set foretells, and takes away what was replaced; an update that fails leaves "
    "everything as it was; deleted, nothing is left of it in any service.",
    f"{GUIDE}using-cfn-updating-stacks-update-behaviors.html "
    f"{GUIDE}using-cfn-updating-stacks.html {GUIDE}cfn-console-delete-stack.html",
)
def test_a_stacks_course(
    course: Course | AppCourse, aws: Aws, place: Place, stacking: Stacking
) -> None:
    before = ids(aws, ALL)
    first, then = course.asked(place, stacking.name)

    assert stacking.create(**first, **CAPABLE) == "CREATE_COMPLETE", stacking.reasons()
    created = stacking.physical_ids()

    foretold = _foretold(stacking, **then, **CAPABLE)
    assert {one for one, word in foretold.items() if word == "True"} <= course.replaced
    assert course.replaced <= {one for one, word in foretold.items() if word != "False"}

    assert stacking.update(**then, **CAPABLE) == "UPDATE_COMPLETE", stacking.reasons()
    updated = stacking.physical_ids()
    assert {one for one in created if updated.get(one) != created[one]} == course.replaced
    there = str(ids(aws, SETTLED))
    assert [one for one in course.replaced if created[one] in there] == []

    shown = _shown(aws, before)
    assert stacking.update(**_broken(first), **CAPABLE) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Role nobody-has-this-role" in stacking.reasons()  # all others were done
    assert stacking.physical_ids() == updated
    assert _shown(aws, before) == shown

    stacking.delete()
    _empty(aws, [updated[one] for one in course.kept])
    assert ids(aws, ALL) - before == set()


@fact(
    "A stack whose last resource fails is rolled back, and nothing is left of it in any service.",
    GUIDE + "stack-failure-options.html",
)
def test_a_stack_that_fails_leaves_nothing(
    course: Course | AppCourse, aws: Aws, place: Place, stacking: Stacking
) -> None:
    before = ids(aws, ALL)
    first, _ = course.asked(place, stacking.name)

    assert stacking.create(**_broken(first), **CAPABLE) == "ROLLBACK_COMPLETE"

    assert "Role nobody-has-this-role" in stacking.reasons()  # all others were there
    made = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in stacking.events()}
    _empty(aws, [made[one] for one in course.kept])
    assert ids(aws, ALL) - before == set()


def _foretold(stacking: Stacking, body: str, **params: object) -> dict[str, str]:
    """Of each resource that is to be modified: whether it is replaced. Nothing is done."""
    which = {"StackName": stacking.name, "ChangeSetName": "foretold"}
    stacking.cfn.create_change_set(**which, TemplateBody=body, **params)

    def made() -> bool:
        found = stacking.cfn.describe_change_set(**which)
        assert found["Status"] != "FAILED", found["StatusReason"]
        return bool(found["Status"] == "CREATE_COMPLETE")

    until(made)
    pages = stacking.cfn.get_paginator("describe_change_set").paginate(**which)
    changes = [one["ResourceChange"] for page in pages for one in page["Changes"]]
    stacking.cfn.delete_change_set(**which)
    return {
        one["LogicalResourceId"]: one["Replacement"] for one in changes if one["Action"] == "Modify"
    }


def _empty(aws: Aws, buckets: list[str]) -> None:
    """By hand, as what a template retains is taken away."""
    s3 = aws.client("s3")
    for bucket in buckets:
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)


def _broken(asked: Json) -> Json:
    return asked | {"body": broken(asked["body"])}


def _shown(aws: Aws, before: set[tuple[str, str]]) -> dict[str, Any]:
    """What there is since then."""
    return portraits(aws, SETTLED, ids(aws, SETTLED) - before)
