"""What the API must know of its surroundings to answer: addresses and the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Site:
    cluster: str = "palatine"
    apps_domain: str = "localhost"
    router_url: str = ""  # where the load balancer answers; empty: plain http on its usual port

    def web_url(self, app: str) -> str:
        """Where the app's web process is reached. Never made from a Host header."""
        before, after = self._around_app
        return f"{before}{app}{after}"

    @cached_property
    def _around_app(self) -> tuple[str, str]:
        router = urlsplit(self.router_url or "http:")
        port = f":{router.port}" if router.port else ""
        return f"{router.scheme}://", f".{self.apps_domain}{port}/"
