"""`palatine up` with a platform of a few lines, as a process of its own."""

import json
import sys

from starlette.types import Receive, Scope, Send

from app.config import Settings
from palatine.platform import migrate
from palatine.trouble import Trouble
from palatine.up import up
from palatine.web import Application


class SmallPlatform:
    """Real migrations; an API that answers with the settings it was given."""

    def load(self) -> None: ...

    def migrate(self, url: str) -> bool:
        return migrate(url)

    def restore(self, settings: Settings) -> None: ...

    def prepare(self, settings: Settings) -> None: ...

    def first_admin(self, settings: Settings) -> str | None:
        return "a-token"

    def web(self, settings: Settings) -> Application:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                body = settings.model_dump_json().encode()
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": body})

        return Application(answer, leave=lambda: None)

    def worker(self, settings: Settings) -> "SmallPlatform":
        return self

    def start(self) -> None: ...

    def stop(self) -> None: ...


if __name__ == "__main__":
    try:
        code = up(Settings(**json.loads(sys.argv[1])), of=SmallPlatform())
    except Trouble as trouble:
        sys.exit(str(trouble))
    sys.exit(code)
