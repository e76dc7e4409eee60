"""Cloud assemblies on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from infra.review import Assembly

Folder = Annotated[Path, typer.Argument(metavar="[CDK_OUT]", help="The folder that `cdk synth` wrote.")]
"""The argument that names an assembly."""

CDK_OUT = Path("cdk.out")
"""Where the CDK CLI writes assemblies."""


def assembly_in(folder: Path) -> Assembly:
    """Read an assembly that should have tuning jobs or had some.

    Raises:
        UserError: if there is none that can be read.
    """
    from infra.review import AssemblyError, read_assembly

    try:
        return read_assembly(folder)
    except AssemblyError as error:
        raise UserError(str(error)) from error
