"""The resource types that the local CloudFormation knows; every other one is refused by name."""

from localaws.cloudformation.resource import ResourceType
from localaws.cloudformation.types import autoscaling, scaling
from localaws.cloudformation.types.acm import Certificate
from localaws.cloudformation.types.cloudwatch import Alarm
from localaws.cloudformation.types.ecr import Repository
from localaws.cloudformation.types.ecs_clusters import (
    CapacityProvider,
    Cluster,
    ClusterCapacityProviderAssociations,
)
from localaws.cloudformation.types.ecs_services import Service
from localaws.cloudformation.types.ecs_tasks import TaskDefinition
from localaws.cloudformation.types.elbv2 import ListenerRule, TargetGroup
from localaws.cloudformation.types.events import Rule
from localaws.cloudformation.types.iam_policies import ManagedPolicy, Policy, RolePolicy
from localaws.cloudformation.types.iam_roles import InstanceProfile, Role
from localaws.cloudformation.types.kms import Alias, Key
from localaws.cloudformation.types.launch_templates import LaunchTemplate
from localaws.cloudformation.types.load_balancers import Listener, ListenerCertificate, LoadBalancer
from localaws.cloudformation.types.logs import LogGroup
from localaws.cloudformation.types.policies import QueuePolicy, TopicPolicy
from localaws.cloudformation.types.route53 import HostedZone, RecordSet
from localaws.cloudformation.types.routes import (
    Eip,
    NatGateway,
    Route,
    RouteTable,
    SubnetRouteTableAssociation,
)
from localaws.cloudformation.types.s3 import Bucket, BucketPolicy
from localaws.cloudformation.types.scheduler import Schedule, ScheduleGroup
from localaws.cloudformation.types.secretsmanager import Secret
from localaws.cloudformation.types.security_groups import (
    SecurityGroup,
    SecurityGroupEgress,
    SecurityGroupIngress,
)
from localaws.cloudformation.types.sns import Subscription, Topic
from localaws.cloudformation.types.sqs import Queue
from localaws.cloudformation.types.ssm import Parameter
from localaws.cloudformation.types.vpc import InternetGateway, Subnet, Vpc, VpcGatewayAttachment
from localaws.cloudformation.types.vpc_endpoints import VpcEndpoint

_ALL: tuple[type[ResourceType], ...] = (
    *(Vpc, Subnet, InternetGateway, VpcGatewayAttachment),
    *(RouteTable, Route, SubnetRouteTableAssociation, Eip, NatGateway),
    *(SecurityGroup, SecurityGroupIngress, SecurityGroupEgress),
    *(LaunchTemplate, VpcEndpoint),
    *(Role, InstanceProfile, ManagedPolicy, Policy, RolePolicy),
    *(Key, Alias, Certificate, Secret, Parameter),
    *(HostedZone, RecordSet),
    *(Queue, QueuePolicy, Topic, TopicPolicy, Subscription),
    *(Bucket, BucketPolicy, Repository),
    *(LogGroup, Alarm, Schedule, ScheduleGroup),
    *(LoadBalancer, Listener, ListenerCertificate, TargetGroup, ListenerRule),
    *(Cluster, CapacityProvider, ClusterCapacityProviderAssociations),
    *(TaskDefinition, Service, Rule),
    *(scaling.ScalableTarget, scaling.ScalingPolicy),
    *(autoscaling.AutoScalingGroup, autoscaling.LifecycleHook, autoscaling.ScalingPolicy),
)

TYPES: dict[str, ResourceType] = {kind.name: kind() for kind in _ALL}
