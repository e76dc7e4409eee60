"""What keeps the folder readable: short functions, short files, and a map that names each of them."""

import ast
from pathlib import Path

import pytest

import infra.seq2seq

FOLDER = Path(infra.seq2seq.__file__).parent
FILES = sorted(path for path in FOLDER.rglob("*.py") if not path.stem.endswith("_pb2"))
MOST_FUNCTION_LINES, MOST_FILE_LINES = 40, 400


def _long_functions(source: str) -> list[str]:
    """Functions and methods of more lines than allowed, signature and docstring counted, comments too."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [
        f"{function.name} has {lines} lines"
        for function in functions
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MOST_FUNCTION_LINES
    ]


def test_the_check_finds_long_functions_wherever_they_are() -> None:
    line = "        pass\n"
    assert _long_functions("class A:\n    def long(self):\n" + line * 40) == ["long has 41 lines"]
    assert _long_functions("class A:\n    async def short(self):\n" + line * 39) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_functions_and_files_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert _long_functions(source) == []
    assert len(source.splitlines()) <= MOST_FILE_LINES


def test_the_map_names_every_module() -> None:
    words = set((infra.seq2seq.__doc__ or "").replace("`", " ").replace(",", " ").replace(".", " ").split())
    modules = {path.stem for path in FILES if path.parent == FOLDER and not path.stem.startswith("__")}
    assert modules - words == set()
