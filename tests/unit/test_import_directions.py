"""Imports point one way: app → stacks → constructs_lib → the handlers' shared contract."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The handlers' modules that synth time may use; they hold names and types, and need the standard library alone.
SHARED_CONTRACT = {
    "algorithms",
    "contract",
    "job_names",
    "keyed",
    "numbers",
    "personalize_contract",
    "personalize_rules",
    "recipes",
    "remembered",
    "rules",
}

# And what a training program says of its log: the one place of its metrics' regular expressions.
METRIC_LINES = "infra.seq2seq.metric_lines"


def modules_imported_by(file: Path) -> Iterator[str]:
    """Absolute names of all that a file imports, at whatever depth, type-checking imports included."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def files_of(room: str) -> list[Path]:
    files = sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / room]
    assert files, f"{room} has no Python files"
    return files


def parts_of(file: Path) -> set[str]:
    return set(file.relative_to(ROOT).with_suffix("").parts)


def violations(room: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in files_of(room)
        for module in modules_imported_by(file)
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    ]


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("app.py", ("constructs_lib", "infra", "boto3", "torch")),
        ("stacks", ("app", "infra", "boto3", "torch")),
        ("constructs_lib", ("app", "stacks", "boto3", "botocore", "torch", "optuna")),
        ("infra", ("app", "stacks", "constructs_lib", "aws_cdk", "constructs")),
        ("infra/handlers", ("infra.local", "infra.seq2seq", "infra.cli", "infra.report", "torch")),
        ("infra/container", ("infra.handlers", "infra.seq2seq", "infra.local", "infra.cli", "boto3", "torch")),
        ("infra/seq2seq", ("infra.local", "infra.handlers", "infra.cli", "infra.report", "boto3")),
        ("infra/xgboost", ("infra.seq2seq", "infra.local", "infra.handlers", "infra.cli", "boto3", "torch", "sklearn")),
        ("infra/recommender", ("infra.seq2seq", "infra.local", "infra.cli", "infra.report", "boto3")),
        ("infra/local", ("infra.cli", "infra.report")),
        ("infra/report", ("infra.cli", "infra.seq2seq", "torch")),
        ("infra/review", ("infra.cli", "infra.local", "infra.report", "infra.seq2seq", "boto3", "botocore", "torch")),
    ],
)
def test_room_imports_nothing_that_it_must_not(room: str, forbidden: tuple[str, ...]) -> None:
    assert violations(room, forbidden) == []


def test_constructs_use_only_the_shared_contract_of_infra() -> None:
    allowed = (*(f"infra.handlers.{name}" for name in SHARED_CONTRACT), METRIC_LINES)
    outside = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in files_of("constructs_lib")
        for module in modules_imported_by(file)
        if module.startswith("infra") and module != "infra.handlers" and not module.startswith(allowed)
    ]
    assert outside == []


def test_shared_contract_needs_the_standard_library_alone() -> None:
    files = [file for file in files_of("infra/handlers") if SHARED_CONTRACT & parts_of(file)]
    assert files
    files += [ROOT / "infra/seq2seq/__init__.py", (ROOT / METRIC_LINES.replace(".", "/")).with_suffix(".py")]
    outside = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in files
        for module in modules_imported_by(file)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("infra.handlers")
    ]
    assert outside == []
