"""`tuning seq2seq`: text to training data, and translation by a trained model, from the shell or over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from .errors import UserError

#: Lines of standard input that are translated together: sentences of like length are found among them.
_LINES = 1024

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

    from infra.seq2seq import prepare as module

    if (validation_src is None) != (validation_trg is None):
        raise UserError("--validation-src and --validation-trg go together: give both or neither")
    validation = None if validation_src is None or validation_trg is None else (validation_src, validation_trg)
    options = module.Options(max_words, min_count, max_length, validation_fraction, seed)
    with _user_errors(), tqdm(unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        result = module.prepare(
            (source, target), out, validation=validation, options=options, workers=workers, progress=show
        )
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
    from infra.seq2seq import attention_chart
    from infra.seq2seq.translator import Translation, Translator

    drawn: list[Translation] = []
    with _user_errors():
        if attention is not None:
            attention_chart.check(attention)
        translator = Translator.load(model, beam_size=beam_size)
        for sentences in [text] if text else _portions(sys.stdin.buffer, 1 if sys.stdin.isatty() else _LINES):
            translations = translator.translate(sentences)
            typer.echo("\n".join(translation.target for translation in translations))
            if attention is not None:
                drawn += translations
        if attention is not None:
            attention_chart.write(attention, drawn)


def _portions(lines: Iterable[bytes], size: int) -> Iterator[list[str]]:
    """The sentences of standard input, so many at a time: its end may be far away, or never come."""
    numbered = enumerate(lines, start=1)
    while portion := [_sentence(line, number) for number, line in islice(numbered, size)]:
        yield portion


def _sentence(line: bytes, number: int) -> str:
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UserError(
            f"line {number} of standard input is not UTF-8 text: {error.reason} at byte {error.start}"
        ) from error


@app.command()
def serve(
    model: _Model = Path("model.tar.gz"),
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any free one.", min=0, max=65535)] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    beam_size: _BeamSize = None,
) -> None:
    """Answer requests as the algorithm's endpoint does: GET /ping, POST /invocations. Ends with Ctrl-C."""
    from infra.seq2seq.serving.server import serve as run

    with _user_errors():
        run(model, host=host, port=port, beam_size=beam_size, log=typer.echo)


@contextmanager
def _user_errors() -> Iterator[None]:
    """Turns what a user can mend into one line: mistakes that the algorithm names, and files that cannot be had."""
    from infra.container import ClientError

    try:
        yield
    except ClientError as error:
        raise UserError(str(error)) from error
    except BrokenPipeError:  # whoever reads the output has enough
        raise
    except OSError as error:
        raise UserError(str(error) if error.filename is None else f"{error.filename}: {error.strerror}") from error
