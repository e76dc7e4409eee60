"""Rules R1 to R7: ranges of hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..contract import INJECTED_HYPER_PARAMETER
from ..numbers import exact
from ._registry import Finding, quoted, search_space_rule
from .view import Definition, Range, known_number

MOST_TUNABLE = 30
MOST_HYPER_PARAMETERS = 100


@search_space_rule("R1", "R2", "R3", "R7")
def bounds(definition: Definition) -> Iterator[Finding]:
    """Bounds are numbers of the range's kind, in order, and in reach of the scaling."""
    for entry in definition.ranges:
        if entry.kind in ("integer", "continuous"):
            yield from _bounds_of(entry)


def _bounds_of(entry: Range) -> Iterator[Finding]:
    for member, word in (("MinValue", "min"), ("MaxValue", "max")):
        text = entry.entry.get(member)
        if not isinstance(text, str):
            continue
        value = known_number(text)
        if value is None or not math.isfinite(value):
            yield Finding("R7", entry.prop, f"{word} must be a finite number, got {text!r}")
            return
        if entry.kind == "integer" and not isinstance(value, int):
            yield Finding("R7", entry.prop, f"{word} of an integer range must be a whole number, got {text}")
            return
    found = entry.bounds
    if found is None:
        return
    low, high = found
    if low >= high:
        text = f"min must be less than max, got min {exact(low)} and max {exact(high)}"
        hint = ": a value that is not searched goes into static_hyper_parameters" if low == high else ""
        yield Finding("R1", entry.prop, f"{text}{hint}")
    yield from _scaling(entry, low, high)


def _scaling(entry: Range, low: float, high: float) -> Iterator[Finding]:
    scaling = entry.entry.get("ScalingType")
    if scaling == "Logarithmic" and low <= 0:
        yield Finding(
            "R2", entry.prop, f"logarithmic scaling needs min above 0, or use Scaling.LINEAR; got {exact(low)}"
        )
    if scaling != "ReverseLogarithmic":
        return
    if entry.kind == "integer":
        yield Finding(
            "R3", entry.prop, "reverse logarithmic scaling is for continuous ranges: use another, got an integer range"
        )
    elif low < 0 or high >= 1:
        text = f"reverse logarithmic scaling needs 0 <= min and max < 1, got min {exact(low)} and max {exact(high)}"
        yield Finding("R3", entry.prop, text)


@search_space_rule("R4")
def categories(definition: Definition) -> Iterator[Finding]:
    """The values of a categorical range are distinct; the model bounds their number and length."""
    for entry in definition.ranges:
        values = entry.entry.get("Values") if entry.kind == "categorical" else None
        if not isinstance(values, list):
            continue
        known = [value for value in values if isinstance(value, str)]
        repeated = sorted({value for value in known if known.count(value) > 1})
        if repeated:
            text = f"values must be distinct, got {', '.join(map(quoted, repeated))} more than once"
            yield Finding("R4", entry.prop, text)


@search_space_rule("R5")
def counts(definition: Definition) -> Iterator[Finding]:
    """The service takes at most 30 tunable hyperparameters, 100 with the static ones."""
    tunable = len(definition.ranges)
    if tunable > MOST_TUNABLE:
        text = f"at most {MOST_TUNABLE} hyperparameters can be tuned: make some of them static, got {tunable}"
        yield Finding("R5", f"{definition.owner}ranges", text)
    static = {*definition.static, INJECTED_HYPER_PARAMETER}
    if tunable + len(static) > MOST_HYPER_PARAMETERS:
        text = (
            f"static and tuned hyperparameters must be at most {MOST_HYPER_PARAMETERS} together, counting "
            f"{INJECTED_HYPER_PARAMETER}, which the service adds; got {tunable + len(static)}"
        )
        yield Finding("R5", f"{definition.at}static_hyper_parameters", text)


@search_space_rule("R6")
def one_role(definition: Definition) -> Iterator[Finding]:
    """A hyperparameter is tuned, automatic or static, and stands in one range only."""
    seen: dict[str, str] = {}
    for entry in definition.ranges:
        name = entry.name
        if not isinstance(name, str):
            continue
        if name in seen:
            text = f"a hyperparameter must have one range, got {seen[name]} and {entry.kind}"
            yield Finding("R6", entry.prop, text)
        elif name in definition.static:
            text = "a hyperparameter is either tuned or static: remove it here or from static_hyper_parameters"
            yield Finding("R6", entry.prop, text)
        seen.setdefault(name, entry.kind)
