"""Config vars: those of now, those of a version, those of a release."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.auth import Actor
from app.api.deps import AppDep, CipherDep, Message, SessionDep
from app.services import config, config_versions, releases

router = APIRouter(prefix="/apps/{app}", tags=["config vars"])

ConfigVars = dict[str, str]


@router.get("/config-vars")
def show_config_vars(app: AppDep, session: SessionDep, cipher: CipherDep) -> ConfigVars:
    return config.current(session, cipher, app)


@router.patch("/config-vars")
def change_config_vars(
    app: AppDep,
    body: dict[str, str | None],
    session: SessionDep,
    cipher: CipherDep,
    actor: Actor,
    message: Message,
) -> ConfigVars:
    """Set each var to its string, unset those that are null; the answer is all there is then."""
    return config.patch(session, cipher, app, body, actor=actor, message=message)


@router.get("/config-vars/{version}")
def show_config_vars_of_version(
    app: AppDep,
    version: Annotated[str, Path(description="A release: 3, v3 or its id (Empire)")],
    session: SessionDep,
    cipher: CipherDep,
) -> ConfigVars:
    release = releases.find(session, app, version)
    return config_versions.at(session, cipher, app, release.config_version)


@router.get("/releases/{version}/config-vars")
def show_config_vars_of_release(
    app: AppDep, version: str, session: SessionDep, cipher: CipherDep
) -> ConfigVars:
    release = releases.find(session, app, version)
    return config_versions.at(session, cipher, app, release.config_version)
