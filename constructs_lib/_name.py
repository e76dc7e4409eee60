"""The tuning job's name: a prefix and a hash of what is declared, where.

The service has no update: a changed declaration is a new job, and a new job needs a new name. Since the name follows
from the declaration, ``cdk diff`` shows by it that a new job starts, and deploying the same declaration starts nothing.
Neither this library's version nor the order of entries has a part in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsii
from aws_cdk import IResolveContext, IStringProducer, Lazy, Stack
from constructs import Construct

from constructs_lib._by_parts import by_parts
from constructs_lib._tokens import is_unresolved
from infra.handlers.contract import DELETION_BEHAVIOR, TAGS, WAIT_FOR
from infra.handlers.job_names import HASH_DIGITS, LONGEST_PREFIX
from infra.handlers.rules import Finding

_CHANGEABLE = frozenset({TAGS, DELETION_BEHAVIOR, WAIT_FOR})
_PREFIX = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")


def job_name(scope: Construct, prefix: str, properties: Mapping[str, Any]) -> str:
    """A token that becomes ``<prefix>-<hash>`` in the template."""
    return Lazy.uncached_string(_Producer(scope, prefix, properties))


def hashed_name(prefix: str, stack_name: str, path: str, properties: Mapping[str, Any]) -> str:
    """The name for resolved properties; what may change without a new job does not count."""
    declared = {name: value for name, value in properties.items() if name not in _CHANGEABLE}
    text = f"[{_canonical(stack_name)},{_canonical(path)},{_canonical_object(declared)}]"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{prefix}-{digest[:HASH_DIGITS]}"


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _joined(texts: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{_canonical(name)}:{texts[name]}" for name in sorted(texts)) + "}"


_canonical_object = by_parts(lambda named: _canonical(named[1]), _joined)


class JobName:
    """The name of the job that a construct declares, once what it declares is resolved.

    Attributes:
        prefix: first part of the name.
    """

    def __init__(self, scope: Construct, prefix: str, stack: Stack | None = None, *, child: str | None = None) -> None:
        """The name for ``scope``, or for the construct ``child`` right below it."""
        self.prefix = prefix
        stack_path, self._stack_name = _place(Stack.of(scope) if stack is None else stack)
        # The CDK writes ids this way in paths.
        path = scope.node.path if child is None else f"{_path(scope)}/{child.replace('/', '--')}"
        self._path = path.removeprefix(stack_path).removeprefix("/")

    def of(self, resolved: Mapping[str, Any]) -> str:
        """``<prefix>-<hash>`` for resolved properties without envelope and name."""
        return hashed_name(self.prefix, self._stack_name, self._path, resolved)


@jsii.implements(IStringProducer)
class _Producer:
    def __init__(self, scope: Construct, prefix: str, properties: Mapping[str, Any]) -> None:
        self._stack = Stack.of(scope)
        self._name = JobName(scope, prefix)
        self._properties = properties

    def produce(self, context: IResolveContext) -> str | None:
        # References are gathered in a first pass, before they have their final form: no name can follow from that.
        return self._name.prefix if context.preparing else self._name.of(self._stack.resolve(self._properties))


@cache  # each question to the CDK is a call into another process, and stacks may have hundreds of jobs
def _place(stack: Stack) -> tuple[str, str]:
    """A stack's path and name."""
    path, name = stack.node.path, stack.stack_name
    # A nested stack's name is known at deployment only; its place in the app is as good.
    return path, path if is_unresolved(name) else name


@cache
def _path(scope: Construct) -> str:
    return scope.node.path


def check_prefix(prefix: str) -> Iterator[Finding]:
    """Rule N1 for the part of the name that is declared."""
    if is_unresolved(prefix):
        yield Finding("N1", "job_name_prefix", "must be known at synthesis, since the name stands in the template")
    elif not _PREFIX.fullmatch(prefix) or len(prefix) > LONGEST_PREFIX:
        text = (
            f"must have 1 to {LONGEST_PREFIX} letters, digits and inner hyphens ({HASH_DIGITS} more characters are "
            f"added to make the name unique), got {prefix!r}"
        )
        yield Finding("N1", "job_name_prefix", text)
