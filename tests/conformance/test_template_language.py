"""CloudFormation: what templates say."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.stacking import Json, Stacking, body, given, group

FUNCTIONS = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "intrinsic-function-reference"
)
GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"


def value(stacking: Stacking, expression: Json, **sections: object) -> str:
    """What an output of a stack comes to."""
    outputs = {"It": {"Value": expression}}
    stacking.create(body({"A": group()}, Outputs=outputs, **sections))
    return stacking.outputs()["It"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "a-b"),
        ({"Fn::Select": [1, ["a", "b"]]}, "b"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::Sub": ["${X}-${!X}", {"X": "a"}]}, "a-${X}"),
        ({"Fn::Base64": "hello"}, "aGVsbG8="),
        ({"Fn::Select": [2, {"Fn::Cidr": ["10.0.0.0/16", 3, 8]}]}, "10.0.2.0/24"),
    ],
)
@fact("Functions give what their pages say.", f"{FUNCTIONS}.html")
def test_functions(stacking: Stacking, expression: Json, expected: str) -> None:
    assert value(stacking, expression) == expected


@fact("Mappings are looked up by two keys.", f"{FUNCTIONS}-findinmap.html")
def test_mappings(stacking: Stacking) -> None:
    mappings = {"Sizes": {"small": {"Cpu": "256"}}}

    found = value(stacking, {"Fn::FindInMap": ["Sizes", "small", "Cpu"]}, Mappings=mappings)

    assert found == "256"


@fact(
    "A condition decides which resources and values there are.",
    f"{FUNCTIONS}-conditions.html",
)
def test_conditions(stacking: Stacking) -> None:
    conditions = {
        "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Either": {"Fn::Or": [{"Condition": "Prod"}, {"Fn::Not": [{"Condition": "Prod"}]}]},
    }
    template = body(
        {"A": group() | {"Condition": "Prod"}, "B": group() | {"Condition": "Either"}},
        Parameters={"Stage": {"Type": "String"}},
        Conditions=conditions,
    )

    stacking.create(template, Parameters=given(Stage="test"))

    assert list(stacking.physical_ids()) == ["B"]


@pytest.mark.parametrize(
    ("declared", "bad"),
    [
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A"),
        ({"Type": "String", "MinLength": 2}, "a"),
        ({"Type": "String", "MaxLength": 2}, "abc"),
        ({"Type": "Number", "MinValue": 2}, "1"),
        ({"Type": "Number", "MaxValue": 2}, "3"),
        ({"Type": "Number"}, "many"),
    ],
)
@fact(
    "A parameter's value must satisfy its constraints.", GUIDE + "parameters-section-structure.html"
)
def test_constraints(stacking: Stacking, declared: Json, bad: str) -> None:
    template = body({"A": group()}, Parameters={"It": declared})

    with pytest.raises(ClientError) as refused:
        stacking.cfn.create_stack(
            StackName=stacking.name, TemplateBody=template, Parameters=given(It=bad)
        )

    assert refused.value.response["Error"]["Code"] == "ValidationError"


@fact(
    "A parameter of an SSM type has the name as its value, and what SSM keeps as its resolved one.",
    GUIDE + "cloudformation-supplied-parameter-types.html",
)
def test_parameters_from_ssm(stacking: Stacking, aws: Aws, name: str) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name=f"/{name}/days", Value="7", Type="String")
    declared = {"Days": {"Type": "AWS::SSM::Parameter::Value<String>"}}
    resources = {"A": group(RetentionInDays={"Ref": "Days"})}
    try:
        stacking.create(
            body(resources, Parameters=declared), Parameters=given(Days=f"/{name}/days")
        )
    finally:
        ssm.delete_parameter(Name=f"/{name}/days")

    shown = stacking.described()["Parameters"][0]
    assert (shown["ParameterValue"], shown["ResolvedValue"]) == (f"/{name}/days", "7")


@fact(
    "A dynamic reference is replaced on its way to the resource; events keep the reference.",
    GUIDE + "dynamic-references-ssm.html",
)
def test_dynamic_references(stacking: Stacking, aws: Aws, name: str) -> None:
    ssm, logs = aws.client("ssm"), aws.client("logs")
    ssm.put_parameter(Name=f"/{name}/days", Value="7", Type="String")
    reference = f"{{{{resolve:ssm:/{name}/days}}}}"
    try:
        stacking.create(body({"A": group(LogGroupName=f"/{name}/{reference}")}))
    finally:
        ssm.delete_parameter(Name=f"/{name}/days")

    found = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert [one["logGroupName"] for one in found] == [f"/{name}/7"]
    told = [e["ResourceProperties"] for e in stacking.events() if e["LogicalResourceId"] == "A"]
    assert all("resolve:ssm" in one for one in told)
    stacking.delete()  # without the parameter, which is not there any more
    assert logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"] == []


@fact(
    "UsePreviousValue keeps a parameter, UsePreviousTemplate the template.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html",
)
def test_previous_values(stacking: Stacking) -> None:
    declared = {"Days": {"Type": "Number"}, "More": {"Type": "Number", "Default": 1}}
    resources = {"A": group(RetentionInDays={"Ref": "Days"}), "B": group()}
    stacking.create(body(resources, Parameters=declared), Parameters=given(Days="3"))

    kept = {"ParameterKey": "Days", "UsePreviousValue": True}
    stacking.cfn.update_stack(
        StackName=stacking.name,
        UsePreviousTemplate=True,
        Parameters=[kept, *given(More="2")],
    )

    assert stacking.ended() == "UPDATE_COMPLETE"
    shown = {p["ParameterKey"]: p["ParameterValue"] for p in stacking.described()["Parameters"]}
    assert shown == {"Days": "3", "More": "2"}


@fact(
    "51,200 bytes in the request, 1 MB from S3; 500 resources.",
    GUIDE + "cloudformation-limits.html",
)
def test_limits(stacking: Stacking, aws: Aws, name: str) -> None:
    long = body({"A": group()}, Metadata={"Why": "x" * 60_000})
    many = json.dumps({"Resources": {f"A{n}": {"Type": "AWS::Logs::LogGroup"} for n in range(501)}})
    cfn = stacking.cfn
    with pytest.raises(ClientError, match="51200"):
        cfn.create_stack(StackName=name, TemplateBody=long)
    with pytest.raises(ClientError, match="maximum allowed, 500"):
        cfn.create_stack(StackName=name, TemplateBody=many)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="long.json", Body=long.encode())
    try:
        url = f"https://{name}.s3.{aws.region}.amazonaws.com/long.json"
        stacking.names.add(name)
        cfn.create_stack(StackName=name, TemplateURL=url)

        assert stacking.ended() == "CREATE_COMPLETE"
    finally:
        s3.delete_object(Bucket=name, Key="long.json")
        s3.delete_bucket(Bucket=name)
