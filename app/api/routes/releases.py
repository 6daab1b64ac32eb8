"""Releases: list, show, roll back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.api import ranges
from app.api.auth import Actor
from app.api.deps import AppDep, CipherDep, Message, SessionDep
from app.api.json import answer
from app.api.ranges import Fields, number, ranged
from app.api.schemas.releases import ReleaseOut, Rollback, release_out
from app.domain.page import Range
from app.services import listings, releases

router = APIRouter(prefix="/apps/{app}/releases", tags=["releases"])

_FIELDS: Fields = {"version": number, "id": UUID}


@router.get("", response_model=list[ReleaseOut])
def list_releases(
    app: AppDep, session: SessionDep, asked: Annotated[Range, Depends(ranged(_FIELDS))]
) -> Response:
    return ranges.answer(listings.releases.page(session, app, asked), release_out, _FIELDS)


@router.get("/{version}", response_model=ReleaseOut)
def show_release(app: AppDep, version: str, session: SessionDep) -> Response:
    """By version (3 or v3) or id."""
    release = releases.find(session, app, version)
    return answer(release_out(listings.releases.one(session, release.id)))


@router.post("", response_model=ReleaseOut, status_code=201)
def roll_back(
    app: AppDep,
    body: Rollback,
    session: SessionDep,
    cipher: CipherDep,
    actor: Actor,
    message: Message,
) -> Response:
    """A new release with an old one's image and config; the scale stays as it is."""
    version = str(body.release)
    release = releases.rollback(session, cipher, app, version, actor=actor, message=message)
    return answer(release_out(listings.releases.one(session, release.id)), 201)
