"""JSON documents among a resource's properties: a template may give them as objects or as text."""

from __future__ import annotations

import json


def text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)
