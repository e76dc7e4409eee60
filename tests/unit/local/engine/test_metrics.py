from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine.training.metrics import LogReader, MetricMatcher

MATCHER = MetricMatcher({"loss": r"loss=(\S+)", "bleu": r"bleu ([0-9.]+)"})


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("epoch 1 loss=0.5 bleu 12.25", [("loss", 0.5), ("bleu", 12.25)]),
        ("loss=1 loss=2e-3", [("loss", 0.002)]),
        ("nothing here", []),
        ("bleu -", []),
    ],
)
def test_values_of_a_line(line: str, values: list[tuple[str, float]]) -> None:
    assert list(MATCHER.values(line)) == values


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "many"])
def test_what_is_no_finite_number_is_a_value_all_the_same(text: str) -> None:
    ((name, value),) = MATCHER.values(f"loss={text}")
    assert name == "loss"
    assert math.isnan(value)


def test_reads_what_was_added(tmp_path: Path) -> None:
    log = tmp_path / "log"
    reader = LogReader(log, MATCHER)
    assert reader.read() == []
    with log.open("w") as file:
        for text, found in [("x\nloss=1\nlos", [1.0]), ("s=2", []), ("5\n", [25.0]), ("loss=3", [])]:
            file.write(text)
            file.flush()
            assert [v.value for v in reader.read()] == found
    assert [v.value for v in reader.read(final=True)] == [3.0]
    assert reader.read(final=True) == []


@given(st.lists(st.sampled_from(["loss=1.5", "bleu 2", "é loss=3", "", "loss=4\r"])), st.data())
def test_pieces_do_not_matter(tmp_path_factory: pytest.TempPathFactory, lines: list[str], data: st.DataObject) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    log = tmp_path_factory.mktemp("log") / "log"
    log.write_bytes(content)
    whole = [(v.name, v.value, v.offset) for v in LogReader(log, MATCHER).read(final=True)]
    reader, pieces, position = LogReader(log, MATCHER), [], 0
    log.write_bytes(b"")
    while position < len(content):
        step = data.draw(st.integers(1, 9))
        with log.open("ab") as file:
            file.write(content[position : position + step])
        position += step
        pieces += [(v.name, v.value, v.offset) for v in reader.read(final=position >= len(content))]
    assert pieces == whole
    for name, _, offset in whole:
        assert name[:1] in content[offset:].split(b"\n")[0].decode()


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"loss=1 " + b"x" * (5 << 20))
    reader = LogReader(log, MATCHER)
    assert [v.value for v in reader.read(final=True)] == [1.0]
