"""The resource types that the local CloudFormation knows; every other one is refused by name."""

from localaws.cloudformation.resource import ResourceType
from localaws.cloudformation.types.ecr import Repository
from localaws.cloudformation.types.elbv2 import ListenerRule, TargetGroup
from localaws.cloudformation.types.launch_templates import LaunchTemplate
from localaws.cloudformation.types.logs import LogGroup
from localaws.cloudformation.types.routes import (
    Eip,
    NatGateway,
    Route,
    RouteTable,
    SubnetRouteTableAssociation,
)
from localaws.cloudformation.types.secretsmanager import Secret
from localaws.cloudformation.types.security_groups import (
    SecurityGroup,
    SecurityGroupEgress,
    SecurityGroupIngress,
)
from localaws.cloudformation.types.vpc import InternetGateway, Subnet, Vpc, VpcGatewayAttachment
from localaws.cloudformation.types.vpc_endpoints import VpcEndpoint

_ALL: tuple[type[ResourceType], ...] = (
    *(Vpc, Subnet, InternetGateway, VpcGatewayAttachment),
    *(RouteTable, Route, SubnetRouteTableAssociation, Eip, NatGateway),
    *(SecurityGroup, SecurityGroupIngress, SecurityGroupEgress),
    *(LaunchTemplate, VpcEndpoint),
    *(Repository, LogGroup, Secret),
    *(TargetGroup, ListenerRule),
)

TYPES: dict[str, ResourceType] = {kind.name: kind() for kind in _ALL}
