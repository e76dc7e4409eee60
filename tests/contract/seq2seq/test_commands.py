"""The trained model from the shell: `tuning seq2seq translate` and `serve`."""

from __future__ import annotations

import builtins
import http.client
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.errors import UserError
from infra.cli.seq2seq import app
from infra.container import ClientError
from infra.seq2seq import attention_chart
from infra.seq2seq.translator import Translation

pytestmark = pytest.mark.integration


def _translate(base: Path, *arguments: str) -> str:
    command = ["translate", "--model", str(base / "model"), *arguments]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_attention_is_drawn_as_a_picture(model_base: Path, tmp_path: Path) -> None:
    picture = tmp_path / "attention.png"
    assert _translate(model_base, "--attention", str(picture), "a b c d", "f a", "") == "A B C D\nF A\n\n"
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 4 * 2 * 34
    assert height > 6 * 2 * 34  # a row for each of the target words


def test_the_page_needs_no_network(model_base: Path, tmp_path: Path) -> None:
    page = tmp_path / "attention.html"
    _translate(model_base, "--attention", str(page), "a b")
    text = page.read_text()
    assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=", text)
    assert '"target": "B"' in text or '"target":"B"' in text


def test_words_that_look_like_a_page_are_words(tmp_path: Path) -> None:
    page = tmp_path / "attention.html"
    attention_chart.write(page, [Translation("</script><b>", "<!-- 1<2", -0.1, [[1.0], [1.0]])])
    text = page.read_text()
    assert r'"\u003c/script>\u003cb>"' in text
    assert "</script><b>" not in text
    assert "<!-- 1<2" not in text


def _translating(base: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "infra.cli", "seq2seq", "translate", "--model", str(base / "model"), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_lines_are_answered_before_the_last_one_has_come(model_base: Path) -> None:
    with _translating(model_base) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"a b\n" * 1024)
        process.stdin.flush()
        assert [process.stdout.readline() for _ in range(1024)] == [b"A B\n"] * 1024
        process.stdin.write(b"\nc d")
        process.stdin.close()
        assert process.stdout.read() == b"\nC D\n"
        assert process.wait(30) == 0


def test_a_reader_that_has_enough_ends_the_translation_without_a_word(model_base: Path) -> None:
    with _translating(model_base, "a") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_text_that_is_none_is_named_by_its_line(model_base: Path) -> None:
    with pytest.raises(UserError) as error:
        CliRunner().invoke(
            app, ["translate", "--model", str(model_base / "model")], b"a b\na \xff\n", catch_exceptions=False
        )
    assert str(error.value) == "line 2 of standard input is not UTF-8 text: invalid start byte at byte 2"


def test_the_grid_has_a_cell_for_each_pair_of_words_even_if_they_repeat() -> None:
    words = 'say "a" a'
    chart = attention_chart.chart([Translation(words, "x x", -0.1, [[0.1, 0.2, 0.7], [1.0, 0.0, 0.0]])])
    (grid,) = chart["vconcat"]
    assert grid["encoding"]["x"]["axis"]["labelExpr"] == r'["say", "\"a\"", "a"][datum.value]'
    (cells,) = chart["datasets"].values()
    assert [(cell["row"], cell["column"], cell["weight"]) for cell in cells] == [
        (0, 0, 0.1), (0, 1, 0.2), (0, 2, 0.7), (1, 0, 1.0), (1, 1, 0.0), (1, 2, 0.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sentence", "error"),
    [
        ("a.svg", "a", "the attention picture must be a .png or .html file, but got a.svg"),
        ("no/a.png", "a", "the attention picture no/a.png has no folder: make no first"),
        ("a.png", "", "there is no attention to show: no sentence has a translation with words"),
    ],
)
def test_what_cannot_be_drawn(model_base: Path, name: str, sentence: str, error: str) -> None:
    with pytest.raises(UserError) as raised:
        _translate(model_base, "--attention", name, sentence)
    assert str(raised.value) == error


def test_missing_chart_libraries_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **others: Any) -> Any:
        if name == "vl_convert":
            raise ModuleNotFoundError("No module named 'vl_convert'", name=name)
        return real(name, *arguments, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ClientError) as raised:
        attention_chart.write(tmp_path / "a.png", [Translation("a", "b", 0.0, [[1.0]])])
    assert str(raised.value) == (
        "the attention picture needs vl_convert: install it with pip install 'cdk-tuning[report]'"
    )


def test_serve_answers_until_interrupted(model_base: Path) -> None:
    command = [sys.executable, "-m", "infra.cli", "seq2seq", "serve", "--model", str(model_base / "model")]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.match(r"Serving .* at http://127\.0\.0\.1:(\d+) on cpu, beam 2$", process.stdout.readline())
            assert found
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
            body = '{"instances": [{"data": "a b"}]}'
            connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
            assert connection.getresponse().read() == b'{"predictions": [{"target": "A B"}]}'
            connection.close()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()
