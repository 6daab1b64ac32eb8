"""Resource types of identity and secrets: roles, policies, keys, secrets, parameters"""

from __future__ import annotations

import json

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking, body

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
READ_ONLY = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"


def assumed_by(service: str) -> Json:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allows(action: str) -> Json:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def a_role(service: str = "ecs-tasks") -> Json:
    properties = {"AssumeRolePolicyDocument": assumed_by(service)}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _named(suffix: str) -> Json:
    return {"Fn::Sub": f"${{AWS::StackName}}-{suffix}"}


def role(aws: Aws, id_: str) -> Json:
    iam = aws.client("iam")
    one = iam.get_role(RoleName=id_)["Role"]
    attached = iam.list_attached_role_policies(RoleName=id_)["AttachedPolicies"]
    return one | {
        "owner": {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}.get("owner"),
        "attached": [policy["PolicyArn"] for policy in attached],
        "inline": iam.list_role_policies(RoleName=id_)["PolicyNames"],
        "by": one["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"],
    }


def profile(aws: Aws, id_: str) -> Json:
    one = aws.client("iam").get_instance_profile(InstanceProfileName=id_)["InstanceProfile"]
    return {"path": one["Path"], "roles": len(one["Roles"])}


def managed(aws: Aws, id_: str) -> Json:
    iam = aws.client("iam")
    policy = iam.get_policy(PolicyArn=id_)["Policy"]
    version = iam.get_policy_version(PolicyArn=id_, VersionId=policy["DefaultVersionId"])
    action = version["PolicyVersion"]["Document"]["Statement"][0]["Action"]
    return policy | {"action": action}


def role_policy(aws: Aws, id_: str) -> Json:
    name, role_name = id_.split("|")
    found = aws.client("iam").get_role_policy(RoleName=role_name, PolicyName=name)
    return {"action": found["PolicyDocument"]["Statement"][0]["Action"]}


def key(aws: Aws, id_: str) -> Json | None:
    kms = aws.client("kms")
    one = kms.describe_key(KeyId=id_)["KeyMetadata"]
    if one["KeyState"] == "PendingDeletion":
        return None
    return one | {"rotates": kms.get_key_rotation_status(KeyId=id_)["KeyRotationEnabled"]}


def alias(aws: Aws, id_: str) -> Json | None:
    found = aws.client("kms").list_aliases()["Aliases"]
    return next((one for one in found if one["AliasName"] == id_), None)


def secret(aws: Aws, id_: str) -> Json | None:
    one = dict(aws.client("secretsmanager").describe_secret(SecretId=id_))
    return None if one.get("DeletedDate") else one


def parameter(aws: Aws, id_: str) -> Json:
    return dict(aws.client("ssm").get_parameter(Name=id_)["Parameter"])


