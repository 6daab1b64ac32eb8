"""Settings: read from the environment (`PALATINE_*`) once, and only by the composition roots."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_HOME = Path("~/.local/share/palatine")


class Settings(BaseSettings):
    """Names as in the environment, without the prefix; seconds where the name says so."""

    model_config = SettingsConfigDict(env_prefix="PALATINE_", frozen=True, extra="ignore")

    # where things are
    home: Path = DEFAULT_HOME
    database_url: str | None = None
    broker_url: str | None = None
    aws_endpoint_url: str | None = None  # None or empty: AWS itself
    aws_region: str = "us-east-1"
    secret_key_file: Path | None = None  # None: `secret.key` in the home

    # where we listen, and how others reach us
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    aws_port: int = Field(4566, ge=0, le=65535)
    router_port: int = Field(8000, ge=0, le=65535)
    api_url: str | None = None  # None: the host and port above
    admin_token: SecretStr | None = None  # the first admin's, when set before the first start
    log_level: str = "info"

    # the cluster apps run on
    cluster: str = "palatine"
    vpc_id: str = ""
    listener_arn: str = ""
    execution_role_arn: str = ""
    task_role_arn: str = ""
    queue_url: str = ""
    apps_domain: str = "localhost"
    router_url: str = ""

    # how long things take
    poll_seconds: float = Field(5, gt=0)
    lease_seconds: float = Field(15, gt=0)  # after which a killed worker's work is another's
    settle_seconds: float = Field(30, ge=0)
    drain_seconds: int = Field(30, ge=0, le=3600)
    consistency_seconds: float = Field(5, ge=0)  # for which a look that denies is not believed
    deploy_deadline_seconds: float = Field(600, gt=0)  # of no progress
    resolve_deadline_seconds: float = Field(120, gt=0)  # for a registry to answer
    grace_seconds: int = Field(60, ge=0)  # to boot, before health checks count
    health_check_path: str = "/"
    health_check_interval_seconds: int = Field(10, ge=5, le=300)
    health_check_timeout_seconds: int = Field(5, ge=2, le=120)
    healthy_threshold: int = Field(2, ge=2, le=10)
    unhealthy_threshold: int = Field(3, ge=2, le=10)

    @field_validator("database_url", "broker_url", "aws_endpoint_url", "api_url", mode="after")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("home", "secret_key_file", mode="after")
    @classmethod
    def _expanded(cls, path: Path | None) -> Path | None:
        return path.expanduser() if path else None

    @property
    def base_url(self) -> str:
        """Where clients reach the API, without a slash at the end."""
        return (self.api_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def key_file(self) -> Path:
        return self.secret_key_file or self.home.expanduser() / "secret.key"

    def having(self, **changes: object) -> "Settings":
        """A copy in which these values stand, as checked as those from the environment."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return Settings.model_validate(given | changes)

    def defaulting(self, **changes: object) -> "Settings":
        """A copy in which these values stand where nobody has set one."""
        return self.having(
            **{key: value for key, value in changes.items() if key not in self.model_fields_set}
        )
