"""`tuning import`: the Python declaration of an existing CreateHyperParameterTuningJob request."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.errors import UserError


def import_request(
    file: Annotated[
        typer.FileText, typer.Argument(metavar="REQUEST", help="JSON, a Python dict, or a boto3 script; - reads stdin.")
    ],
) -> None:
    """Print the Python declaration of an existing request: a stack with the tuning job, typed and ready to paste.

    Of a script, the arguments of its call of create_hyper_parameter_tuning_job count; nothing is run. What the
    declaration sends is what the request says, except for the job's name, which becomes the new name's prefix.
    """
    from infra.review.declaration import DeclarationError, declare
    from infra.review.reading import ReadingError, read_request

    try:
        typer.echo(declare(read_request(file.read(), file.name)), nl=False)
    except (DeclarationError, ReadingError) as error:
        raise UserError(str(error)) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file.name} is no text: {error}") from error
