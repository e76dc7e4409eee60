"""References of jobs to resources of their own stack, whose final form is known as soon as a job is declared.

In general a token has its final form at synthesis only: a reference to another stack becomes an import there. A job's
name and the short form of its texts follow from the final form, and to ask for it at synthesis each job is handed to
Python and taken back, twice, which took two thirds of the time of such a job. But most jobs refer to nothing but the
role, the buckets and the parameters of their own stack. Each such token is asked for once in a stack, not for each job.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import jsii
from aws_cdk import CfnResource, Intrinsic, IStableStringProducer, Lazy, Reference, Stack, Tokenization
from constructs import IValidation

from constructs_lib._by_parts import by_parts
from constructs_lib._name import JobName
from constructs_lib._tokens import is_unresolved
from infra.handlers.contract import TUNING_JOB_NAME

_TOKEN: Final = re.compile(r"(\$\{Token\[[^\]]*\]\})")
_LIST_TOKEN: Final = re.compile(r"#\{Token\[")


class _UnsettledError(Exception):
    """A token whose final form is not known before synthesis."""


@dataclass(frozen=True)
class _Known:
    """A token whose final form is known.

    Attributes:
        resolved: that form.
        in_text: how ``Fn::Sub`` names it; None if it cannot.
    """

    resolved: Any
    in_text: str | None


@dataclass
class _Named:
    """A resource, and the name of a job that was written into it."""

    resource: CfnResource
    name: JobName
    properties: Mapping[str, Any]
    written: str


@jsii.implements(IStableStringProducer, IValidation)
class OwnReferences:
    """What the jobs of a stack refer to in it."""

    def __init__(self, stack: Stack, service_token: str) -> None:
        self._stack = stack
        self._service_token = service_token
        self._known: dict[str | float, _Known | None] = {}  # None: not before synthesis
        self._named: list[_Named] = []
        self._watching_token: str | None = None
        self._forget_parts()

    def resolved(self, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The properties as the CDK resolves them; None if they refer to anything but the stack."""
        try:
            return self._resolved(properties)
        except _UnsettledError:
            return None

    def short(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties, if `resolved` knows them, with ``Fn::Sub`` in the place of joined texts."""
        return self._short(properties)

    def watch(self, resource: CfnResource, name: JobName, properties: Mapping[str, Any], written: str) -> None:
        """Keeps the name of a resource right whose properties have the service token `watching_token`."""
        if not self._named:
            self._stack.node.add_validation(self)
        self._named.append(_Named(resource, name, properties, written))

    @property
    def watching_token(self) -> str:
        """The service token, as a token which lets `produce` look at the names again before they are written."""
        if self._watching_token is None:
            self._watching_token = Lazy.string(self)
        return self._watching_token

    def produce(self) -> str:
        """The service token; the CDK asks once, when it resolves the first of the resources."""
        self._watching_token = None  # what is declared from now on has another one
        self._follow()
        return self._service_token

    def validate(self) -> list[str]:
        """Nothing to complain of; the CDK asks before it writes, though perhaps long after `produce`."""
        self._follow()
        return []

    def _follow(self) -> None:
        """Lets all names follow the logical ids that have changed since they were made."""
        known = {token: each for token, each in self._known.items() if each is not None}
        now = self._stack.resolve(list(known))
        if now == [each.resolved for each in known.values()]:
            return
        for (token, each), resolved in zip(known.items(), now, strict=True):
            self._known[token] = replace(each, resolved=resolved)
        self._forget_parts()
        for named in self._named:
            found = named.name.of(self._resolved(named.properties))
            if found != named.written:
                named.resource.add_property_override(TUNING_JOB_NAME, found)
                named.written = found

    def _forget_parts(self) -> None:
        def replaced(by: Callable[[str | float], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
            return by_parts(lambda named: _replaced(named[1], by), dict)

        self._resolved = replaced(self._resolved_value)
        self._short = replaced(self._short_value)

    def _resolved_value(self, value: str | float) -> Any:
        if not isinstance(value, str):
            return self._token(value).resolved
        parts = [self._token(part).resolved if _TOKEN.fullmatch(part) else part for part in _parts(value)]
        return parts[0] if len(parts) == 1 else {"Fn::Join": ["", parts]}

    def _short_value(self, value: str | float) -> Any:
        if not isinstance(value, str) or _TOKEN.fullmatch(value):
            return value
        parts = _parts(value)
        texts = [self._token(part).in_text if _TOKEN.fullmatch(part) else part.replace("${", "${!") for part in parts]
        return value if None in texts else {"Fn::Sub": "".join(text for text in texts if text is not None)}

    def _token(self, token: str | float) -> _Known:
        if token not in self._known:
            self._known[token] = self._look(token)
        found = self._known[token]
        if found is None:
            raise _UnsettledError
        return found

    def _look(self, token: str | float) -> _Known | None:
        """What is known of a token; None if that may change until synthesis, other than by a logical id."""
        found: Any = (
            Tokenization.reverse_string(token).first_token
            if isinstance(token, str)
            else Tokenization.reverse_number(token)
        )
        if not isinstance(found, Intrinsic):  # something of the user's, which may say anything each time
            return None
        resolved = self._stack.resolve(found)
        match resolved:
            case {"Ref": str(name)} if name.startswith("AWS::"):
                return _Known(resolved, f"${{{name}}}")
            case {"Fn::Sub": str(text)} if _names_pseudo_parameters(text):
                return _Known(resolved, None)
        if not isinstance(found, Reference) or Stack.of(found.target) is not self._stack:
            return None
        # A token too, since a logical id may change until synthesis.
        logical_id = getattr(found.target, "logical_id", None)
        match resolved:
            case {"Ref": str()} if logical_id is not None:
                return _Known(resolved, f"${{{logical_id}}}")
            case {"Fn::GetAtt": [str(), str(attribute)]} if logical_id is not None:
                return _Known(resolved, f"${{{logical_id}.{attribute}}}")
        return None


def _parts(text: str) -> list[str]:
    """A text taken apart into its tokens and what stands between them."""
    return [part for part in _TOKEN.split(text) if part]


def _names_pseudo_parameters(text: str) -> bool:
    """Whether a text for ``Fn::Sub`` names nothing of a stack."""
    return all(name.startswith(("AWS::", "!")) for name in re.findall(r"\$\{([^}]*)", text))


def _replaced(value: Any, by: Callable[[str | float], Any]) -> Any:
    """The same value with another one in the place of each text and number that holds a token."""
    if isinstance(value, str) and "Token[" not in value and "e+28" not in value:  # most of a request
        return value
    if isinstance(value, Mapping) and not any(name.startswith("Fn::") for name in value):
        return {name: _replaced(item, by) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, by) for item in value]
    if isinstance(value, str | float) and is_unresolved(value) and not _LIST_TOKEN.search(str(value)):
        return by(value)
    if not isinstance(value, int | float):  # what the CDK might change in other ways, such as None
        raise _UnsettledError
    return value
