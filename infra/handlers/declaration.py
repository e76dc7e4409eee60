"""What a custom resource's properties declare: the request that starts the tuning job."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .algorithms import KNOWN
from .coerce import CoercionError, coerce, missing
from .contract import KNOWN_ALGORITHM, OUTSIDE_REQUEST, TAGS, TUNING_JOB_NAME
from .errors import HandlerError
from .job_names import LONGEST_NAME
from .keyed import KeyedFormError, unkeyed
from .personalize_contract import TAGS as SOLUTION_TAGS
from .rules import Algorithms, Finding, Severity
from .rules import check as findings_of
from .rules import errors as broken_rules
from .shown import clipped, shown

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
_MOST_RUNS = 100
_UNDECLARED = OUTSIDE_REQUEST | {TAGS, SOLUTION_TAGS}
_UNFIT = "the declaration does not fit CreateHyperParameterTuningJob"


def declared_name(properties: Mapping[str, Any]) -> str:
    """The name that the declaration computed at synth.

    Raises:
        HandlerError: if there is none, or it is no name of a tuning job.
    """
    name = properties.get(TUNING_JOB_NAME)
    if not isinstance(name, str) or not is_job_name(name):
        raise HandlerError(
            f"{TUNING_JOB_NAME} must be 1 to {LONGEST_NAME} letters, digits and inner hyphens, got {shown(name)}"
        )
    return name


def is_job_name(name: str) -> bool:
    """Whether a tuning job can have the name."""
    return len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


def request_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The CreateHyperParameterTuningJob request, with the types that CloudFormation took from its values.

    Raises:
        HandlerError: naming each property that is unknown or has the wrong type, and each rule that is broken.
    """
    request = _typed(properties)
    absent = missing(request)
    if absent:
        raise HandlerError(f"{_UNFIT}: {'; '.join(f'{path} must be given' for path in absent)}")
    refuse(broken_rules(request, algorithms_of(properties)))
    return request


def warnings_of(properties: Mapping[str, Any]) -> list[Finding]:
    """What the rules warn of, now that every value is known; nothing of a declaration that no request fits."""
    try:
        request = _typed(properties)
    except HandlerError:
        return []
    found = findings_of(request, algorithms_of(properties))
    return [finding for finding in found if finding.severity is Severity.WARNING]


def refuse(findings: Sequence[Finding]) -> None:
    """Raise a HandlerError with all findings, if there are any."""
    if findings:
        raise HandlerError("the declaration breaks rules: " + "; ".join(clipped(str(finding)) for finding in findings))


def algorithms_of(properties: Mapping[str, Any]) -> Algorithms:
    """What is known of each definition's algorithm, where synthesis left something to check."""
    given = properties.get(KNOWN_ALGORITHM, {})
    names: Mapping[str | None, Any] = given if isinstance(given, Mapping) else {None: given}
    return {definition: KNOWN[str(name)] for definition, name in names.items() if str(name) in KNOWN}


def _typed(properties: Mapping[str, Any]) -> dict[str, Any]:
    declared = {name: value for name, value in properties.items() if name not in OUTSIDE_REQUEST}
    try:
        return coerce(unkeyed(declared))
    except (CoercionError, KeyedFormError) as error:
        raise HandlerError(f"{_UNFIT}: {error}") from error


def tags_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """The declared tags by key."""
    return {tag["Key"]: tag["Value"] for tag in _typed({TAGS: properties.get(TAGS, {})})[TAGS]}


def changed_members(properties: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """The paths at which two declarations differ, but for tags."""
    given, before = (
        {name: value for name, value in each.items() if name not in _UNDECLARED} for each in (properties, old)
    )
    return list(_changed(given, before, ""))


def _changed(new: Any, old: Any, path: str) -> Iterator[str]:
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        for name in sorted(new.keys() | old.keys()):
            yield from _changed(new.get(name), old.get(name), f"{path}.{name}" if path else name)
    elif new != old:
        yield path


def digest(properties: Mapping[str, Any]) -> str:
    """The same for the same declaration, whatever its tags and its life cycle's properties are."""
    declared = {name: value for name, value in properties.items() if name not in _UNDECLARED}
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:16]


def run_names(declared: str) -> Iterator[str]:
    """Names for the runs of one declaration: its own, then one for each time that it has to run again.

    A name cannot be used twice, so a declaration that is deployed again after its job was stopped needs another; it
    follows from the declared name, so that retries of a request, and its roll-back, find the same job.
    """
    yield declared
    for run in range(2, _MOST_RUNS + 1):
        suffix = hashlib.sha256(f"{declared}/{run}".encode()).hexdigest()[:8]
        yield f"{declared[: LONGEST_NAME - 9].rstrip('-')}-{suffix}"
