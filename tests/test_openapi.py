from __future__ import annotations

import json
from pathlib import Path

from app.main import document

WRITTEN = Path(__file__).parents[1] / "openapi" / "openapi.json"


def test_the_document_in_the_repository_is_that_of_the_code() -> None:
    """If not: `palatine openapi > openapi/openapi.json`, and look at what has changed."""
    assert json.loads(WRITTEN.read_text()) == json.loads(json.dumps(document()))


def test_every_refusal_has_one_shape() -> None:
    text = json.dumps(document())

    assert "HTTPValidationError" not in text
    for methods in document()["paths"].values():
        for operation in methods.values():
            assert "4XX" in operation["responses"]