LIVES = [
    Life(
        "AWS::IAM::Role",
        role,
        Step(
            {
                "AssumeRolePolicyDocument": assumed_by("ecs-tasks"),
                "ManagedPolicyArns": [READ_ONLY],
                "Policies": [{"PolicyName": "logs", "PolicyDocument": allows("logs:*")}],
                "Tags": [{"Key": "owner", "Value": "ann"}],
            },
            {
                "by": "ecs-tasks.amazonaws.com",
                "attached": [READ_ONLY],
                "inline": ["logs"],
                "owner": "ann",
            },
        ),
        Step(
            {
                "AssumeRolePolicyDocument": assumed_by("ec2"),
                "Description": "b",
                "PermissionsBoundary": READ_ONLY,
                "Policies": [{"PolicyName": "sqs", "PolicyDocument": allows("sqs:*")}],
            },
            {
                "by": "ec2.amazonaws.com",
                "Description": "b",
                "attached": [],
                "inline": ["sqs"],
                "owner": None,
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                    "PermissionsBoundaryArn": READ_ONLY,
                },
            },
        ),
        Step(
            {"AssumeRolePolicyDocument": assumed_by("ec2"), "RoleName": _named("r")},
            {"by": "ec2.amazonaws.com", "inline": []},
        ),
        attributes={"Arn": "arn:aws:iam::", "RoleId": "AROA"},
    ),
    Life(
        "AWS::IAM::InstanceProfile",
        profile,
        Step({"Roles": [{"Ref": "Role"}]}, {"path": "/", "roles": 1}),
        Step({"Roles": [{"Ref": "Other"}]}, {"path": "/", "roles": 1}),
        Step({"Roles": [{"Ref": "Other"}], "Path": "/ecs/"}, {"path": "/ecs/", "roles": 1}),
        beside={"Role": a_role("ec2"), "Other": a_role("ec2")},
        attributes={"Arn": "arn:aws:iam::"},
    ),
    Life(
        "AWS::IAM::ManagedPolicy",
        managed,
        Step({"PolicyDocument": allows("sqs:*")}, {"action": "sqs:*", "DefaultVersionId": "v1"}),
        Step(
            {"PolicyDocument": allows("sns:*"), "Roles": [{"Ref": "Role"}]},
            {"action": "sns:*", "DefaultVersionId": "v2", "AttachmentCount": 1},
        ),
        Step(
            {"PolicyDocument": allows("sns:*"), "Path": "/app/"},
            {"Path": "/app/", "AttachmentCount": 0},
        ),
        beside={"Role": a_role()},
        attributes={"PolicyArn": "arn:aws:iam::", "DefaultVersionId": "v1"},
    ),
    Life(
        "AWS::IAM::RolePolicy",
        role_policy,
        Step(
            {"PolicyName": "a", "RoleName": {"Ref": "Role"}, "PolicyDocument": allows("sqs:*")},
            {"action": "sqs:*"},
        ),
        Step(
            {"PolicyName": "a", "RoleName": {"Ref": "Role"}, "PolicyDocument": allows("sns:*")},
            {"action": "sns:*"},
        ),
        Step(
            {"PolicyName": "b", "RoleName": {"Ref": "Role"}, "PolicyDocument": allows("sns:*")},
            {"action": "sns:*"},
        ),
        beside={"Role": a_role()},
    ),
    Life(
        "AWS::KMS::Key",
        key,
        Step({"Description": "a"}, {"Description": "a", "rotates": False, "Enabled": True}),
        Step(
            {"Description": "b", "EnableKeyRotation": True, "PendingWindowInDays": 7},
            {"Description": "b", "rotates": True},
        ),
        attributes={"Arn": "arn:aws:kms:"},
    ),
    Life(
        "AWS::KMS::Alias",
        alias,
        Step(
            {"AliasName": {"Fn::Sub": "alias/${AWS::StackName}"}, "TargetKeyId": {"Ref": "A"}}, {}
        ),
        Step(
            {"AliasName": {"Fn::Sub": "alias/${AWS::StackName}"}, "TargetKeyId": {"Ref": "B"}}, {}
        ),
        Step(
            {"AliasName": {"Fn::Sub": "alias/${AWS::StackName}-b"}, "TargetKeyId": {"Ref": "B"}}, {}
        ),
        beside={
            name: {"Type": "AWS::KMS::Key", "Properties": {"PendingWindowInDays": 7}}
            for name in "AB"
        },
    ),
    Life(
        "AWS::SecretsManager::Secret",
        secret,
        Step({"Description": "a"}, {"Description": "a"}),
        Step({"Description": "b"}, {"Description": "b"}),
        Step({"Name": _named("s")}, {}),
        attributes={"Id": "arn:aws:secretsmanager:"},
    ),
    Life(
        "AWS::SSM::Parameter",
        parameter,
        Step({"Type": "String", "Value": "a"}, {"Type": "String", "Value": "a", "Version": 1}),
        Step({"Type": "String", "Value": "b"}, {"Value": "b", "Version": 2}),
        Step({"Type": "String", "Value": "b", "Name": _named("p")}, {"Value": "b"}),
        attributes={"Type": "String", "Value": "a"},
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Roles, policies, keys, secrets and parameters are created, changed in place, replaced where "
    "a create-only property changes, and deleted; Ref and GetAtt give what is documented.",
    REFERENCE + "AWS_IAM.html",
)
def test_identity(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "An inline policy is put under its name with each of its roles; renamed, it leaves them.",
    REFERENCE + "aws-resource-iam-policy.html",
)
def test_an_inline_policy_goes_with_its_roles(aws: Aws, stacking: Stacking) -> None:
    def template(name: str, action: str, *roles: str) -> str:
        properties = {
            "PolicyName": name,
            "PolicyDocument": allows(action),
            "Roles": [{"Ref": one} for one in roles],
        }
        policy = {"Type": "AWS::IAM::Policy", "Properties": properties}
        return body({"A": a_role(), "B": a_role(), "Policy": policy})

    def inline() -> dict[str, list[str]]:
        ids = stacking.physical_ids()
        found = aws.client("iam").list_role_policies
        return {name: found(RoleName=ids[name])["PolicyNames"] for name in "AB"}

    capable = {"Capabilities": ["CAPABILITY_IAM"]}
    stacking.create(template("one", "sqs:*", "A", "B"), **capable)
    assert inline() == {"A": ["one"], "B": ["one"]}

    assert stacking.update(template("one", "sns:*", "B"), **capable) == "UPDATE_COMPLETE"
    assert inline() == {"A": [], "B": ["one"]}

    assert stacking.update(template("two", "sns:*", "B"), **capable) == "UPDATE_COMPLETE"
    assert inline() == {"A": [], "B": ["two"]}


