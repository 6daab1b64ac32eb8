"""The ledger of facts is whole, and says what is tested."""

import os
import re
from pathlib import Path

from tests.conformance import ledger, test_where_others_go_wrong

FACTS = Path(__file__).parents[2] / "localaws" / "FACTS.md"


def test_every_test_here_holds_to_a_fact_with_its_source() -> None:
    for module in ledger.modules():
        with_facts = {one.test for one in ledger.facts(module) if one.sentence and one.source}
        assert with_facts == ledger.tests(module).keys(), module.__name__


def test_no_source_is_our_own_code() -> None:
    sources = {one.source for module in ledger.modules() for one in ledger.facts(module)}

    ours = [one for one in sources if "localaws" in one or "palatine" in one.lower()]

    assert ours == []


def test_a_test_is_named_once() -> None:
    names = [one.test for module in ledger.modules() for one in ledger.facts(module)]

    assert sorted(set(names)) == sorted(names)  # seen.json knows them by name


def test_the_page_is_what_the_tests_say() -> None:
    if os.environ.get("PALATINE_GOLDEN") == "write":
        FACTS.write_text(ledger.page())

    assert FACTS.read_text() == ledger.page(), "make facts writes it anew"


def test_the_table_of_defects_names_tests_that_are_there() -> None:
    folders = (ledger.FOLDER, ledger.FOLDER.parent / "localaws")
    files = [path for folder in folders for path in folder.glob("test_*.py")]
    there = {path.stem for path in files}
    for path in files:
        there |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))

    named = set(re.findall(r"test_\w+", test_where_others_go_wrong.__doc__ or ""))

    assert named - there == set()
