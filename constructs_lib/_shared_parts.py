"""Parts of properties that many jobs have in common, handed to the CDK's process once.

Whatever is handed over is written as JSON, and there read and checked value by value: for a job with all ranges of the
sequence-to-sequence algorithm that took two thirds of the time of its resource. The jobs of an app mostly differ in
few values, and so a part that has been handed over before is from then on named by a token that stands for it.
The template stays the same, since the CDK writes what the token stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Intrinsic, IResolvable

from infra.handlers.remembered import exactly

_SHORTEST: Final = 250  # bytes; naming a token takes about as long as handing over so many
_MOST: Final = 4096  # parts remembered

# None: came once, and a token would be one more thing to hand over.
_SHARED: Final[dict[bytes, IResolvable | None]] = {}


def with_shared_parts(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The same properties, with tokens in the place of structures that came before in any job."""
    return {name: _shared(value) if isinstance(value, dict) else value for name, value in properties.items()}


def _shared(structure: dict[str, Any]) -> Any:
    known = exactly(structure)
    if known is None:  # holds a token that is an object
        return with_shared_parts(structure)
    if len(known) < _SHORTEST:
        return structure
    if known not in _SHARED:
        if len(_SHARED) < _MOST:
            _SHARED[known] = None
        return with_shared_parts(structure)
    token = _SHARED[known]
    if token is None:
        token = _SHARED[known] = Intrinsic(structure)
    return token
