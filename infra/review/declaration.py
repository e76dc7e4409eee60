"""From a request to the Python code that declares it with the constructs.

``declarations.json`` holds the constructs' props and their places in the request. It is written from the constructs
themselves, and a test compares both, so that this room needs none of their code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from infra.handlers import contract
from infra.handlers.coerce import CoercionError, coerce
from infra.handlers.job_names import default_prefix
from infra.handlers.numbers import exact, number
from infra.review.layout import Atom, Expression, call, dict_of, laid_out, list_of, literal

_FILE: Final = Path(__file__).with_name("declarations.json")
_UNITS: Final = (("days", 86400), ("hours", 3600), ("minutes", 60))


class DeclarationError(Exception):
    """A request cannot be declared; the message names each member that is in the way."""


def declare(request: Mapping[str, Any]) -> str:
    """A module with a stack that declares the tuning job of a request.

    The name of the job becomes the prefix of its new name; tags of this library's own are left out.

    Raises:
        DeclarationError: naming members that are unknown, of the wrong type, or missing.
    """
    try:
        typed = coerce(request)
    except CoercionError as error:
        raise DeclarationError("\n".join(error.problems)) from error
    name = typed.pop(contract.TUNING_JOB_NAME, None)
    tags = [tag for tag in typed.get(contract.TAGS, []) if tag.get("Key") not in contract.OWNER_TAGS]
    if contract.TAGS in typed:
        typed[contract.TAGS] = tags
    writer = _Writer()
    props = list(writer.props("Declaration", typed, ""))
    if writer.missing:
        raise DeclarationError("\n".join(f"{member} must be given, got none" for member in writer.missing))
    writer.used.add("HyperParameterTuningJob")
    arguments: list[tuple[str | None, Expression]] = [(None, Atom("self")), (None, literal("TuningJob"))]
    if name is not None:  # without one the construct's id is the prefix
        arguments.append(("job_name_prefix", literal(default_prefix(name))))
    declaration = laid_out(call("HyperParameterTuningJob", [*arguments, *props]), indent=2)
    return _module("tuning-job" if name is None else name, writer, declaration)


class _Writer:
    """Writes expressions, and notes which names they use and which required members are missing."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.used_of_cdk: set[str] = set()
        self.missing: list[str] = []

    def props(self, kind: str, structure: Mapping[str, Any], path: str) -> Iterator[tuple[str | None, Expression]]:
        """The arguments that make an instance of a value class from its structure in the request."""
        for name, prop in _model()["classes"][kind].items():
            value = _at(structure, prop["member"])
            place = f"{path}.{prop['member']}" if path else prop["member"]
            if value is not None:
                if value != prop.get("default"):
                    yield None if prop.get("positional") else name, self.expression(prop, value, place)
            elif prop.get("required"):
                self.missing.append(place)
            elif "default" in prop:
                yield name, Atom("None")

    def expression(self, prop: Mapping[str, Any], value: Any, path: str) -> Expression:
        """The expression for one prop."""
        writers: dict[str, Callable[[], Expression]] = {
            "value": lambda: _plain(value),
            "number": lambda: _number(value),
            "number map": lambda: dict_of([(key, _number(item)) for key, item in value.items()]),
            "duration": lambda: self._duration(value),
            "size": lambda: self._cdk("Size", f"Size.gibibytes({value})"),
            "instance type": lambda: self._instance_type(value),
            "choice": lambda: self._choice(prop["class"], value, path),
            "part": lambda: self._part(prop["class"], value, path),
            "parts": lambda: list_of([self._part(prop["class"], item, path) for item in value]),
            "named": lambda: self._named(prop, value, path),
            "pairs": lambda: self._pairs(prop["keys"], value),
            "ranges": lambda: self._ranges(value, path),
            "algorithm": lambda: self._algorithm(value, path),
            "parents": lambda: list_of([literal(item[contract.TUNING_JOB_NAME]) for item in value]),
            "autotune": lambda: literal(value.get("Mode") == "Enabled"),
        }
        return writers[prop["kind"]]()

    def _part(self, kind: str, structure: Mapping[str, Any], path: str) -> Expression:
        self.used.add(kind)
        if kind == "Objective" and structure.keys() == {"MetricName", "Type"}:
            direction = str(structure["Type"]).lower()
            if direction in ("minimize", "maximize"):
                return call(f"Objective.{direction}", [(None, literal(structure["MetricName"]))])
        return call(kind, list(self.props(kind, structure, path)))

    def _ranges(self, structure: Mapping[str, Any], path: str) -> Expression:
        """A plain list of ranges; by kind where a kind is declared that has none."""
        if not all(structure.values()):
            return self._part("ParameterRanges", structure, path)
        props = [prop for prop in _model()["classes"]["ParameterRanges"].values() if prop["member"] in structure]
        return list_of([self._part(prop["class"], item, path) for prop in props for item in structure[prop["member"]]])

    def _named(self, prop: Mapping[str, Any], entries: list[dict[str, Any]], path: str) -> Expression:
        (key,) = prop["keys"]
        named = []
        for index, entry in enumerate(entries):
            rest = {member: value for member, value in entry.items() if member != key}
            if key in entry:
                named.append((entry[key], self._part(prop["class"], rest, f"{path}[{index}]")))
            else:
                self.missing.append(f"{path}[{index}].{key}")
        return dict_of(named)

    def _pairs(self, keys: list[str], entries: list[dict[str, Any]]) -> Expression:
        key, value = keys
        return dict_of([(entry[key], literal(entry[value])) for entry in entries])

    def _algorithm(self, structure: Mapping[str, Any], path: str) -> Expression:
        image, metrics = structure.get("TrainingImage"), structure.get("MetricDefinitions")
        kind = _algorithm_of(image, metrics)
        self.used.add(kind)
        entries: list[tuple[str | None, Expression]] = [] if image is None else [(None, literal(image))]
        mode = structure.get("TrainingInputMode")
        if mode is None:
            self.missing.append(f"{path}.TrainingInputMode")
        elif mode != "File":
            entries.append(("training_input_mode", self._choice("InputMode", mode, f"{path}.TrainingInputMode")))
        if metrics is not None:
            entries.append(("metric_definitions", self._pairs(["Name", "Regex"], metrics)))
        if "AlgorithmName" in structure:
            entries.append(("algorithm_name", literal(structure["AlgorithmName"])))
        return call(kind, entries)

    def _choice(self, enum: str, value: str, path: str) -> Expression:
        members = _model()["enums"][enum]
        if value not in members:
            raise DeclarationError(f"{path} must be one of {', '.join(members)}, got {value!r}")
        self.used.add(enum)
        return Atom(f"{enum}.{members[value]}")

    def _instance_type(self, value: str) -> Expression:
        self.used.add("InstanceType")
        name = _model()["instanceTypes"].get(value)
        return call("InstanceType.of", [(None, literal(value))]) if name is None else Atom(f"InstanceType.{name}")

    def _duration(self, seconds: int) -> Expression:
        for unit, size in _UNITS:
            if seconds and seconds % size == 0:
                return self._cdk("Duration", f"Duration.{unit}({seconds // size})")
        return self._cdk("Duration", f"Duration.seconds({seconds})")

    def _cdk(self, name: str, text: str) -> Expression:
        self.used_of_cdk.add(name)
        return Atom(text)


