"""Resource types of the network: VPC, subnets, gateways, routes, security groups, endpoints"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
OTHER = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.8.0.0/16"}}
SUBNET = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.0.0/24"},
}
TABLE = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
GATEWAY = {"Type": "AWS::EC2::InternetGateway"}
ATTACHED = {
    "Type": "AWS::EC2::VPCGatewayAttachment",
    "Properties": {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}},
}
ADDRESS = {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}}
GROUP = {
    "Type": "AWS::EC2::SecurityGroup",
    "Properties": {"GroupDescription": "a", "VpcId": {"Ref": "Vpc"}},
}


def tagged(value: str) -> list[Json]:
    return [{"Key": "owner", "Value": value}]


def _first(found: list[Any]) -> Json | None:
    return dict(found[0]) if found else None


def _owned(found: list[Any]) -> Json | None:
    """With its owner, and which stack's it is, among its properties."""
    one = _first(found)
    tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])} if one else {}
    logical_id = tags.get("aws:cloudformation:logical-id")
    return one and one | {"owner": tags.get("owner"), "logical_id": logical_id}


def vpc(aws: Aws, id_: str) -> Json | None:
    ec2 = aws.client("ec2")
    one = _owned(ec2.describe_vpcs(VpcIds=[id_])["Vpcs"])
    hostnames = ec2.describe_vpc_attribute(VpcId=id_, Attribute="enableDnsHostnames")
    return one and one | {"hostnames": hostnames["EnableDnsHostnames"]["Value"]}


def subnet(aws: Aws, id_: str) -> Json | None:
    return _owned(aws.client("ec2").describe_subnets(SubnetIds=[id_])["Subnets"])


def gateway(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ec2").describe_internet_gateways(InternetGatewayIds=[id_])
    return _owned(found["InternetGateways"])


def attachment(aws: Aws, id_: str) -> Json | None:
    kind, vpc_id = id_.split("|")
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
    found = aws.client("ec2").describe_internet_gateways(Filters=filters)["InternetGateways"]
    return {"kind": kind, **found[0]["Attachments"][0]} if found else None


def table(aws: Aws, id_: str) -> Json | None:
    return _owned(aws.client("ec2").describe_route_tables(RouteTableIds=[id_])["RouteTables"])


def route(aws: Aws, id_: str) -> Json | None:
    table_id, cidr = id_.split("|")
    routes = (table(aws, table_id) or {})["Routes"]
    for one in routes:
        if one.get("DestinationCidrBlock") == cidr:
            by = "gateway" if one.get("GatewayId", "").startswith("igw-") else "other"
            return {"by": "nat" if one.get("NatGatewayId") else by}
    return None


def association(aws: Aws, id_: str) -> Json | None:
    filters = [{"Name": "association.route-table-association-id", "Values": [id_]}]
    return _owned(aws.client("ec2").describe_route_tables(Filters=filters)["RouteTables"])


def address(aws: Aws, id_: str) -> Json | None:
    return _owned(aws.client("ec2").describe_addresses(PublicIps=[id_])["Addresses"])


def nat(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ec2").describe_nat_gateways(NatGatewayIds=[id_])["NatGateways"]
    return _owned([one for one in found if one["State"] != "deleted"])


def group(aws: Aws, id_: str) -> Json | None:
    one = _owned(aws.client("ec2").describe_security_groups(GroupIds=[id_])["SecurityGroups"])
    ports = [rule["FromPort"] for rule in one["IpPermissions"]] if one else []
    out = [rule["IpProtocol"] for rule in one["IpPermissionsEgress"]] if one else []
    return one and one | {"ports": sorted(ports), "out": out}


def rule(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[id_])
    return _first(found["SecurityGroupRules"])


def endpoint(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[id_])["VpcEndpoints"]
    one = _owned([one for one in found if one["State"] != "deleted"])
    return one and one | {"tables": len(one["RouteTableIds"])}


def launch_template(aws: Aws, id_: str) -> Json | None:
    ec2 = aws.client("ec2")
    one = _first(ec2.describe_launch_templates(LaunchTemplateIds=[id_])["LaunchTemplates"])
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=id_, Versions=["$Latest"])
    return one and one | {"data": versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]}


def _opens(*ports: int) -> list[Json]:
    return [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"}
        for port in ports
    ]


