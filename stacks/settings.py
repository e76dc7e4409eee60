"""The app's settings: read once from CDK context, checked, and handed to the stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

CONTEXT_KEY = "tuning"


class SettingsError(ValueError):
    """A setting in the CDK context is unknown or has a value of the wrong kind."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a team changes between environments.

    In ``cdk.json`` they stand as an object under ``"context": {"tuning": {...}}``; a single one is set on the command
    line as ``-c tuning:max_parallel_training_jobs=4``, which wins.

    Attributes:
        prefix: first part of the stacks' names and of the tuning job's name. Default: ``seq2seq``.
        corpus: name of the corpus; its files stand below this prefix in each channel's bucket.
            Default: ``translate-en-de``.
        instance_type: SageMaker instance of each training job; seq2seq trains on GPU instances only.
            Default: ``ml.g4dn.xlarge``.
        max_number_of_training_jobs: training jobs that the search may start in all. Default: 8.
        max_parallel_training_jobs: training jobs that run at the same time. Default: 2.
        max_num_batches: updates of each training job; more of them make a better translator. Default: 1400.
        max_runtime_minutes: bound of each training job, in minutes. Default: 30.
        random_seed: seed of the search; the same seed repeats the same configurations. Default: 7.
    """

    prefix: str = "seq2seq"
    corpus: str = "translate-en-de"
    instance_type: str = "ml.g4dn.xlarge"
    max_number_of_training_jobs: int = 8
    max_parallel_training_jobs: int = 2
    max_num_batches: int = 1400
    max_runtime_minutes: int = 30
    random_seed: int = 7

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Settings:
        """Reads the settings from a CDK context.

        Raises:
            SettingsError: naming every setting that is unknown or has a value of the wrong kind.
        """
        given = dict(context.get(CONTEXT_KEY, {}))
        prefix = f"{CONTEXT_KEY}:"
        given.update({key[len(prefix) :]: value for key, value in context.items() if key.startswith(prefix)})
        kinds = {field.name: type(field.default) for field in fields(cls)}
        problems: list[str] = []
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name not in kinds:
                problems.append(f"{CONTEXT_KEY}:{name} is not a setting, the settings are {', '.join(sorted(kinds))}")
                continue
            try:
                values[name] = _converted(value, kinds[name])
            except ValueError:
                problems.append(f"{CONTEXT_KEY}:{name} must be a {_NAMES[kinds[name]]}, got {value!r}")
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(**values)


_NAMES = {int: "whole number", str: "string"}


def _converted(value: Any, kind: type) -> Any:
    # The command line gives strings, cdk.json gives JSON types: both mean the same. A bool is an int to Python alone.
    if isinstance(value, bool) or not isinstance(value, str | kind):
        raise ValueError  # noqa: TRY004  int() of a wrong text raises the same
    return kind(value)
