"""CloudFormation: how much a stack may have, and what its parameters may be."""

from __future__ import annotations

import json

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.stacking import Json, Stacking, body, given, group

GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/"
LIVE = "https://github.com/cdktn-io/terraform-provider-cfncompat"  # its tests on an account
A: Json = {"A": group()}


def detected(value: str, path: str, sentence: str) -> str:
    said = f"Value{value and ' '}{value} at '{path}'"
    return f"1 validation error detected: {said} failed to satisfy constraint: {sentence}"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ({"Description": "x" * 1025}, "'Description' length is greater than 1024."),
        (
            {"AWSTemplateFormatVersion": "2011-01-01"},
            "2011-01-01 is not a supported value for AWSTemplateFormatVersion.",
        ),
        (
            {"Outputs": {"Out": {"Value": ["x"]}}},
            "The Value field of every Outputs member must evaluate to a String and not a List.",
        ),
        (
            {"Outputs": {"Out": {"Value": {"a": "x"}}}},
            "The Value field of every Outputs member must evaluate to a String and not a Map.",
        ),
    ],
    ids=["description", "version", "list", "map"],
)
@fact(
    "Descriptions have 1,024 characters, the only version is 2010-09-09, and outputs are text.",
    GUIDE + "cloudformation-limits.html " + GUIDE + "format-version-structure.html",
)
def test_what_a_template_may_say(template: Json, sentence: str, stacking: Stacking) -> None:
    told = refusal(stacking.cfn.validate_template, TemplateBody=body(A, **template))

    assert told[0] == "ValidationError"
    assert told[1].rstrip(".") == f"Template format error: {sentence}".rstrip(".")


@pytest.mark.parametrize(
    ("section", "count"), [("Resources", 501), ("Parameters", 201), ("Outputs", 201)]
)
@fact(
    "A template has at most 500 resources, 200 parameters and 200 outputs.",
    GUIDE + "cloudformation-limits.html",
)
def test_how_many_a_template_may_have(section: str, count: int, stacking: Stacking) -> None:
    member: Json = {
        "Resources": group(),
        "Parameters": {"Type": "String", "Default": "x"},
        "Outputs": {"Value": "x"},
    }[section]
    many = {f"M{number}": member for number in range(count)}

    code, sentence = refusal(stacking.begin, body=json.dumps({"Resources": A, section: many}))

    assert code == "ValidationError"
    assert sentence.startswith("Template format error: ")
    assert str(count) in sentence


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"OnFailure": "NOPE"},
            detected(
                "'NOPE'",
                "onFailure",
                "Member must satisfy enum value set: [DO_NOTHING, ROLLBACK, DELETE]",
            ),
        ),
        (
            {"Tags": [{"Key": "k" * 129, "Value": "v"}]},
            detected(
                f"'{'k' * 129}'",
                "tags.1.member.key",
                "Member must have length less than or equal to 128",
            ),
        ),
        (
            {"ClientRequestToken": "no token"},
            detected(
                "'no token'",
                "clientRequestToken",
                "Member must satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*",
            ),
        ),
        (
            {"Tags": [{"Key": "aws:mine", "Value": "v"}]},
            "aws: prefixed tag key names are not allowed for external use.",
        ),
    ],
    ids=["enum", "length", "pattern", "aws"],
)
@fact(
    "What the service model does not allow is refused by its path, and so are tags of AWS's own.",
    "botocore cloudformation/2010-05-15/service-2.json aws-quickstart/quickstart-examples#39",
)
def test_what_a_call_may_say(given: Json, told: str, stacking: Stacking) -> None:
    assert refusal(stacking.begin, body=body(A), **given) == ("ValidationError", told)


@pytest.mark.parametrize(
    ("declared", "value", "told"),
    [
        ({"AllowedPattern": "^a.*$"}, "b", "must match pattern ^a.*$"),
        ({"AllowedValues": ["a"]}, "b", "must be one of AllowedValues"),
        ({"MaxLength": 5}, "123456", "must contain at most 5 characters"),
        ({"Type": "Number", "MinValue": 1}, "0", "must be a number not less than 1"),
        (
            {"AllowedValues": ["a"], "ConstraintDescription": "say a"},
            "b",
            "failed to satisfy constraint: say a",
        ),
    ],
    ids=["pattern", "values", "length", "number", "described"],
)
@fact("What a parameter may be is said by its constraint, or in the template's words.", LIVE)
def test_what_a_parameter_may_be(declared: Json, value: str, told: str, stacking: Stacking) -> None:
    template = body(A, Parameters={"P": {"Type": "String"} | declared})

    found = refusal(stacking.begin, body=template, Parameters=given(P=value))

    assert found == ("ValidationError", f"Parameter 'P' {told}")


@fact(
    "A value that is to stay as it was is not given as well, and was there before.",
    API + "API_Parameter.html",
)
def test_a_value_that_stays_is_not_given_as_well(stacking: Stacking) -> None:
    template = body(A, Parameters={"P": {"Type": "String", "Default": "x"}})
    stacking.create(template)
    more = body(A, Parameters={name: {"Type": "String", "Default": "x"} for name in ("P", "Q")})
    update, asked = stacking.cfn.update_stack, {"StackName": stacking.name, "TemplateBody": more}

    both = [{"ParameterKey": "P", "ParameterValue": "y", "UsePreviousValue": True}]
    never = [{"ParameterKey": "Q", "UsePreviousValue": True}]

    head = "Invalid input for parameter key"
    assert refusal(update, Parameters=both, **asked)[1].startswith(
        f"{head} P. Cannot specify usePreviousValue as true and non empty value for a parameter"
    )
    assert refusal(update, Parameters=never, **asked)[1].startswith(
        f"{head} Q. Cannot specify usePreviousValue as true for a parameter key not in the "
        "previous template"
    )


