"""CloudFormation: change sets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.ledger import fact
from tests.conformance.stacking import Json, Stacking, body, given, group
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/"
SAMPLES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "using-cfn-updating-stacks-changesets-samples.html"
)


def proposed(stacking: Stacking, template: str, **params: object) -> Json:
    """The change set that asks for this, once it has been made or has failed."""
    made = stacking.cfn.create_change_set(
        StackName=stacking.name, ChangeSetName="next", TemplateBody=template, **params
    )

    def ready() -> Json:
        shown: Json = stacking.cfn.describe_change_set(ChangeSetName=made["Id"])
        return shown if shown["Status"] in ("CREATE_COMPLETE", "FAILED") else {}

    return until(ready)


def changes(shown: Json) -> dict[str, Json]:
    found = [one["ResourceChange"] for one in shown["Changes"]]
    return {one["LogicalResourceId"]: one for one in found}


@fact(
    "A change set of type CREATE makes a stack under review; carried out, it creates it.",
    API + "API_CreateChangeSet.html",
)
def test_a_stack_is_reviewed_then_created(stacking: Stacking) -> None:
    shown = proposed(stacking, body({"A": group()}), ChangeSetType="CREATE")
    stacking.names.add(stacking.name)
    under_review = stacking.described()["StackStatus"]

    stacking.cfn.execute_change_set(ChangeSetName=shown["ChangeSetId"])
    until(lambda: stacking.described()["StackStatus"] == "CREATE_COMPLETE")

    assert under_review == "REVIEW_IN_PROGRESS"
    assert shown["ExecutionStatus"] == "AVAILABLE"
    assert changes(shown)["A"]["Action"] == "Add"


@fact(
    "Of each resource a change set says whether it is replaced, by which property, and whether "
    "that is known yet.",
    SAMPLES,
)
def test_details_and_replacement(stacking: Stacking, name: str) -> None:
    days = {"Days": {"Type": "Number"}}
    a = group(LogGroupName=f"/{name}/a", RetentionInDays={"Ref": "Days"})
    b = group(LogGroupName={"Fn::Sub": "${A}/b"})
    stacking.create(
        body({"A": a, "B": b, "C": group()}, Parameters=days), Parameters=given(Days="1")
    )
    a["Properties"]["LogGroupName"] = f"/{name}/new"

    shown = proposed(stacking, body({"A": a, "B": b}, Parameters=days), Parameters=given(Days="3"))

    found = changes(shown)
    assert {one: found[one]["Action"] for one in "ABC"} == {
        "A": "Modify",
        "B": "Modify",
        "C": "Remove",
    }
    assert (found["A"]["Replacement"], found["B"]["Replacement"]) == ("True", "Conditional")
    details = {one["Target"]["Name"]: one for one in found["A"]["Details"]}
    assert details["LogGroupName"]["Target"]["RequiresRecreation"] == "Always"
    assert details["LogGroupName"]["ChangeSource"] == "DirectModification"
    assert details["RetentionInDays"]["Target"]["RequiresRecreation"] == "Never"
    assert details["RetentionInDays"]["ChangeSource"] == "ParameterReference"
    assert details["RetentionInDays"]["CausingEntity"] == "Days"
    because = found["B"]["Details"][0]
    assert (because["Evaluation"], because["ChangeSource"]) == ("Dynamic", "ResourceReference")
    assert because["CausingEntity"] == "A"


@fact(
    "Asked for property values, a change set says what was and what will be, as far as is known.",
    API + "API_ResourceTargetDefinition.html " + API + "API_ResourceChange.html",
)
def test_values_before_and_after(stacking: Stacking, name: str) -> None:
    a = group(LogGroupName=f"/{name}/a", RetentionInDays=1)
    b = group(LogGroupName={"Fn::Sub": "${A}/b"})
    stacking.create(body({"A": a, "B": b, "C": group()}))
    a = group(LogGroupName=f"/{name}/new", Tags=[{"Key": "k", "Value": "v"}])
    made = proposed(stacking, body({"A": a, "B": b, "D": group(RetentionInDays=7)}))

    asked = {"ChangeSetName": made["ChangeSetId"], "IncludePropertyValues": True}
    found = changes(stacking.cfn.describe_change_set(**asked))

    targets = {one["Target"].get("Name", "Tags"): one["Target"] for one in found["A"]["Details"]}
    assert {one: targets[one]["AttributeChangeType"] for one in targets} == {
        "LogGroupName": "Modify",
        "RetentionInDays": "Remove",
        "Tags": "Add",
    }
    named = targets["LogGroupName"]
    assert (named["BeforeValue"], named["AfterValue"]) == (f"/{name}/a", f"/{name}/new")
    assert named["Path"] == "/Properties/LogGroupName"
    assert targets["Tags"]["RequiresRecreation"] == "Never"
    assert json.loads(targets["Tags"]["AfterValue"]) == [{"Key": "k", "Value": "v"}]
    unknown = found["B"]["Details"][0]["Target"]["AfterValue"]
    assert unknown == "{{changeSet:KNOWN_AFTER_APPLY}}"
    assert "BeforeContext" in found["C"]
    assert json.loads(found["D"]["AfterContext"])["Properties"]["RetentionInDays"] in (7, "7")
    assert "Path" not in str(changes(made))
    assert "Context" not in str(changes(made))


@fact(
    "A change set without a change fails, and says so.",
    API + "API_DescribeChangeSet.html elias5000/clouds-aws#9",
)
def test_a_change_set_without_changes_fails(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))

    shown = proposed(stacking, body({"A": group()}))

    assert (shown["Status"], shown["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert shown["StatusReason"].startswith("The submitted information didn't contain changes.")


@fact(
    "Carrying one out deletes all other change sets of the stack; itself it is shown as executed.",
    API + "API_ExecuteChangeSet.html",
)
def test_the_others_go_when_one_is_carried_out(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))
    stacking.cfn.create_change_set(
        StackName=stacking.name, ChangeSetName="other", TemplateBody=body({"B": group()})
    )
    shown = proposed(stacking, body({"A": group(RetentionInDays=1)}))

    stacking.cfn.execute_change_set(ChangeSetName=shown["ChangeSetId"])
    until(lambda: stacking.described()["StackStatus"] == "UPDATE_COMPLETE")

    def left() -> list[tuple[str, str]]:
        found = stacking.cfn.list_change_sets(StackName=stacking.name)["Summaries"]
        return [(one["ChangeSetName"], one["ExecutionStatus"]) for one in found]

    until(lambda: left() == [("next", "EXECUTE_COMPLETE")])


@fact(
    "A parameter declared NoEcho is shown as asterisks, in a change set too.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "parameters-section-structure.html",
)
def test_a_change_set_hides_what_is_not_to_be_echoed(stacking: Stacking) -> None:
    declared = {"Secret": {"Type": "String", "NoEcho": True}}
    stacking.names.add(stacking.name)

    shown = proposed(
        stacking,
        body({"A": group()}, Parameters=declared),
        ChangeSetType="CREATE",
        Parameters=given(Secret="hunter2"),
    )

    assert shown["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]


@fact("A deleted change set is not found.", API + "API_DeleteChangeSet.html")
def test_a_change_set_is_thrown_away(stacking: Stacking) -> None:
    stacking.create(body({"A": group()}))
    shown = proposed(stacking, body({"B": group()}))

    stacking.cfn.delete_change_set(ChangeSetName=shown["ChangeSetId"])

    def gone() -> Any:  # noqa: ANN401 (true once it is)
        left = stacking.cfn.list_change_sets(StackName=stacking.name)["Summaries"]
        return left == []

    until(gone)
    with pytest.raises(ClientError) as refused:
        stacking.cfn.describe_change_set(ChangeSetName=shown["ChangeSetId"])
    assert refused.value.response["Error"]["Code"] == "ChangeSetNotFound"
    assert list(stacking.physical_ids()) == ["A"]