def _endpoint(service: str, *tables: str) -> Json:
    name = {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"}
    routes = [{"Ref": name} for name in tables]
    return {"VpcId": {"Ref": "Vpc"}, "ServiceName": name, "RouteTableIds": routes}


def _in_vpc(cidr: str, **more: object) -> Json:
    return {"VpcId": {"Ref": "Vpc"}, "CidrBlock": cidr, **more}


def _routed(**target: Json) -> Json:
    table_id = {"Ref": "Table"}
    return {"RouteTableId": table_id, "DestinationCidrBlock": "0.0.0.0/0", **target}


def _separate(port: int, **more: object) -> Json:
    return {"GroupId": {"Ref": "Group"}, **_opens(port)[0], **more}


def _template(instance_type: str, **more: object) -> Json:
    metadata = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    data = {"InstanceType": instance_type, "MetadataOptions": metadata}
    return {"LaunchTemplateData": data, **more}


NAME = {"Fn::Sub": "${AWS::StackName}-b"}

LIVES = [
    Life(
        "AWS::EC2::VPC",
        vpc,
        Step(
            {"CidrBlock": "10.9.0.0/16", "Tags": tagged("ann")},
            {"CidrBlock": "10.9.0.0/16", "owner": "ann", "logical_id": "One", "hostnames": False},
        ),
        Step(
            {"CidrBlock": "10.9.0.0/16", "EnableDnsHostnames": True, "Tags": tagged("bob")},
            {"owner": "bob", "logical_id": "One", "hostnames": True},
        ),
        Step({"CidrBlock": "10.8.0.0/16"}, {"CidrBlock": "10.8.0.0/16", "owner": None}),
        attributes={
            "VpcId": "vpc-",
            "CidrBlock": "10.9.0.0/16",
            "DefaultSecurityGroup": "sg-",
            "DefaultNetworkAcl": "acl-",
        },
    ),
    Life(
        "AWS::EC2::Subnet",
        subnet,
        Step(_in_vpc("10.9.1.0/24"), {"CidrBlock": "10.9.1.0/24", "MapPublicIpOnLaunch": False}),
        Step(
            _in_vpc("10.9.1.0/24", MapPublicIpOnLaunch=True, Tags=tagged("bob")),
            {"MapPublicIpOnLaunch": True, "owner": "bob", "logical_id": "One"},
        ),
        Step(_in_vpc("10.9.2.0/24"), {"CidrBlock": "10.9.2.0/24"}),
        beside={"Vpc": VPC},
        attributes={"SubnetId": "subnet-", "VpcId": "vpc-", "CidrBlock": "10.9.1.0/24"},
    ),
    Life(
        "AWS::EC2::InternetGateway",
        gateway,
        Step({"Tags": tagged("ann")}, {"owner": "ann", "logical_id": "One"}),
        Step({"Tags": tagged("bob")}, {"owner": "bob", "logical_id": "One"}),
        attributes={"InternetGatewayId": "igw-"},
    ),
    Life(
        "AWS::EC2::VPCGatewayAttachment",
        attachment,
        Step(ATTACHED["Properties"], {"kind": "IGW", "State": "available"}),  # type: ignore[arg-type]
        replaced=Step(
            {"VpcId": {"Ref": "Other"}, "InternetGatewayId": {"Ref": "Gateway"}},
            {"kind": "IGW", "State": "available"},
        ),
        beside={"Vpc": VPC, "Other": OTHER, "Gateway": GATEWAY},
        attributes={"AttachmentType": "IGW"},
    ),
    Life(
        "AWS::EC2::RouteTable",
        table,
        Step({"VpcId": {"Ref": "Vpc"}, "Tags": tagged("ann")}, {"owner": "ann"}),
        Step({"VpcId": {"Ref": "Vpc"}, "Tags": tagged("bob")}, {"owner": "bob"}),
        Step({"VpcId": {"Ref": "Other"}}, {"owner": None, "logical_id": "One"}),
        beside={"Vpc": VPC, "Other": OTHER},
        attributes={"RouteTableId": "rtb-"},
    ),
    Life(
        "AWS::EC2::Route",
        route,
        Step(_routed(GatewayId={"Ref": "Gateway"}), {"by": "gateway"}),
        Step(_routed(NatGatewayId={"Ref": "Nat"}), {"by": "nat"}),
        Step(
            _routed(GatewayId={"Ref": "Gateway"}) | {"DestinationCidrBlock": "192.0.2.0/24"},
            {"by": "gateway"},
        ),
        beside={
            "Vpc": VPC,
            "Table": TABLE,
            "Gateway": GATEWAY,
            "Attached": ATTACHED,
            "Subnet": SUBNET,
            "Address": ADDRESS,
            "Nat": {
                "Type": "AWS::EC2::NatGateway",
                "Properties": {
                    "SubnetId": {"Ref": "Subnet"},
                    "AllocationId": {"Fn::GetAtt": "Address.AllocationId"},
                },
            },
        },
        attributes={"CidrBlock": "0.0.0.0/0"},
    ),
    Life(
        "AWS::EC2::SubnetRouteTableAssociation",
        association,
        Step({"SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Table"}}, {"owner": None}),
        replaced=Step(
            {"SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Other"}}, {"owner": "other"}
        ),
        beside={
            "Vpc": VPC,
            "Subnet": SUBNET,
            "Table": TABLE,
            "Other": {
                "Type": "AWS::EC2::RouteTable",
                "Properties": {"VpcId": {"Ref": "Vpc"}, "Tags": tagged("other")},
            },
        },
        attributes={"Id": "rtbassoc-"},
    ),
    Life(
        "AWS::EC2::EIP",
        address,
        Step({"Domain": "vpc"}, {"Domain": "vpc", "owner": None, "logical_id": "One"}),
        Step({"Domain": "vpc", "Tags": tagged("bob")}, {"owner": "bob"}),
        attributes={"AllocationId": "eipalloc-"},
    ),
    Life(
        "AWS::EC2::NatGateway",
        nat,
        Step(
            {"SubnetId": {"Ref": "Subnet"}, "ConnectivityType": "private"},
            {"State": "available", "ConnectivityType": "private", "logical_id": "One"},
        ),
        Step(
            {
                "SubnetId": {"Ref": "Subnet"},
                "ConnectivityType": "private",
                "Tags": tagged("bob"),
            },
            {"owner": "bob"},
        ),
        Step(
            {
                "SubnetId": {"Ref": "Subnet"},
                "AllocationId": {"Fn::GetAtt": "Address.AllocationId"},
            },
            {"State": "available", "ConnectivityType": "public"},
        ),
        beside={
            "Vpc": VPC,
            "Subnet": SUBNET,
            "Gateway": GATEWAY,
            "Attached": ATTACHED,
            "Address": ADDRESS,
        },
        attributes={"NatGatewayId": "nat-"},
    ),
    Life(
        "AWS::EC2::SecurityGroup",
        group,
        Step(
            {
                "GroupDescription": "a",
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": _opens(80, 443),
            },
            {"Description": "a", "ports": [80, 443], "out": ["-1"], "logical_id": "One"},
        ),
        Step(
            {
                "GroupDescription": "a",
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": _opens(443, 8080),
                "SecurityGroupEgress": _opens(443),
                "Tags": tagged("bob"),
            },
            {"ports": [443, 8080], "out": ["tcp"], "owner": "bob"},
        ),
        Step({"GroupDescription": "b", "VpcId": {"Ref": "Vpc"}}, {"Description": "b", "ports": []}),
        beside={"Vpc": VPC},
        attributes={"GroupId": "sg-", "VpcId": "vpc-"},
    ),
    Life(
        "AWS::EC2::SecurityGroupIngress",
        rule,
        Step(_separate(80, Description="a"), {"FromPort": 80, "IsEgress": False}),
        Step(_separate(80, Description="b"), {"FromPort": 80, "Description": "b"}),
        Step(_separate(81), {"FromPort": 81}),
        beside={"Vpc": VPC, "Group": GROUP},
        attributes={"Id": "sgr-"},
    ),
    Life(
        "AWS::EC2::SecurityGroupEgress",
        rule,
        Step(_separate(80, Description="a"), {"FromPort": 80, "IsEgress": True}),
        Step(_separate(80, Description="b"), {"FromPort": 80, "Description": "b"}),
        Step(_separate(81), {"FromPort": 81}),
        beside={"Vpc": VPC, "Group": GROUP},
        attributes={"Id": "sgr-"},
    ),
    Life(
        "AWS::EC2::VPCEndpoint",
        endpoint,
        Step(_endpoint("s3", "Table"), {"VpcEndpointType": "Gateway", "tables": 1}),
        Step(_endpoint("s3", "Table", "Second") | {"Tags": tagged("bob")}, {"tables": 2}),
        Step(_endpoint("dynamodb", "Table"), {"VpcEndpointType": "Gateway", "tables": 1}),
        beside={"Vpc": VPC, "Table": TABLE, "Second": TABLE},
        attributes={"Id": "vpce-"},
    ),
    Life(
        "AWS::EC2::LaunchTemplate",
        launch_template,
        Step(_template("t3.micro"), {"LatestVersionNumber": 1, "DefaultVersionNumber": 1}),
        Step(
            _template("t3.small"),
            {
                "LatestVersionNumber": 2,
                "DefaultVersionNumber": 1,
                "data": {
                    "InstanceType": "t3.small",
                    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
                },
            },
        ),
        Step(_template("t3.small", LaunchTemplateName=NAME), {"LatestVersionNumber": 1}),
        attributes={"LatestVersionNumber": "1", "LaunchTemplateId": "lt-"},
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "What makes a network is created, changed in place, replaced where a create-only property "
    "changes, and deleted; Ref and GetAtt give what is documented; EC2 tags tell the stack.",
    REFERENCE + "AWS_EC2.html",
)
def test_the_network(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)
