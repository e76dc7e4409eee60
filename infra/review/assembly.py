"""The tuning jobs in a cloud assembly: the folder that ``cdk synth`` writes, read as the JSON that it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.handlers import contract

_STACK = "aws:cloudformation:stack"
_NESTED_ASSEMBLY = "cdk:cloud-assembly"
_LOGICAL_ID = "aws:cdk:logicalId"
_TEMPLATE_FILE = "aws:cdk:templateFile"
_WARNING = "aws:cdk:warning"
_KEPT_ON_DELETION = ("Retain", "RetainExceptOnCreate")


class AssemblyError(Exception):
    """A folder is no cloud assembly, or one that cannot be read; the message says what to run."""


@dataclass(frozen=True, kw_only=True)
class TemplateResource:
    """A resource of a template.

    Attributes:
        path: path of its construct as people write it in their code, such as ``Prod/Tuning/Job``.
        stack: name of its stack.
        environment: where the stack goes, such as ``aws://123456789012/eu-west-1``.
        logical_id: its name in the template.
        properties: its properties; intrinsics stand in them as they are.
        retained: whether it outlives its removal from the template.
        warnings: the warnings of its construct at synth.
    """

    path: str
    stack: str
    environment: str
    logical_id: str
    properties: Mapping[str, Any]
    retained: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def region(self) -> str | None:
        """The region of the stack; None where it is known at deployment only."""
        region = self.environment.rpartition("/")[2]
        return None if region in ("", "unknown-region", "current_region") else region


TuningJobResource = TemplateResource
"""A tuning job's resource: its properties are the request in keyed form."""


@dataclass(frozen=True)
class Assembly:
    """What an assembly declares about tuning.

    Attributes:
        jobs: the tuning jobs in the order of their construct paths.
        quotas: the training quotas, in the same order.
    """

    jobs: tuple[TuningJobResource, ...]
    quotas: tuple[TemplateResource, ...]

    def in_region(self, region: str) -> Assembly:
        """The same with a region for stacks that leave theirs to the deployment."""

        def placed(resource: TemplateResource) -> TemplateResource:
            if resource.region is not None:
                return resource
            account = resource.environment.removeprefix("aws://").split("/")[0] or "unknown-account"
            return replace(resource, environment=f"aws://{account}/{region}")

        return Assembly(tuple(map(placed, self.jobs)), tuple(map(placed, self.quotas)))


def read_assembly(folder: Path) -> Assembly:
    """Read a cloud assembly, stages and nested stacks included.

    Raises:
        AssemblyError: if the folder is missing, has no manifest or one that cannot be read.
    """
    if not folder.is_dir():
        raise AssemblyError(f"no folder {folder}: run `cdk synth`, which writes cdk.out, or name another folder")
    resources = sorted(_resources_of_assembly(folder), key=lambda found: (found[1].path, found[1].stack))
    return Assembly(
        jobs=tuple(resource for kind, resource in resources if kind == contract.TUNING_JOB_RESOURCE_TYPE),
        quotas=tuple(resource for kind, resource in resources if kind == contract.GPU_QUOTA_RESOURCE_TYPE),
    )


def _resources_of_assembly(folder: Path) -> Iterator[tuple[str, TemplateResource]]:
    if not (folder / "manifest.json").is_file():
        raise AssemblyError(
            f"{folder} is no cloud assembly, it has no manifest.json: run `cdk synth`, or name the folder that it wrote"
        )
    for name, artifact in _json(folder / "manifest.json").get("artifacts", {}).items():
        if artifact.get("type") == _NESTED_ASSEMBLY:
            yield from _resources_of_assembly(folder / artifact["properties"]["directoryName"])
        elif artifact.get("type") == _STACK:
            yield from _resources_of_stack(folder, name, artifact)


def _resources_of_stack(folder: Path, name: str, artifact: Mapping[str, Any]) -> Iterator[tuple[str, TemplateResource]]:
    metadata: dict[str, list[dict[str, Any]]] = dict(artifact.get("metadata", {}))
    if "additionalMetadataFile" in artifact:
        metadata.update(_json(folder / artifact["additionalMetadataFile"]))
    properties = artifact["properties"]
    stack = properties.get("stackName", name)
    templates = _template_files(metadata)
    if properties["templateFile"] not in templates.values():
        templates[f"/{artifact.get('displayName', name)}"] = properties["templateFile"]
    for root, file in templates.items():
        paths = _paths_by_logical_id(metadata, root, templates)
        for logical_id, resource in _json(folder / file).get("Resources", {}).items():
            if resource.get("Type") not in (contract.TUNING_JOB_RESOURCE_TYPE, contract.GPU_QUOTA_RESOURCE_TYPE):
                continue
            path = paths.get(logical_id, f"{root}/{logical_id}")
            yield (
                resource["Type"],
                TemplateResource(
                    path=public_path(path),
                    stack=stack,
                    environment=artifact.get("environment", ""),
                    logical_id=logical_id,
                    properties=resource.get("Properties", {}),
                    retained=resource.get("DeletionPolicy") in _KEPT_ON_DELETION,
                    warnings=tuple(_warnings(metadata, public_path(path))),
                ),
            )


def public_path(path: str) -> str:
    """The path of the construct that a person declared: without the ids that constructs give their own resource."""
    return path.strip("/").removesuffix("/Default").removesuffix("/Resource")


def _template_files(metadata: Mapping[str, list[dict[str, Any]]]) -> dict[str, str]:
    """The template of the stack and of each stack nested in it, by construct path."""
    return {
        path: entry["data"]
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == _TEMPLATE_FILE
    }


def _paths_by_logical_id(
    metadata: Mapping[str, list[dict[str, Any]]], root: str, templates: Mapping[str, str]
) -> dict[str, str]:
    """The construct path of each logical id in the template of ``root``; nested stacks have ids of their own."""
    inner = [f"{path}/" for path in templates if path.startswith(f"{root}/")]
    return {
        entry["data"]: path
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == _LOGICAL_ID and path.startswith(f"{root}/") and not path.startswith(tuple(inner))
    }


def _warnings(metadata: Mapping[str, list[dict[str, Any]]], path: str) -> Iterator[str]:
    """The warnings of a construct and of all that is in it."""
    for place, entries in metadata.items():
        if place == f"/{path}" or place.startswith(f"/{path}/"):
            yield from (entry["data"] for entry in entries if entry["type"] == _WARNING)


def _json(file: Path) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssemblyError(f"cannot read {file}: run `cdk synth` again ({error})") from error
    return loaded
