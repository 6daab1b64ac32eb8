"""The OpenAPI document: FastAPI's, and how to authenticate, which it cannot see."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI


def describe(api: FastAPI) -> dict[str, Any]:
    document = api.openapi()
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic", "description": "The token as password."},
    }
    document["security"] = [{"bearer": []}, {"basic": []}]
    document["paths"]["/health"]["get"]["security"] = []
    return document
