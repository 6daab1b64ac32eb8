"""botocore's service models: what every request is read by and every answer written by."""

from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from localaws import botocore_files
from localaws.wire.errors import AwsError

Value = Any  # what a shape describes, as boto3 has it: dicts, lists, strings, datetimes…

botocore_files.share()
_SESSION = botocore.session.get_session()
_VALIDATOR = ParamValidator()


@cache
def service(name: str) -> ServiceModel:
    """By boto3's name (`elbv2`, not `elasticloadbalancing`)."""
    return _SESSION.get_service_model(name)


def known(name: str) -> bool:
    return name in _available()


def protocol(name: str) -> str:
    return str(service(name).resolved_protocol)  # the one boto3 speaks


@cache
def operation(name: str, operation_name: str) -> OperationModel:
    model = service(name)
    if operation_name not in model.operation_names:
        code = "InvalidAction" if protocol(name) == "query" else "UnknownOperationException"
        raise AwsError(code, f"Could not find operation {operation_name} for {name}.")
    return model.operation_model(operation_name)


def validate(name: str, operation_name: str, params: dict[str, Any]) -> None:
    """Required, unknown and mistyped parameters are refused by name, as the SDK would."""
    shape = operation(name, operation_name).input_shape
    if shape is None:
        return
    report = _VALIDATOR.validate(params, shape)
    if report.has_errors():
        code = "ValidationError" if protocol(name) == "query" else "ValidationException"
        raise AwsError(code, report.generate_report())


@cache
def _available() -> frozenset[str]:
    return frozenset(_SESSION.get_available_services())
