"""What both the fake and Secrets Manager's gateway promise."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from app.gateways.cloudformation import TEMPLATE_TAG
from app.gateways.refusals import refusal
from tests.gateways.lands import Land, template

ONE = "11111111-1111-5111-8111-111111111111"
TWO = "22222222-2222-5222-8222-222222222222"


@pytest.fixture
def arn(land: Land, name: str) -> str:
    land.stacks.create(name, template(name), tags={TEMPLATE_TAG: "one"}, token="op-1")

    def made() -> str:
        stack = land.stacks.describe(name)
        return stack.outputs.get("ConfigArn", "") if stack else ""

    return str(land.until(made))


def test_each_version_is_kept_by_its_id(land: Land, arn: str) -> None:
    land.secrets.put(arn, {"A": "1"}, version_id=ONE)
    land.secrets.put(arn, {"A": "é\n\"2'"}, version_id=TWO)

    assert land.read_secret(arn, ONE) == {"A": "1"}
    assert land.read_secret(arn, TWO) == {"A": "é\n\"2'"}


def test_to_put_the_same_twice_is_no_change(land: Land, arn: str) -> None:
    land.secrets.put(arn, {"A": "1", "B": "2"}, version_id=ONE)
    land.secrets.put(arn, {"B": "2", "A": "1"}, version_id=ONE)

    assert land.read_secret(arn, ONE) == {"A": "1", "B": "2"}


def test_a_version_is_never_overwritten(land: Land, arn: str) -> None:
    land.secrets.put(arn, {"A": "1"}, version_id=ONE)

    with pytest.raises(ClientError) as refused:
        land.secrets.put(arn, {"A": "2"}, version_id=ONE)

    assert refusal(refused.value)
    assert land.read_secret(arn, ONE) == {"A": "1"}


def test_a_secret_that_is_not_there_is_refused_for_good(land: Land) -> None:
    nowhere = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nowhere-AbCdEf"

    with pytest.raises(ClientError) as refused:
        land.secrets.put(nowhere, {"A": "1"}, version_id=ONE)

    assert refusal(refused.value)
