"""AWS's wire protocols, both ways, from botocore's service models."""

from localaws.wire.errors import AwsError

__all__ = ["AwsError"]
