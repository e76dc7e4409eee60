from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.errors import UserError
from infra.cli.seq2seq import app


def _run(*arguments: str | Path, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def text(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "a.en", tmp_path / "a.de"
    source.write_text("open file\n" * 20)
    target.write_text("datei öffnen\n" * 20)
    return source, target


def test_prepare_writes_the_channels_and_says_what(text: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "data"
    assert _run("prepare", *text, out) == (
        f"{out}: 19 training and 1 validation pairs, 0 left out; 6 source and 6 target words\n"
    )
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names == {"train/train.rec", "validation/val.rec", "vocab/vocab.src.json", "vocab/vocab.trg.json"}


def test_workers_are_chosen_and_do_not_matter(text: tuple[Path, Path], tmp_path: Path) -> None:
    outs = [tmp_path / workers for workers in ("1", "3")]
    for out in outs:
        _run("prepare", *text, out, "--workers", out.name)
    files = [{path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")} for out in outs]
    assert len(files[0]) == 4
    assert files[0] == files[1]


def test_validation_files_go_together(text: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--validation-src and --validation-trg go together: give both or neither$"):
        _run("prepare", *text, tmp_path / "data", "--validation-src", text[0])


def test_a_file_in_the_way_is_named(text: tuple[Path, Path]) -> None:
    with pytest.raises(UserError) as error:
        _run("prepare", *text, text[0])
    assert str(error.value) == f"{text[0]}: File exists"


def test_a_picture_that_cannot_be_drawn_is_said_before_the_model_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        _run("translate", "--model", tmp_path / "model.tar.gz", "--attention", tmp_path / "a.svg", "hello")
    assert str(error.value) == f"the attention picture must be a .png or .html file, but got {tmp_path}/a.svg"


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        _run("translate", "--model", tmp_path / "model.tar.gz", "hello")
    assert str(error.value) == (
        f"there is no model at {tmp_path}/model.tar.gz: give a model.tar.gz or the folder that it was made of"
    )
