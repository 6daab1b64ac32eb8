"""What CloudFormation refuses before it does anything, and what it answers to a repetition."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.localaws import stacks
from tests.localaws.conftest import Client, LocalAws
from tests.localaws.stacks import create, described, ended, events

GROUP = "AWS::Logs::LogGroup"
JWT = {
    "Type": "jwt-validation",
    "JwtValidationConfig": {"JwksEndpoint": "https://a", "Issuer": "a"},
}


@pytest.fixture
def cfn(aws: LocalAws) -> Client:
    return aws.client("cloudformation")


def rule(**properties: object) -> stacks.Json:
    given = {"Priority": 1, "Conditions": [], "Actions": []}
    kind = "AWS::ElasticLoadBalancingV2::ListenerRule"
    return {"Type": kind, "Properties": given | properties}


def resource(**properties: object) -> stacks.Json:
    return {"Type": GROUP, "Properties": properties}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "JSON not well-formed"),
        ("a: [", "YAML not well-formed"),
        ("[]", "unsupported structure"),
        ("{}", "At least one Resources member must be defined"),
        (
            stacks.template(A=resource(), B={"Type": "AWS::EC2::Volume"}),
            "Unrecognized resource types: [AWS::EC2::Volume]",
        ),
        (
            stacks.template(A=resource(Colour="red")),
            "Properties validation failed for resource A with message: "
            "[#: extraneous key [Colour] is not permitted]",
        ),
        (
            stacks.template(A=resource(Tags=[{"Key": "a", "Value": "b", "Colour": "red"}])),
            "#/Tags/0: extraneous key [Colour] is not permitted",
        ),
        (
            stacks.template(A={"Type": "AWS::ElasticLoadBalancingV2::ListenerRule"}),
            "#: required key [Actions] not found",
        ),
        (
            stacks.template(A=resource(RetentionInDays=2)),
            "[#/RetentionInDays: failed validation constraint for keyword [enum]]",
        ),
        (
            stacks.template(A=resource(LogGroupName="x" * 513)),
            "[#/LogGroupName: failed validation constraint for keyword [maxLength]]",
        ),
        (
            stacks.template(A=resource(Tags=[{"Key": "a"}])),
            "[#/Tags/0: required key [Value] not found]",
        ),
        (
            stacks.template(A=resource(Arn="arn:aws:logs:us-east-1:123456789012:log-group:a")),
            "[#: extraneous key [Arn] is not permitted]",
        ),
        (stacks.template(A=resource() | {"CreationPolicy": {}}), "CreationPolicy"),
        (
            stacks.template(A=resource(LogGroupName={"Ref": "Nobody"})),
            "Unresolved resource dependencies [Nobody] in the Resources block of the template",
        ),
        (
            stacks.template(A=resource(LogGroupName={"Fn::Sub": "a-${Nobody}"})),
            "Unresolved resource dependencies [Nobody]",
        ),
        (
            stacks.template(A=resource(), B=resource(LogGroupName={"Fn::GetAtt": ["A", "Size"]})),
            "resource A does not support attribute type Size in Fn::GetAtt",
        ),
        (
            stacks.template(
                A=resource(LogGroupName={"Ref": "B"}), B=resource(LogGroupName={"Ref": "A"})
            ),
            "Circular dependency between resources: [A, B]",
        ),
        (
            stacks.template(A=resource(LogGroupName={"Fn::ToJsonString": {}})),
            "Fn::ToJsonString is not modelled by the local AWS",
        ),
        (
            stacks.template(A=resource(RetentionInDays={"Fn::If": ["Nobody", 1, 3]})),
            "Unresolved condition dependency Nobody",
        ),
        (
            json.dumps({"Resources": {"A": resource()}, "Rules": {}}),
            "Rules is not modelled",
        ),
        (json.dumps({"Resources": {"A": resource()}, "Maps": {}}), "[Maps]"),
        (stacks.template(A=resource(LogGroupName="x" * 51_200)), "less than or equal to 51200"),
    ],
)
def test_a_template_is_refused_with_what_is_wrong(
    cfn: Client, name: str, body: str, sentence: str
) -> None:
    with pytest.raises(ClientError) as refused:
        cfn.create_stack(StackName=name, TemplateBody=body)

    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert sentence in refused.value.response["Error"]["Message"]
    with pytest.raises(ClientError, match="does not exist"):
        cfn.describe_stacks(StackName=name)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Parameters: [Days] must have values"),
        ({"Days": "7", "Hours": "1"}, "Parameters: [Hours] do not exist in the template"),
        ({"Days": "8"}, "Parameter 'Days' must be one of AllowedValues"),
    ],
)
def test_parameters_are_checked(
    cfn: Client, name: str, given: dict[str, str], sentence: str
) -> None:
    body = {
        "Parameters": {"Days": {"Type": "Number", "AllowedValues": [7, 30]}},
        "Resources": {"A": resource(RetentionInDays={"Ref": "Days"})},
    }
    params = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]

    with pytest.raises(ClientError) as refused:
        cfn.create_stack(StackName=name, TemplateBody=json.dumps(body), Parameters=params)

    assert sentence in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "params",
    [
        {"StackPolicyBody": "{}"},
        {"NotificationARNs": []},
    ],
)
def test_what_would_be_dropped_is_refused_by_name(
    cfn: Client, name: str, params: stacks.Json
) -> None:
    with pytest.raises(ClientError, match=next(iter(params))) as refused:
        cfn.create_stack(StackName=name, TemplateBody=stacks.template(A=resource()), **params)

    assert refused.value.response["Error"]["Code"] == "UnsupportedOperation"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (stacks.template(A=resource(KmsKeyId="a")), f"{GROUP}: KmsKeyId of A"),
        (
            stacks.template(A=rule(Conditions=[{"Field": "path-pattern", "RegexValues": ["a"]}])),
            "Conditions/RegexValues of A",
        ),
        (
            stacks.template(A=rule(Actions={"Fn::If": ["B", [JWT], []]})),
            "Actions/JwtValidationConfig of A",
        ),
    ],
)
def test_a_property_that_aws_has_and_is_not_modelled_is_refused_by_name(
    cfn: Client, name: str, body: str, path: str
) -> None:
    with pytest.raises(ClientError) as refused:
        cfn.create_stack(StackName=name, TemplateBody=body)

    assert refused.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert f"{path} is not modelled" in refused.value.response["Error"]["Message"]


def test_a_value_that_is_only_known_later_is_held_to_the_schema_too(cfn: Client, name: str) -> None:
    body = {
        "Parameters": {"Days": {"Type": "Number"}},
        "Resources": {"A": resource(RetentionInDays={"Ref": "Days"})},
    }
    params = [{"ParameterKey": "Days", "ParameterValue": "2"}]

    cfn.create_stack(StackName=name, TemplateBody=json.dumps(body), Parameters=params)

    assert ended(cfn, name) == "ROLLBACK_COMPLETE"
    sentence = "#/RetentionInDays: failed validation constraint for keyword [enum]"
    assert f"Model validation failed ({sentence})" in stacks.reasons(cfn, name)


def test_a_name_that_exists_is_refused(cfn: Client, name: str) -> None:
    body = stacks.template(A=stacks.log_group(name))
    create(cfn, name, body)

    with pytest.raises(cfn.exceptions.AlreadyExistsException) as refused:
        cfn.create_stack(StackName=name, TemplateBody=body)

    assert refused.value.response["Error"]["Message"] == f"Stack [{name}] already exists"


@pytest.mark.parametrize("bad", ["1st", "a_b", "a b", "x" * 129])
def test_a_name_that_is_none_is_refused(cfn: Client, bad: str) -> None:
    with pytest.raises(ClientError, match="stackName"):
        cfn.create_stack(StackName=bad, TemplateBody=stacks.template(A=resource()))


def test_an_update_that_changes_nothing_is_refused(cfn: Client, name: str) -> None:
    body = stacks.template(A=stacks.log_group(name))
    create(cfn, name, body, Tags=[{"Key": "a", "Value": "b"}])
    seen = events(cfn, name)

    with pytest.raises(ClientError) as refused:
        cfn.update_stack(StackName=name, TemplateBody=json.dumps(json.loads(body), indent=2))

    assert refused.value.response["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": "No updates are to be performed.",
    }
    assert events(cfn, name) == seen


def test_a_resource_keeps_its_type(cfn: Client, name: str) -> None:
    create(cfn, name, stacks.template(A=stacks.log_group(name)))
    body = stacks.template(A={"Type": "AWS::SecretsManager::Secret"})

    with pytest.raises(ClientError, match=r"resources: \[A\]"):
        cfn.update_stack(StackName=name, TemplateBody=body)


def test_a_stack_that_is_busy_cannot_be_updated(cfn: Client, name: str) -> None:
    groups = {f"Group{n}": stacks.log_group(f"{name}-{n}") for n in range(20)}
    body = stacks.template(**groups)
    stack_id = cfn.create_stack(StackName=name, TemplateBody=body)["StackId"]

    with pytest.raises(ClientError) as refused:
        cfn.update_stack(StackName=name, TemplateBody=body)

    sentence = f"Stack:{stack_id} is in CREATE_IN_PROGRESS state and can not be updated."
    assert refused.value.response["Error"]["Message"] == sentence
    assert ended(cfn, name) == "CREATE_COMPLETE"


def test_a_repeated_token_repeats_the_answer_and_nothing_else(cfn: Client, name: str) -> None:
    created = {
        "StackName": name,
        "TemplateBody": stacks.template(A=stacks.log_group(name)),
        "ClientRequestToken": "op-1-1-1",
    }
    updated = {
        "StackName": name,
        "TemplateBody": stacks.template(A=stacks.log_group(name, RetentionInDays=3)),
        "ClientRequestToken": "op-1-2-1",
    }

    stack_id = cfn.create_stack(**created)["StackId"]
    assert cfn.create_stack(**created)["StackId"] == stack_id
    assert ended(cfn, name) == "CREATE_COMPLETE"
    assert cfn.create_stack(**created)["StackId"] == stack_id
    assert cfn.update_stack(**updated)["StackId"] == stack_id
    assert cfn.update_stack(**updated)["StackId"] == stack_id
    assert ended(cfn, name) == "UPDATE_COMPLETE"
    assert cfn.update_stack(**updated)["StackId"] == stack_id

    assert events(cfn, name).count((name, "CREATE_IN_PROGRESS")) == 1
    assert events(cfn, name).count((name, "UPDATE_IN_PROGRESS")) == 1
    with pytest.raises(cfn.exceptions.TokenAlreadyExistsException):
        cfn.update_stack(**created)


def test_long_lists_come_in_pages(cfn: Client, name: str) -> None:
    groups = {f"Group{n}": stacks.log_group(f"{name}-{n}") for n in range(40)}
    create(cfn, name, stacks.template(**groups))

    first = cfn.describe_stack_events(StackName=name)

    assert len(first["StackEvents"]) == 100
    assert len(events(cfn, name)) == 40 * 3 + 2


def test_yaml_with_short_forms_conditions_and_parameters(
    aws: LocalAws, cfn: Client, name: str
) -> None:
    body = """
    Parameters:
      Prefix: {Type: String, Default: app}
      Keep: {Type: String, Default: "no"}
    Conditions:
      Kept: !Equals [!Ref Keep, "yes"]
    Resources:
      Group:
        Type: AWS::Logs::LogGroup
        Properties:
          LogGroupName: !Sub "/${AWS::StackName}/${Prefix}"
          RetentionInDays: !If [Kept, 30, !Ref AWS::NoValue]
      Other:
        Type: AWS::Logs::LogGroup
        Condition: Kept
    Outputs:
      Last: {Value: !Select [1, !Split ["/", !Join ["/", [a, b]]]]}
      Arn: {Value: !GetAtt Group.Arn}
    """

    create(cfn, name, body)

    group = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"][0]
    assert group["logGroupName"] == f"/{name}/app"
    assert "retentionInDays" not in group
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described(cfn, name)["Outputs"]}
    assert outputs == {"Last": "b", "Arn": group["arn"]}
    assert ("Other", "CREATE_COMPLETE") not in events(cfn, name)


def test_validating_changes_nothing(cfn: Client) -> None:
    body = {
        "Description": "an app",
        "Parameters": {"Days": {"Type": "Number", "Default": 7}},
        "Resources": {"A": resource(RetentionInDays={"Ref": "Days"})},
    }

    answer = cfn.validate_template(TemplateBody=json.dumps(body))

    assert answer["Description"] == "an app"
    assert answer["Parameters"] == [{"ParameterKey": "Days", "DefaultValue": "7", "NoEcho": False}]
