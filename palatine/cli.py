"""The console command. Each command imports what it needs when it runs: `--help` is instant."""

# ruff: noqa: PLC0415

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from palatine.trouble import Trouble

if TYPE_CHECKING:
    from app.config import Settings

cli = typer.Typer(
    name="palatine",
    help="Run apps on Amazon ECS, the way Heroku runs them. Options are also PALATINE_* variables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
localaws = typer.Typer(
    help="The local AWS: run it alone, or put an image into its registry.",
    invoke_without_command=True,
)
cli.add_typer(localaws, name="localaws")

Home = Annotated[
    Path | None, typer.Option(help="Where Palatine keeps its data [~/.local/share/palatine].")
]
Port = Annotated[int | None, typer.Option(help="Port of the API [8080]; 0: any free one.")]
AwsPort = Annotated[int | None, typer.Option(help="Port of the local AWS [4566].")]
RouterPort = Annotated[int | None, typer.Option(help="Port apps are reached on [8000].")]


def main() -> None:
    try:
        cli()
    except Trouble as trouble:
        typer.echo(f"palatine: {trouble}", err=True)
        sys.exit(1)
    finally:
        gc.freeze()  # Python's end would search all that was loaded for garbage: half a second


@cli.command()
def up(
    port: Port = None, aws_port: AwsPort = None, router_port: RouterPort = None, home: Home = None
) -> None:
    """Run everything here: PostgreSQL, the local AWS, the API and a worker. Ctrl-C stops it."""
    from palatine import memory

    memory.spare()  # before what is large is loaded
    from palatine.up import up

    settings = _settings(port=port, aws_port=aws_port, router_port=router_port, home=home)
    sys.exit(up(settings))


@cli.command()
def web(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
) -> None:
    """Run the API alone, against PALATINE_DATABASE_URL and PALATINE_BROKER_URL."""
    from palatine import production

    production.web(_settings(port=port, host=host))


@cli.command()
def worker() -> None:
    """Run a worker alone, against PALATINE_DATABASE_URL and PALATINE_BROKER_URL."""
    from palatine import production

    production.worker(_settings())


@cli.command()
def migrate(home: Home = None) -> None:
    """Bring the database's schema up to date."""
    from palatine import database, platform

    with database.reached(_settings(home=home)) as url:
        changed = platform.migrate(url)
    typer.echo("The schema was brought up to date." if changed else "The schema is up to date.")


@cli.command()
def token(home: Home = None) -> None:
    """Replace the first admin's API token, and print the new one, once."""
    from palatine import database, platform

    settings = _settings(home=home)
    with database.reached(settings) as url:
        platform.migrate(url)
        typer.echo(platform.rotate_token(settings.having(database_url=url)))


@cli.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    from palatine import platform

    typer.echo(json.dumps(platform.openapi(), indent=2, sort_keys=True))


@cli.command()
def demo() -> None:
    """Show the whole road with a sample app, on free ports, in a home that is removed again."""
    from palatine.demo import demo

    sys.exit(demo())


@localaws.callback()
def localaws_alone(
    context: typer.Context,
    port: AwsPort = None,
    router_port: RouterPort = None,
    home: Home = None,
    driver: Annotated[str, typer.Option(help="What runs the containers of tasks.")] = "process",
    time_scale: Annotated[
        float, typer.Option(help="Seconds of AWS in one of ours; 0: only as it is told.")
    ] = 1.0,
    scenario: Annotated[Path | None, typer.Option(help="Faults, in YAML.")] = None,
) -> None:
    """Run the local AWS alone."""
    if context.invoked_subcommand:
        return
    from palatine import memory

    memory.spare()
    from localaws.main import serve
    from localaws.options import Options, Unusable
    from palatine import home as homes

    settings = _settings(aws_port=port, router_port=router_port, home=home)
    ports, folder = (settings.aws_port, settings.router_port), homes.of(settings.home) / "localaws"
    try:
        options = Options(*ports, folder, driver, time_scale, scenario)
    except Unusable as error:
        raise Trouble(str(error)) from None
    homes.prepare(settings.home)
    folder.mkdir(exist_ok=True, mode=0o700)
    with homes.held(folder):
        serve(options)


@localaws.command()
def reset(home: Home = None) -> None:
    """Empty the local AWS: every resource, image and task of it is gone."""
    from localaws.persistence import emptying
    from localaws.persistence.folder import Refused
    from palatine import home as homes

    folder = homes.of(_settings(home=home).home) / "localaws"
    try:
        emptying.empty(folder)
    except Refused as refused:
        raise Trouble(str(refused)) from None
    typer.echo(f"The local AWS in {folder} is empty.")


@localaws.command()
def image(
    folder: Annotated[Path, typer.Argument(help="A folder with a Procfile.")],
    name: Annotated[str, typer.Argument(metavar="NAME:TAG")],
    registry: Annotated[str | None, typer.Option(help="HOST:PORT [127.0.0.1:4566].")] = None,
) -> None:
    """Pack a folder into an image, push it to a registry, and print its reference."""
    from localaws.image import PackError, PushError, push_directory

    try:
        reference = push_directory(folder, name, registry or f"127.0.0.1:{_settings().aws_port}")
    except (PackError, PushError) as error:
        raise Trouble(str(error)) from None
    typer.echo(reference)


def _settings(**options: object) -> "Settings":
    """From the environment; an option that was given wins."""
    from pydantic import ValidationError

    from app.config import Settings

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type] # (they are checked there)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Trouble(f"PALATINE_{name} cannot be {first['input']!r}: {first['msg']}.") from None