@fact(
    "What CloudFormation makes carries the tags aws:cloudformation:stack-name, :stack-id and "
    ":logical-id, where its type says so.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html",
)
def test_what_a_stack_makes_tells_of_its_stack(aws: Aws, stacking: Stacking) -> None:
    one = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Tags": [tag("owner", "ann")]}}
    stacking.create(body({"One": one}), Tags=[tag("team", "blue")])

    found = secret(aws, stacking.physical_ids()["One"])

    assert found is not None
    assert {one["Key"]: one["Value"] for one in found["Tags"]} == {
        "owner": "ann",
        "team": "blue",
        "aws:cloudformation:stack-name": stacking.name,
        "aws:cloudformation:stack-id": stacking.described()["StackId"],
        "aws:cloudformation:logical-id": "One",
    }


def tag(key_: str, value: str) -> dict[str, str]:
    return {"Key": key_, "Value": value}


@fact(
    "A secret is made with a value, or with one that is generated within a JSON object; another "
    "value makes another version of it, anything else leaves its value alone.",
    REFERENCE + "aws-resource-secretsmanager-secret.html",
)
def test_a_secrets_value(aws: Aws, stacking: Stacking) -> None:
    secrets = aws.client("secretsmanager")

    def template(length: int, value: str, description: str = "a") -> str:
        generated = {
            "SecretStringTemplate": '{"user": "ann"}',
            "GenerateStringKey": "password",
            "PasswordLength": length,
            "ExcludePunctuation": True,
        }
        common = {"Description": description}
        kind = "AWS::SecretsManager::Secret"
        return body(
            {
                "Made": {"Type": kind, "Properties": {"GenerateSecretString": generated, **common}},
                "Given": {"Type": kind, "Properties": {"SecretString": value, **common}},
            }
        )

    def values() -> tuple[Json, str]:
        ids = stacking.physical_ids()
        made, given = (
            secrets.get_secret_value(SecretId=ids[name])["SecretString"]
            for name in ("Made", "Given")
        )
        return json.loads(made), given

    assert stacking.create(template(20, "one")) == "CREATE_COMPLETE", stacking.reasons()
    first, given = values()
    assert (first["user"], len(first["password"]), given) == ("ann", 20, "one")
    assert first["password"].isalnum()

    assert stacking.update(template(20, "one", "b")) == "UPDATE_COMPLETE", stacking.reasons()
    assert values() == (first, "one")

    assert stacking.update(template(24, "two")) == "UPDATE_COMPLETE", stacking.reasons()
    second, given = values()
    assert (len(second["password"]), given) == (24, "two")


@fact(
    "Policies are attached to the groups and users that are named, and to no others.",
    f"{REFERENCE}aws-resource-iam-managedpolicy.html {REFERENCE}aws-resource-iam-policy.html",
)
def test_who_holds_a_policy(aws: Aws, stacking: Stacking, name: str) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)

    def template(**holders: list[str]) -> str:
        managed = {"ManagedPolicyName": name, "PolicyDocument": allows("s3:*"), **holders}
        inline = {"PolicyName": name, "PolicyDocument": allows("s3:*"), **holders}
        kinds = {"ManagedPolicy": managed, "Policy": inline}
        return body(
            {kind: {"Type": f"AWS::IAM::{kind}", "Properties": it} for kind, it in kinds.items()}
        )

    def held() -> Json:
        user, group = {"UserName": name}, {"GroupName": name}
        attached = {
            "user": iam.list_attached_user_policies(**user)["AttachedPolicies"],
            "group": iam.list_attached_group_policies(**group)["AttachedPolicies"],
        }
        return {
            "inline": [
                iam.list_user_policies(**user)["PolicyNames"],
                iam.list_group_policies(**group)["PolicyNames"],
            ],
            "managed": [[one["PolicyName"] for one in found] for found in attached.values()],
        }

    capable = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
    try:
        status = stacking.create(template(Users=[name]), **capable)
        assert status == "CREATE_COMPLETE", stacking.reasons()
        assert held() == {"inline": [[name], []], "managed": [[name], []]}

        status = stacking.update(template(Groups=[name]), **capable)
        assert status == "UPDATE_COMPLETE", stacking.reasons()
        assert held() == {"inline": [[], [name]], "managed": [[], [name]]}

        stacking.delete()
        assert held() == {"inline": [[], []], "managed": [[], []]}
    finally:
        stacking.clean()
        iam.delete_user(UserName=name)
        iam.delete_group(GroupName=name)
