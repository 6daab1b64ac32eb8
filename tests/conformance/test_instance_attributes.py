"""Attributes that users give ECS container instances."""

from __future__ import annotations

import pytest

from tests.conformance.eventing import Json
from tests.conformance.hosting import Hosting, attributes
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"


@pytest.fixture
def target(hosting: Hosting) -> str:
    """The ARN of an instance."""
    [instance] = hosting.host(1)
    return str(instance["containerInstanceArn"])


def put(hosting: Hosting, *each: Json) -> list[Json]:
    answer = hosting.ecs.put_attributes(cluster=hosting.name, attributes=list(each))
    return list(answer["attributes"])


def listed(hosting: Hosting, **which: str) -> list[tuple[str, str | None]]:
    answer = hosting.ecs.list_attributes(
        cluster=hosting.name, targetType="container-instance", **which
    )
    return [(one["name"], one.get("value")) for one in answer["attributes"]]


@fact(
    "An attribute that is put is of the instance and listed by name and value; put again, it has "
    "the new value; deleted, it is gone.",
    API + "API_PutAttributes.html " + API + "API_DeleteAttributes.html",
)
def test_an_attribute_comes_changes_and_goes(hosting: Hosting, target: str) -> None:
    rack = {"name": "rack", "targetId": target}

    [made] = put(hosting, {**rack, "value": "r1"})
    assert (made["name"], made["value"], made["targetId"]) == ("rack", "r1", target)
    assert attributes(hosting.instance(target))["rack"] == "r1"
    put(hosting, {**rack, "value": "r2"})
    assert listed(hosting, attributeName="rack") == [("rack", "r2")]
    assert listed(hosting, attributeName="rack", attributeValue="r1") == []
    assert listed(hosting, attributeName="ecs.os-type") == [("ecs.os-type", "linux")]
    deleted = hosting.ecs.delete_attributes(cluster=hosting.name, attributes=[rack])

    assert [one["name"] for one in deleted["attributes"]] == ["rack"]
    assert listed(hosting, attributeName="rack") == []
    assert "rack" not in attributes(hosting.instance(target))


@fact("A target may be named by its short id, where its type is said.", API + "API_Attribute.html")
def test_a_short_id_needs_its_type(hosting: Hosting, target: str) -> None:
    short = {"name": "rack", "targetId": target.rpartition("/")[2]}

    code, _ = refusal(hosting.ecs.put_attributes, cluster=hosting.name, attributes=[short])
    assert code == "InvalidParameterException"
    put(hosting, {**short, "targetType": "container-instance"})

    assert listed(hosting, attributeName="rack") == [("rack", None)]


@fact(
    "A target that is not there: TargetNotFoundException.",
    API + "API_PutAttributes.html " + API + "API_DeleteAttributes.html",
)
def test_an_unknown_target_is_refused(hosting: Hosting, target: str) -> None:
    unknown = {"name": "rack", "targetId": target[:-4] + "0000"}

    for call in (hosting.ecs.put_attributes, hosting.ecs.delete_attributes):
        code, _ = refusal(call, cluster=hosting.name, attributes=[unknown])
        assert code == "TargetNotFoundException"


@fact("An instance has up to ten custom attributes.", API + "API_PutAttributes.html")
def test_an_instance_has_ten_of_them(hosting: Hosting, target: str) -> None:
    put(hosting, *({"name": f"a{number}", "targetId": target} for number in range(10)))

    one_more = {"name": "a10", "targetId": target}
    code, _ = refusal(hosting.ecs.put_attributes, cluster=hosting.name, attributes=[one_more])

    assert code == "AttributeLimitExceededException"


@fact(
    "Names are 1 to 128 letters, digits, hyphens, underscores, slashes and periods; values have "
    "at signs, colons and spaces too, the latter not at their ends.",
    API + "API_Attribute.html",
)
def test_names_and_values_are_checked(hosting: Hosting, target: str) -> None:
    put(hosting, {"name": "a.b/c\\d-e_F", "value": "x@y: z\\1/2", "targetId": target})

    for wrong in ({"name": "a b"}, {"name": "a", "value": " x"}, {"name": "a", "value": "x" * 129}):
        asked = [{**wrong, "targetId": target}]
        code, _ = refusal(hosting.ecs.put_attributes, cluster=hosting.name, attributes=asked)
        assert code == "InvalidParameterException"


@fact("To list by value a name is needed.", API + "API_ListAttributes.html")
def test_a_value_is_listed_under_a_name(hosting: Hosting) -> None:
    asked = {"targetType": "container-instance", "attributeValue": "linux"}

    code, _ = refusal(hosting.ecs.list_attributes, cluster=hosting.name, **asked)

    assert code == "InvalidParameterException"
