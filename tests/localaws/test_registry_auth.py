import re
from pathlib import Path

import httpx2

from localaws.registry.auth import BasicAuth, TokenAuth
from tests.localaws import registering

CREDENTIALS = ("ann", "secret")


def token_auth(url: str) -> TokenAuth:
    return TokenAuth(f"{url}/token", *CREDENTIALS, service="local")


def challenge(answer: httpx2.Response) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["www-authenticate"]))


def buy(client: httpx2.Client, asked: dict[str, str]) -> dict[str, str]:
    params = {key: asked[key] for key in ("service", "scope") if key in asked}
    token = client.get(asked["realm"], params=params, auth=CREDENTIALS).json()["token"]
    return {"Authorization": f"Bearer {token}"}


def test_the_refusal_says_where_to_buy_which_token(tmp_path: Path) -> None:
    with registering.serving(tmp_path, token_auth) as client:
        answer = client.post("/v2/team/hello/blobs/uploads/")

        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"
        assert challenge(answer) == {
            "realm": f"{str(client.base_url).rstrip('/')}/token",
            "service": "local",
            "scope": "repository:team/hello:pull,push",
        }


def test_a_token_opens_what_it_was_bought_for_and_nothing_else(tmp_path: Path) -> None:
    with registering.serving(tmp_path, token_auth) as client:
        token = buy(client, challenge(client.post("/v2/hello/blobs/uploads/")))

        assert client.post("/v2/hello/blobs/uploads/", headers=token).status_code == 202
        assert client.get("/v2/hello/manifests/v1", headers=token).status_code == 404
        assert client.post("/v2/other/blobs/uploads/", headers=token).status_code == 401
        assert client.delete("/v2/hello/manifests/v1", headers=token).status_code == 401


def test_a_wrong_password_buys_nothing(tmp_path: Path) -> None:
    with registering.serving(tmp_path, token_auth) as client:
        assert client.get("/token", auth=("ann", "wrong")).status_code == 401
        assert client.get("/v2/", headers={"Authorization": "Bearer made-up"}).status_code == 401


def test_a_registry_that_asks_for_a_password_each_time(tmp_path: Path) -> None:
    def guard(_: str) -> BasicAuth:
        return BasicAuth("local", *CREDENTIALS)

    with registering.serving(tmp_path, guard) as client:
        refused = client.get("/v2/")
        let_in = client.get("/v2/", auth=CREDENTIALS)

    assert (refused.status_code, let_in.status_code) == (401, 200)
    assert refused.headers["www-authenticate"] == 'Basic realm="local"'
