"""A resource's properties, held to a schema."""

from typing import Any

import pytest

from localaws.cloudformation import schema
from localaws.cloudformation.properties import coerce, problems, tree, unmodelled
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError

GROUP = schema.of("AWS::ElasticLoadBalancingV2::TargetGroup")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"Port": [80]}, "#/Port: expected type: Integer, found: JSONArray"),
        ({"Port": 70000}, "#/Port: failed validation constraint for keyword [maximum]"),
        ({"Matcher": "200"}, "#/Matcher: expected type: JSONObject, found: String"),
        ({"Tags": {}}, "#/Tags: expected type: JSONArray, found: JSONObject"),
        ({"Tags": [{"Key": "a"}]}, "#/Tags/0: required key [Value] not found"),
        ({"Colour": 1}, "#: extraneous key [Colour] is not permitted"),
        ({"TargetGroupArn": "a"}, "#: extraneous key [TargetGroupArn] is not permitted"),
        (
            {"Protocol": {"Fn::If": ["A", "HTTP", ["TCP"]]}},
            "#/Protocol: expected type: String, found: JSONArray",
        ),
    ],
)
def test_what_is_wrong_is_said_in_awss_words(given: dict[str, Any], sentence: str) -> None:
    assert list(problems(given, GROUP)) == [sentence]


@pytest.mark.parametrize(
    "given",
    [{"Port": "80"}, {"Port": {"Ref": "A"}}, {"Tags": {"Fn::If": ["A", [], {"Ref": "B"}]}}, {}],
)
def test_what_may_come_right_is_let_by(given: dict[str, Any]) -> None:
    assert list(problems(given, GROUP)) == []


def test_values_are_given_their_types() -> None:
    given = {"Port": "80", "HealthCheckEnabled": "true", "Name": 7, "Tags": [{"Key": 1}]}

    found = coerce(given, GROUP)

    assert found == {"Port": 80, "HealthCheckEnabled": True, "Name": "7", "Tags": [{"Key": "1"}]}


@pytest.mark.parametrize("given", [{"Port": "eighty"}, {"Port": {}}, {"HealthCheckEnabled": 1}])
def test_a_value_without_its_type_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match="expected type"):
        coerce(given, GROUP)


def test_what_is_not_modelled_is_found_at_any_depth() -> None:
    rule = TYPES["AWS::ElasticLoadBalancingV2::ListenerRule"]
    given = {"Actions": [{"Type": "jwt-validation", "JwtValidationConfig": {}}], "Conditions": []}

    assert list(unmodelled(given, rule.schema, rule.tree)) == ["Actions/JwtValidationConfig"]


def test_a_path_stands_for_all_below_it() -> None:
    assert tree(["A/B", "A/C", "D"]) == {"A": {"B": {}, "C": {}}, "D": {}}


def test_a_schema_is_read_once_for_all_resources() -> None:
    assert schema.of("AWS::Logs::LogGroup") is schema.of("AWS::Logs::LogGroup")


def test_create_only_properties_replace_and_some_may() -> None:
    group, repository = TYPES["AWS::Logs::LogGroup"], TYPES["AWS::ECR::Repository"]

    assert group.recreates("LogGroupName") == "Always"
    assert group.recreates("RetentionInDays") == "Never"
    assert repository.recreates("EncryptionConfiguration") == "Always"