@pytest.mark.parametrize(
    ("kept", "asked", "told"),
    [
        (
            "SecureString",
            "String",
            "Parameters [{}] referenced by template have types not supported by CloudFormation.",
        ),
        (
            "StringList",
            "String",
            "Types for SSM parameters [{}] defined in CFN template and SSM are incompatible",
        ),
        (
            "String",
            "CommaDelimitedList",
            "Types for SSM parameters [{}] defined in CFN template and SSM are incompatible",
        ),
    ],
    ids=["secure", "list for text", "text for list"],
)
@fact("The type that SSM keeps a value with must be the one that the template asks for.", LIVE)
def test_types_of_ssm(
    kept: str, asked: str, told: str, aws: Aws, stacking: Stacking, name: str
) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name=f"/{name}/p", Value="x,y", Type=kept)
    declared = {"Type": f"AWS::SSM::Parameter::Value<{asked}>", "Default": f"/{name}/p"}
    try:
        found = refusal(stacking.begin, body=body(A, Parameters={"P": declared}))
    finally:
        ssm.delete_parameter(Name=f"/{name}/p")

    assert found == ("ValidationError", told.format(f"/{name}/p"))


@fact("Lists from SSM are trimmed; what changed there is an update, also by previous values.", LIVE)
def test_values_of_ssm_are_looked_up_again(aws: Aws, stacking: Stacking, name: str) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name=f"/{name}/p", Value="a,b, c ,d", Type="StringList")
    declared = {
        "Type": "AWS::SSM::Parameter::Value<List<String>>",
        "Default": f"/{name}/p",
    }
    joined = {"Out": {"Value": {"Fn::Join": ["|", {"Ref": "P"}]}}}
    previous = [{"ParameterKey": "P", "UsePreviousValue": True}]
    try:
        stacking.create(body(A, Parameters={"P": declared}, Outputs=joined))
        first = stacking.described()["Parameters"][0]["ResolvedValue"]
        ssm.put_parameter(Name=f"/{name}/p", Value="e", Type="StringList", Overwrite=True)
        asked = {"StackName": name, "UsePreviousTemplate": True}
        stacking.cfn.update_stack(Parameters=previous, **asked)
        assert stacking.ended() == "UPDATE_COMPLETE"
    finally:
        ssm.delete_parameter(Name=f"/{name}/p")

    assert first == "a,b,c,d"
    assert stacking.outputs() == {"Out": "e"}


@fact("A name of SSM's that is not there fails its stack behind the call.", LIVE)
def test_names_of_ssm(stacking: Stacking, name: str) -> None:
    declared = {"Type": "AWS::SSM::Parameter::Name", "Default": f"/{name}/p"}

    assert stacking.create(body(A, Parameters={"P": declared})) == "ROLLBACK_COMPLETE"

    assert (
        f"Parameter validation failed: parameter value /{name}/p for parameter name P does not "
        "exist. Rollback requested by user."
    ) in stacking.reasons()
    assert stacking.statuses("A") == []


@fact(
    "A dynamic reference to SSM is looked up anew by each update, also by one that says nothing "
    "new; a label is no version, and a secure parameter is not referred to plainly.",
    LIVE,
)
def test_dynamic_references_are_looked_up_again(aws: Aws, stacking: Stacking, name: str) -> None:
    ssm, update = aws.client("ssm"), stacking.cfn.update_stack
    plain, secure = f"/{name}/p", f"/{name}/s"

    def template(reference: str) -> str:
        properties = {"Type": "String", "Value": f"<{{{{resolve:{reference}}}}}>"}
        return body({"Copy": {"Type": "AWS::SSM::Parameter", "Properties": properties}})

    def copied() -> str:
        found = ssm.get_parameter(Name=stacking.physical_ids()["Copy"])
        return str(found["Parameter"]["Value"])

    ssm.put_parameter(Name=plain, Value="first", Type="String")
    ssm.put_parameter(Name=secure, Value="s", Type="SecureString")
    try:
        assert stacking.create(template(f"ssm:{plain}")) == "CREATE_COMPLETE"
        before = copied()
        ssm.put_parameter(Name=plain, Value="second", Type="String", Overwrite=True)
        assert stacking.update(template(f"ssm:{plain}")) == "UPDATE_COMPLETE"
        after = copied()
        asked = {"StackName": name}
        label = refusal(update, TemplateBody=template(f"ssm:{plain}:label"), **asked)
        open_ = refusal(update, TemplateBody=template(f"ssm:{secure}:1"), **asked)
    finally:
        ssm.delete_parameters(Names=[plain, secure])

    assert (before, after) == ("<first>", "<second>")
    form = "Incorrect format is used in the following SSM reference"
    assert label == ("ValidationError", f"{form}: [{{{{resolve:ssm:{plain}:label}}}}]")
    assert open_[1] == f"Non-secure ssm prefix was used for secure parameter {secure}"
