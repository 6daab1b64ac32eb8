"""What the local CloudFormation knows of resource types is what their public schemas say."""

import os
import re
from pathlib import Path

import pytest

from localaws.cloudformation import schema
from localaws.cloudformation.types import TYPES
from tests.localaws import resource_schemas

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(schema.__file__).with_name("schemas")


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_facts_of_a_type_are_those_of_its_schema(name: str) -> None:
    path, wanted = FOLDER / schema.file_name(name), resource_schemas.text(name)
    if os.environ.get("PALATINE_GOLDEN") == "write":
        path.write_text(wanted)

    assert path.read_text() == wanted, "run `make schemas`"


def test_there_are_facts_of_no_other_type() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {schema.file_name(name) for name in TYPES}


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_type_models_properties_and_attributes_that_its_schema_has(name: str) -> None:
    kind, known = TYPES[name], schema.of(name)

    lost = [path for path in kind.modelled if not known.has(path)]

    assert lost == []
    assert not {*kind.modelled} & known.read_only
    assert {*kind.attributes} <= known.attributes
    assert not kind.named_by or kind.named_by in kind.modelled


def test_the_readme_lists_the_types() -> None:
    page = (ROOT / "localaws" / "README.md").read_text()
    section = page.partition("### Resource types")[2].partition("\n## ")[0]

    assert sorted(re.findall(r"`(AWS::\w+::\w+)`", section)) == sorted(TYPES)
