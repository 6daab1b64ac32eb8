"""The resource types that the local CloudFormation knows; every other one is refused by name.

Properties, create-only properties and attributes are those of the types' public schemas, less
what is not modelled.
"""

from localaws.cloudformation.resource import ResourceType
from localaws.cloudformation.types.ecr import Repository
from localaws.cloudformation.types.elbv2 import ListenerRule, TargetGroup
from localaws.cloudformation.types.logs import LogGroup
from localaws.cloudformation.types.secretsmanager import Secret

TYPES: dict[str, ResourceType] = {
    kind.name: kind for kind in (Repository(), LogGroup(), Secret(), TargetGroup(), ListenerRule())
}
