"""Tables of examples, read from csv and libsvm files: no header, the label first."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from infra.container import ClientError

Numbers = NDArray[np.float32]

_DELIMITERS = ",;\t| "
_SHOWN = 40


@dataclass(frozen=True)
class Table:
    """Examples: a row of features, a label and perhaps a weight and a group each."""

    features: Any
    """A matrix, dense or sparse; not-a-number and what a sparse one leaves out are missing values."""
    labels: Numbers
    weights: Numbers | None = None
    groups: NDArray[np.int64] | None = None
    """The query that each example belongs to, for ranking."""

    @property
    def columns(self) -> int:
        """How many features there are."""
        return int(self.features.shape[1])

    def widened(self, columns: int) -> Table:
        """The same examples with as many columns, where a sparse file ends before: all missing."""
        shape = (self.features.shape[0], columns)
        sparse = self.features
        wide = csr_matrix((sparse.data, sparse.indices, sparse.indptr), shape=shape)
        return Table(wide, self.labels, self.weights, self.groups)


def read_csv(files: Sequence[Path], *, weights: bool = False) -> Table:
    """Reads rows of numbers; an empty field is a missing value.

    Args:
        files: The files, all with the same columns.
        weights: Whether the second column is each example's weight.

    Raises:
        ClientError: A field is not a number, or the rows have not the same columns.
    """
    delimiter = _delimiter(files[0])
    parts = [_read_numbers(file, delimiter) for file in files]
    widths = {part.shape[1] for part in parts}
    if len(widths) > 1:
        text = ", ".join(f"{file.name} {part.shape[1]}" for file, part in zip(files, parts, strict=True))
        raise ClientError(f"the csv files of a channel must have the same number of columns, but got {text}")
    numbers = np.concatenate(parts)
    first = 2 if weights else 1
    if numbers.shape[1] <= first:
        need = "a label, a weight and features" if weights else "a label and features"
        raise ClientError(f"{files[0].name}: a row must have {need}, but got {numbers.shape[1]} columns")
    labels = numbers[:, 0]
    if np.isnan(labels).any():
        raise ClientError(f"row {int(np.isnan(labels).argmax()) + 1} of the channel has no label: the first column")
    return Table(numbers[:, first:], labels, numbers[:, 1] if weights else None)


def _delimiter(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as lines:
        line = next((line for line in lines if line.strip()), "")
    return next((delimiter for delimiter in _DELIMITERS if delimiter in line.strip()), ",")


def _read_numbers(file: Path, delimiter: str) -> Numbers:
    try:
        numbers: Numbers = np.loadtxt(file, np.float32, delimiter=delimiter, comments=None, ndmin=2, encoding="utf-8")
    except ValueError:  # missing values, or what is no number: the slower way tells which, and where
        numbers = np.array(list(_rows(file, delimiter)), np.float32)
    return numbers


def _rows(file: Path, delimiter: str) -> Iterator[list[float]]:
    width = None
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        reader = csv.reader(lines, delimiter=delimiter)
        for fields in reader:
            if not fields:
                continue
            width = len(fields) if width is None else width
            if len(fields) != width:
                raise ClientError(
                    f"{file.name}, line {reader.line_num}: rows must have the same number of columns, {width} as the "
                    f"first, but got {len(fields)}"
                )
            yield [_number(field, file, reader.line_num) for field in fields]


def _number(field: str, file: Path, line: int) -> float:
    text = field.strip()
    if not text:
        return np.nan
    try:
        return float(text)
    except ValueError:
        hint = "; the file must have no header" if line == 1 else ""
        raise ClientError(f"{file.name}, line {line}: {text[:_SHOWN]!r} is not a number{hint}") from None


def read_libsvm(files: Sequence[Path]) -> Table:
    """Reads lines of ``label[:weight] [qid:group] index:value ...``; what a line leaves out is missing.

    Raises:
        ClientError: A line has another form; or only some have a weight, or a group.
    """
    lines = _SparseLines()
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as text:
            for number, line in enumerate(text, start=1):
                fields = line.partition("#")[0].split()
                try:
                    lines.add(fields)
                except ValueError:
                    raise ClientError(
                        f"{file.name}, line {number}: must look like 'label index:value index:value ...', "
                        f"but got {line.strip()[:_SHOWN]!r}"
                    ) from None
    return lines.table()


class _SparseLines:
    """Collects lines in the arrays of a sparse matrix."""

    def __init__(self) -> None:
        self._labels, self._weights, self._values = array("f"), array("f"), array("f")
        self._groups, self._columns, self._ends = array("q"), array("q"), array("q", [0])

    def add(self, fields: Sequence[str]) -> None:
        """Add a line; an empty one is none.

        Raises:
            ValueError: It has not the form of one.
        """
        if not fields:
            return
        label, colon, weight = fields[0].partition(":")
        self._labels.append(float(label))
        if colon:
            self._weights.append(float(weight))
        for field in fields[1:]:
            name, _, value = field.partition(":")
            if name == "qid":
                self._groups.append(int(value))
                continue
            column = int(name)
            if column < 0:
                raise ValueError(field)
            self._columns.append(column)
            self._values.append(float(value))
        self._ends.append(len(self._columns))

    def table(self) -> Table:
        """All lines.

        Raises:
            ClientError: There is none, or not all are alike.
        """
        count = len(self._labels)
        if count == 0:
            raise ClientError("the channel's libsvm files have no line with a label")
        for name, found in (("weight", self._weights), ("qid", self._groups)):
            if len(found) not in (0, count):
                raise ClientError(f"all lines or none must have a {name}, but {len(found)} of {count} have one")
        columns = max(self._columns, default=0) + 1
        matrix = csr_matrix(
            (np.array(self._values), np.array(self._columns), np.array(self._ends)), shape=(count, columns)
        )
        return Table(
            matrix,
            np.array(self._labels, np.float32),
            np.array(self._weights, np.float32) if self._weights else None,
            np.array(self._groups, np.int64) if self._groups else None,
        )
