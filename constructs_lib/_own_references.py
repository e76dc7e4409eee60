"""References of jobs to resources of their own stack, whose final form is known as soon as a job is declared.

In general a token has its final form at synthesis only: a reference to another stack becomes an import there. A job's
name and the short form of its texts follow from the final form, and to ask for it at synthesis each job is handed to
Python and taken back, twice, which took two thirds of the time of such a job. But most jobs refer to nothing but the
role, the buckets and the parameters of their own stack. Each such text is asked for once in a stack, not for each job.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsii
from aws_cdk import CfnResource, Intrinsic, IStableStringProducer, Lazy, Reference, Stack, Token, Tokenization
from constructs import IValidation

from constructs_lib._by_parts import by_parts
from constructs_lib._name import JobName
from constructs_lib._substitute import substituted
from constructs_lib._tokens import is_unresolved
from infra.handlers.contract import TUNING_JOB_NAME

_TOKEN: Final = re.compile(r"(\$\{Token\[[^\]]*\]\})")


class _UnsettledError(Exception):
    """A token whose final form is not known before synthesis."""


@dataclass(frozen=True)
class _Form:
    """A value with tokens: as the CDK resolves it, and as it is handed over to be short in the template."""

    resolved: Any
    short: Any


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
        self._forms: dict[str | float, _Form] = {}
        self._forget_parts()
        self._unsettled: set[str | float] = set()
        self._named: list[_Named] = []
        self._watching_token: str | None = None

    def resolved(self, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The properties as the CDK resolves them; None if they refer to anything but the stack."""
        try:
            return self._resolved(properties)
        except _UnsettledError:
            return None

    def short(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties, if `resolved` knows them, with tokens for ``Fn::Sub`` in the place of joined texts."""
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
        values = list(self._forms)
        now = self._stack.resolve(values)
        if now != [self._forms[value].resolved for value in values]:
            short = [self._forms[value].short for value in values]
            self._forms = {value: _Form(*each) for value, *each in zip(values, now, short, strict=True)}
            self._forget_parts()
            for each in self._named:
                found = each.name.of(self._resolved(each.properties))
                if found != each.written:
                    each.resource.add_property_override(TUNING_JOB_NAME, found)
                    each.written = found

    def _forget_parts(self) -> None:
        def replaced(by: Callable[[str | float], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
            return by_parts(lambda named: _replaced(named[1], by), dict)

        self._resolved = replaced(lambda value: self._form(value).resolved)
        self._short = replaced(lambda value: self._form(value).short)

    def _form(self, value: str | float) -> _Form:
        if value in self._unsettled:
            raise _UnsettledError
        if value not in self._forms:
            try:
                self._forms[value] = self._number(value) if isinstance(value, int | float) else self._text(value)
            except _UnsettledError:
                self._unsettled.add(value)
                raise
        return self._forms[value]

    def _number(self, value: float) -> _Form:
        self._name_in_text(Tokenization.reverse_number(value))
        return _Form(self._stack.resolve(value), value)

    def _text(self, value: str) -> _Form:
        parts = [part for part in _TOKEN.split(value) if part]
        names = [self._part(part) for part in parts]
        if len(parts) == 1 or None in names:
            return _Form(self._stack.resolve(value), value)
        short = {"Fn::Sub": "".join(name for name in names if name is not None)}
        resolved, shortened = self._stack.resolve([value, short])
        if substituted(resolved) != shortened:
            raise _UnsettledError
        return _Form(resolved, Token.as_string(short))

    def _part(self, part: str) -> str | None:
        if not _TOKEN.fullmatch(part):
            return part.replace("${", "${!")
        return self._name_in_text(Tokenization.reverse_string(part).first_token)

    def _name_in_text(self, token: Any) -> str | None:
        """How ``Fn::Sub`` names a token that stays in the stack; None if it cannot."""
        if not isinstance(token, Intrinsic):  # something of the user's, which may say anything each time
            raise _UnsettledError
        resolved = self._stack.resolve(token)
        match resolved:
            case {"Ref": str(name)} if name.startswith("AWS::"):
                return f"${{{name}}}"
            case {"Fn::Sub": str(text)} if _names_pseudo_parameters(text):
                return None
        if not isinstance(token, Reference) or Stack.of(token.target) is not self._stack:
            raise _UnsettledError
        # As a token, since logical ids may change until synthesis.
        logical_id = getattr(token.target, "logical_id", None)
        match resolved:
            case {"Ref": str()} if logical_id is not None:
                return f"${{{logical_id}}}"
            case {"Fn::GetAtt": [str(), str(attribute)]} if logical_id is not None:
                return f"${{{logical_id}.{attribute}}}"
        raise _UnsettledError


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
    if isinstance(value, str | float) and is_unresolved(value):
        return by(value)
    if not isinstance(value, int | float):  # what the CDK might change in other ways, such as None
        raise _UnsettledError
    return value