@cache
def _model() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def _at(structure: Mapping[str, Any], member: str) -> Any:
    found: Any = structure
    for part in member.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _plain(value: Any) -> Expression:
    if isinstance(value, Mapping):
        return dict_of([(key, _plain(item)) for key, item in value.items()])
    return list_of([_plain(item) for item in value]) if isinstance(value, list) else literal(value)


def _number(text: str) -> Expression:
    """A number where the constructs write it back as the same text; else the text."""
    value = number(text)
    return literal(value) if value is not None and exact(value) == text and repr(value)[-1].isdigit() else literal(text)


def _algorithm_of(image: str | None, metrics: list[dict[str, str]] | None) -> str:
    """The class that `HyperParameterTuningJob.from_request` takes: an image of somebody's own may have any name."""
    defined = {} if metrics is None else {metric["Name"]: metric["Regex"] for metric in metrics}
    if image is not None:
        registry, repository = image.split(".", 1)[0], image.rsplit("/", 1)[-1].split("@", 1)[0].split(":", 1)[0]
        for kind, known in _model()["algorithms"].items():
            own = known["ownMetricDefinitions"]
            is_program_of_ours = bool(own) and own.items() <= defined.items()
            if repository in known["repositories"] and (registry in known["publishers"] or is_program_of_ours):
                return str(kind)
    return "CustomAlgorithm" if defined else "Algorithm"


def _module(name: str, writer: _Writer, declaration: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", name)
    camel = "".join(word[:1].upper() + word[1:] for word in words)
    stack = f"{'Tuning' if not camel or camel[0].isdigit() else ''}{camel}Stack"
    cdk = ", ".join(sorted({*writer.used_of_cdk, "Stack"}))
    names = "\n".join(f"    {used}," for used in sorted(writer.used, key=_import_order))
    return f'''"""The tuning job {_in_docstring(name)}, declared from its request."""

from __future__ import annotations

from typing import Any

from aws_cdk import {cdk}
from constructs import Construct

from constructs_lib import (
{names}
)


class {stack}(Stack):
    """Declares the tuning job {_in_docstring(name)}."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        {declaration}
'''


def _import_order(name: str) -> tuple[str, str]:
    return name.lower(), name


def _in_docstring(name: str) -> str:
    return re.sub(r"[^ -~]|[\"\\]", "", name)
