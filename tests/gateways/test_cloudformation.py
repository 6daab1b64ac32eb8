"""What both the fake and CloudFormation's gateway promise."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from app.domain.observed import StackState
from app.gateways.cloudformation import TEMPLATE_TAG
from app.gateways.refusals import refusal
from tests.gateways.lands import Land, impossible, template


def test_what_was_never_made_is_not_there(land: Land, name: str) -> None:
    assert land.stacks.describe(name) is None


def test_made_it_is_complete_in_the_end_with_its_outputs(land: Land, name: str) -> None:
    create(land, name)

    stack = at_rest(land, name)

    assert (stack.status, stack.template) == ("CREATE_COMPLETE", "one")
    assert {"LogGroup", "ConfigArn", "Repository"} <= stack.outputs.keys()
    assert not stack.failed


def test_while_it_is_made_it_is_busy_and_shows_no_outputs(land: Land, name: str) -> None:
    create(land, name)

    stack = land.stacks.describe(name)

    assert stack is not None
    assert not stack.busy or not stack.outputs


def test_to_make_it_twice_is_to_make_it_once(land: Land, name: str) -> None:
    create(land, name)
    create(land, name)
    at_rest(land, name)

    create(land, name, fingerprint="two", token="another")

    assert at_rest(land, name).template == "one"


def test_an_update_carries_the_new_templates_mark(land: Land, name: str) -> None:
    create(land, name)
    before = at_rest(land, name)

    land.stacks.update(name, template(name), tags={TEMPLATE_TAG: "two"}, token="op-2")

    after = at_rest(land, name)
    assert (after.status, after.template) == ("UPDATE_COMPLETE", "two")
    assert after.outputs == before.outputs


def test_an_update_to_what_is_there_is_no_error(land: Land, name: str) -> None:
    create(land, name)
    before = at_rest(land, name)

    land.stacks.update(name, template(name), tags={TEMPLATE_TAG: "one"}, token="op-2")

    assert land.stacks.describe(name) == before


def test_an_update_of_what_is_not_there_is_refused_for_good(land: Land, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        land.stacks.update(name, template(name), tags={}, token="op-1")

    assert "does not exist" in (refusal(refused.value) or "")


def test_one_that_cannot_be_made_says_why_and_whose_attempt_it_was(land: Land, name: str) -> None:
    land.stacks.create(name, impossible(name), tags={TEMPLATE_TAG: "bad"}, token="op-bad")

    stack = at_rest(land, name)

    assert stack.status == "ROLLBACK_COMPLETE"
    assert (stack.dead, stack.failed, stack.token) == (True, True, "op-bad")
    assert stack.reason.startswith("LogGroup: ")


def test_an_update_that_fails_leaves_what_was(land: Land, name: str) -> None:
    create(land, name)
    before = at_rest(land, name)

    land.stacks.update(name, impossible(name), tags={TEMPLATE_TAG: "bad"}, token="op-bad")

    stack = at_rest(land, name)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert (stack.dead, stack.failed, stack.token) == (False, True, "op-bad")
    assert stack.template == "one"
    assert stack.outputs == before.outputs


def test_deleted_it_is_gone_and_may_be_made_again(land: Land, name: str) -> None:
    create(land, name)
    at_rest(land, name)

    land.stacks.delete(name, token="op-2")
    land.until(lambda: land.stacks.describe(name) is None)
    create(land, name, token="op-3")

    assert at_rest(land, name).status == "CREATE_COMPLETE"


def test_to_delete_what_is_not_there_is_no_error(land: Land, name: str) -> None:
    land.stacks.delete(name, token="op-1")

    assert land.stacks.describe(name) is None


def create(land: Land, name: str, *, fingerprint: str = "one", token: str = "op-1") -> None:
    land.stacks.create(name, template(name), tags={TEMPLATE_TAG: fingerprint}, token=token)


def at_rest(land: Land, name: str) -> StackState:
    def rested() -> StackState | None:
        stack = land.stacks.describe(name)
        return stack if stack is not None and not stack.busy else None

    found: StackState = land.until(rested)
    return found
