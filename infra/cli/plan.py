"""`tuning plan`: what declared tuning jobs search, what they can cost, and what a deployment does to them."""

from __future__ import annotations

import io
import os
import sys
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.assemblies import CDK_OUT, Folder, assembly_in
from infra.cli.errors import UserError

if TYPE_CHECKING:
    from infra.review import Assembly
    from infra.review.plan import Plan
    from infra.review.prices import PriceList, Prices

ABOVE_CEILING = 2
"""The exit code when a ceiling is exceeded, or cannot be known to be kept."""

PLAIN_WIDTH = 100
"""Columns where the output is no terminal and COLUMNS is not set."""


class Format(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def _amount(text: str | Decimal) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"must be a number, got {text!r}") from None
    if not value.is_finite() or value < 0:
        raise typer.BadParameter(f"must be at least 0, got {text}")
    return value


def plan(
    folder: Folder = CDK_OUT,
    against: Annotated[
        Path | None, typer.Option(metavar="BASE", help="Assembly to compare with, such as the deployed one.")
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
    max_cost: Annotated[
        Decimal | None, typer.Option(parser=_amount, metavar="USD", help="Exit with 2 if more can be spent.")
    ] = None,
    max_hours: Annotated[
        Decimal | None, typer.Option(parser=_amount, metavar="HOURS", help="Exit with 2 above these instance-hours.")
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(help='Price file: {"ml.g5.xlarge": {"on_demand": 1.408, "spot": 0.6}}, US dollars an hour.'),
    ] = None,
    fetch_prices: Annotated[
        bool,
        typer.Option("--fetch-prices", help="Ask AWS's price list for missing prices, and keep them."),
    ] = False,
    region: Annotated[
        str | None, typer.Option(help="Region of stacks that leave theirs to the deployment; prices depend on it.")
    ] = None,
    context: Annotated[Path, typer.Option(help="File that keeps the prices of AWS's price list.")] = Path(
        "cdk.context.json"
    ),
) -> None:
    """Plan the tuning jobs of a synthesised app: what they search, the most they can use, and what changes.

    The ceilings hold for what the deployment starts: with --against new and replaced jobs, without it all jobs. A
    ceiling that cannot be checked, since a value is known at deployment only or a price is missing, counts as exceeded.
    """
    from infra.review import RequestError
    from infra.review.ceilings import broken_ceilings
    from infra.review.plan import make_plan
    from infra.review.prices import PriceError

    assembly = assembly_in(folder)
    if region is not None:
        assembly = assembly.in_region(region)
    base = None if against is None else assembly_in(against)
    try:
        known = _prices(assembly, prices, context, fetch=fetch_prices)
        made = make_plan(assembly, known, base)
    except (PriceError, RequestError) as error:
        raise UserError(str(error)) from error
    broken = broken_ceilings(made, max_cost=max_cost, max_hours=max_hours)
    _print(made, output_format, broken)
    for sentence in broken:
        typer.secho(sentence, err=True, fg=typer.colors.RED)
    if broken:
        raise typer.Exit(ABOVE_CEILING)


def _prices(assembly: Assembly, file: Path | None, context: Path, *, fetch: bool) -> Prices:
    from infra.cli.session import aws_errors
    from infra.review.plan import instance_types
    from infra.review.prices import fetch_prices, read_prices

    known = read_prices(file, context)
    missing = known.missing(instance_types(assembly))
    if not fetch or not missing:
        return known
    with aws_errors():
        absent = fetch_prices(price_list(), missing, context)
    if absent:
        typer.secho(f"the price list has no price for {', '.join(absent)}", err=True, fg=typer.colors.YELLOW)
    return read_prices(file, context)


def price_list() -> PriceList:
    """A client of AWS's price list, which answers for all regions in a few of them."""
    import boto3

    from infra.review.prices import PRICE_LIST_REGION

    client: Any = boto3.Session().client("pricing", region_name=PRICE_LIST_REGION)
    found: PriceList = client
    return found


def _print(made: Plan, output_format: Format, broken: list[str]) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # whatever the encoding of the terminal
    if output_format is Format.JSON:
        import json

        from infra.review.document import document

        typer.echo(json.dumps(document(made, broken), indent=2, ensure_ascii=False))
    elif output_format is Format.MARKDOWN:
        from infra.review.markdown import markdown

        typer.echo(markdown(made, broken), nl=False)
    else:
        _print_text(made)


def _print_text(made: Plan) -> None:
    # Not the console of `tuning report`, which comes with libraries that a plan does not need.
    from rich.console import Console

    from infra.review.text import view

    plain = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    console = Console(width=PLAIN_WIDTH if plain else None, highlight=False, emoji=False, markup=False)
    console.print(view(made))
