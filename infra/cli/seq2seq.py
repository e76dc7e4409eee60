"""`tuning seq2seq`: text to training data, and translation by a trained model, from the shell or over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .errors import UserError

app = typer.Typer(no_args_is_help=True, help="Prepare training data, translate with trained models and serve them.")


@app.command()
def prepare(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Source text: a tokenised sentence a line.")],
    target: Annotated[Path, typer.Argument(metavar="TRG", help="Target text, line by line its translation.")],
    out: Annotated[Path, typer.Argument(help="Folder to write the channels train, validation and vocab to.")],
    validation_src: Annotated[Path | None, typer.Option(help="Source text of the validation data.")] = None,
    validation_trg: Annotated[Path | None, typer.Option(help="Target text of the validation data.")] = None,
    validation_fraction: Annotated[
        float, typer.Option(help="Share of the pairs to validate with, without files of their own.", min=0, max=1)
    ] = 0.05,
    max_words: Annotated[int, typer.Option(help="Most words of a vocabulary.", min=1)] = 50_000,
    min_count: Annotated[int, typer.Option(help="Rarer words become <unk>.", min=1)] = 1,
    max_length: Annotated[int | None, typer.Option(help="Leave longer sentences out.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Decides which pairs are held out.")] = 1,
    workers: Annotated[int | None, typer.Option(help="Threads to use. Default: all processors.", min=1)] = None,
) -> None:
    """Turn two tokenised text files into train.rec, val.rec and the vocabularies."""
    from tqdm import tqdm

    from infra.container import ClientError
    from infra.seq2seq import prepare as module

    if (validation_src is None) != (validation_trg is None):
        raise UserError("--validation-src and --validation-trg go together: give both or neither")
    validation = None if validation_src is None or validation_trg is None else (validation_src, validation_trg)
    options = module.Options(max_words, min_count, max_length, validation_fraction, seed)
    with tqdm(unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            result = module.prepare(
                (source, target), out, validation=validation, options=options, workers=workers, progress=show
            )
        except ClientError as error:
            raise UserError(str(error)) from error
    typer.echo(
        f"{out}: {result.train_pairs} training and {result.validation_pairs} validation pairs, {result.left_out} left "
        f"out; {result.source_words} source and {result.target_words} target words"
    )


_Model = Annotated[Path, typer.Option(help="A model.tar.gz or the folder that it was made of.")]
_BeamSize = Annotated[int | None, typer.Option(help="Hypotheses followed at once. Default: the model's.", min=1)]


@app.command()
def translate(
    text: Annotated[list[str] | None, typer.Argument(help="Tokenised sentences; without any, lines of stdin.")] = None,
    model: _Model = Path("model.tar.gz"),
    beam_size: _BeamSize = None,
    attention: Annotated[
        Path | None, typer.Option(help="Draw the attention matrix of each sentence to this .png or .html file.")
    ] = None,
) -> None:
    """Translate tokenised sentences with a trained model, one a line."""
    from infra.container import ClientError
    from infra.seq2seq import attention_chart
    from infra.seq2seq.translator import Translator

    sentences = text if text else [line.rstrip("\n") for line in sys.stdin]
    try:
        translations = Translator.load(model, beam_size=beam_size).translate(sentences)
        for translation in translations:
            typer.echo(translation.target)
        if attention is not None:
            attention_chart.write(attention, translations)
    except ClientError as error:
        raise UserError(str(error)) from error


@app.command()
def serve(
    model: _Model = Path("model.tar.gz"),
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any free one.", min=0, max=65535)] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    beam_size: _BeamSize = None,
) -> None:
    """Answer requests as the algorithm's endpoint does: GET /ping, POST /invocations. Ends with Ctrl-C."""
    from infra.container import ClientError
    from infra.seq2seq.serving.server import serve as run

    try:
        run(model, host=host, port=port, beam_size=beam_size, log=typer.echo)
    except ClientError as error:
        raise UserError(str(error)) from error
