from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infra.container import ClientError
from infra.xgboost.tables import read_csv, read_libsvm


def file(folder: Path, content: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_csv(tmp_path: Path, delimiter: str, start: str) -> None:
    rows = start + "1,2.5,-3e2\n0,4,5\n".replace(",", delimiter)
    table = read_csv([file(tmp_path, rows), file(tmp_path, rows.lstrip(start), "b.csv")])
    assert table.labels.tolist() == [1, 0, 1, 0]
    assert table.features.tolist() == [[2.5, -300], [4, 5], [2.5, -300], [4, 5]]
    assert table.weights is None


def test_csv_with_missing_values(tmp_path: Path) -> None:
    table = read_csv([file(tmp_path, '1,,3\r\n\r\n"0",4, \r\n')])
    assert table.labels.tolist() == [1, 0]
    np.testing.assert_array_equal(table.features, [[np.nan, 3], [4, np.nan]])


def test_csv_with_weights(tmp_path: Path) -> None:
    table = read_csv([file(tmp_path, "1,0.5,7\n0,2,8\n")], weights=True)
    assert table.weights is not None
    assert table.weights.tolist() == [0.5, 2]
    assert table.features.tolist() == [[7], [8]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,age\n1,2\n", "a.csv, line 1: 'label' is not a number; the file must have no header"),
        ("1,2\n1,two\n", "a.csv, line 2: 'two' is not a number"),
        ("1,2,3\n1,2\n", "a.csv, line 2: rows must have the same number of columns, 3 as the first, but got 2"),
        ("1\n0\n", "a.csv: a row must have a label and features, but got 1 columns"),
        ("1,2\n,2\n", "row 2 of the channel has no label: the first column"),
        ("\x00\x01", "a.csv, line 1: '\\x00\\x01' is not a number; the file must have no header"),
    ],
    ids=["header", "word", "ragged", "label-only", "no-label", "binary"],
)
def test_bad_csv(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        read_csv([file(tmp_path, content)])
    assert str(caught.value) == message


def test_csv_files_of_different_widths(tmp_path: Path) -> None:
    with pytest.raises(ClientError) as caught:
        read_csv([file(tmp_path, "1,2\n"), file(tmp_path, "1,2,3\n", "b.csv")])
    assert str(caught.value) == (
        "the csv files of a channel must have the same number of columns, but got a.csv 2, b.csv 3"
    )


def test_libsvm(tmp_path: Path) -> None:
    table = read_libsvm([file(tmp_path, "1 0:2.5 3:-1  # comment\n\n0\n"), file(tmp_path, "1 2:4\n", "b")])
    assert table.labels.tolist() == [1, 0, 1]
    assert table.features.toarray().tolist() == [[2.5, 0, 0, -1], [0, 0, 0, 0], [0, 0, 4, 0]]
    assert table.widened(6).features.shape == (3, 6)
    assert table.weights is None
    assert table.groups is None


def test_libsvm_with_weights_and_groups(tmp_path: Path) -> None:
    table = read_libsvm([file(tmp_path, "1:0.5 qid:3 1:2\n0:2 qid:4 0:1\n")])
    assert table.weights is not None
    assert table.groups is not None
    assert table.weights.tolist() == [0.5, 2]
    assert table.groups.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2,3\n", "a.csv, line 1: must look like 'label index:value index:value ...', but got '1,2,3'"),
        ("1 0:1\n1 2\n", "a.csv, line 2: must look like 'label index:value index:value ...', but got '1 2'"),
        ("1 -1:1\n", "a.csv, line 1: must look like 'label index:value index:value ...', but got '1 -1:1'"),
        ("1:1 0:1\n1 0:1\n", "all lines or none must have a weight, but 1 of 2 have one"),
        ("1 qid:1 0:1\n1 0:1\n", "all lines or none must have a qid, but 1 of 2 have one"),
        ("\n", "the channel's libsvm files have no line with a label"),
    ],
)
def test_bad_libsvm(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        read_libsvm([file(tmp_path, content)])
    assert str(caught.value) == message
