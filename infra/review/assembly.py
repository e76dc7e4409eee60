"""The tuning jobs and solutions in a cloud assembly: the folder that ``cdk synth`` writes, read as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.handlers import contract
from infra.handlers.personalize_contract import DATASET_IMPORT_JOB, IMPORTS, SOLUTION, SOLUTION_VERSION
from infra.review.request import intrinsic_text, is_intrinsic

_STACK = "aws:cloudformation:stack"
_NESTED_ASSEMBLY = "cdk:cloud-assembly"
_LOGICAL_ID = "aws:cdk:logicalId"
_TEMPLATE_FILE = "aws:cdk:templateFile"
_WARNING = "aws:cdk:warning"
_KEPT_ON_DELETION = ("Retain", "RetainExceptOnCreate")
_TRAIN = (contract.TUNING_JOB_RESOURCE_TYPE, SOLUTION.resource_type)


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
        type: CloudFormation's name of its type.
        inputs: what a solution is trained on: the names of its imports, or how the template refers to them.
    """

    path: str
    stack: str
    environment: str
    logical_id: str
    properties: Mapping[str, Any]
    retained: bool = False
    warnings: tuple[str, ...] = ()
    type: str = contract.TUNING_JOB_RESOURCE_TYPE
    inputs: tuple[str, ...] = ()

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
        jobs: the tuning jobs and solutions in the order of their construct paths.
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
    resources = sorted(_resources_of_assembly(folder), key=lambda found: (found.path, found.stack))
    return Assembly(
        jobs=tuple(resource for resource in resources if resource.type in _TRAIN),
        quotas=tuple(resource for resource in resources if resource.type == contract.GPU_QUOTA_RESOURCE_TYPE),
    )


def _resources_of_assembly(folder: Path) -> Iterator[TemplateResource]:
    if not (folder / "manifest.json").is_file():
        raise AssemblyError(
            f"{folder} is no cloud assembly, it has no manifest.json: run `cdk synth`, or name the folder that it wrote"
        )
    for name, artifact in _json(folder / "manifest.json").get("artifacts", {}).items():
        if artifact.get("type") == _NESTED_ASSEMBLY:
            yield from _resources_of_assembly(folder / artifact["properties"]["directoryName"])
        elif artifact.get("type") == _STACK:
            yield from _resources_of_stack(folder, name, artifact)


def _resources_of_stack(folder: Path, name: str, artifact: Mapping[str, Any]) -> Iterator[TemplateResource]:
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
        resources = _json(folder / file).get("Resources", {})
        inputs = _inputs_of_solutions(resources)
        for logical_id, resource in resources.items():
            if resource.get("Type") not in (*_TRAIN, contract.GPU_QUOTA_RESOURCE_TYPE):
                continue
            path = paths.get(logical_id, f"{root}/{logical_id}")
            yield TemplateResource(
                path=public_path(path),
                stack=stack,
                environment=artifact.get("environment", ""),
                logical_id=logical_id,
                properties=resource.get("Properties", {}),
                retained=resource.get("DeletionPolicy") in _KEPT_ON_DELETION,
                warnings=tuple(_warnings(metadata, public_path(path))),
                type=resource["Type"],
                inputs=inputs.get(logical_id, ()),
            )


def _inputs_of_solutions(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What the versions of each solution of a template are trained on, by the solution's logical id."""
    found: dict[str, tuple[str, ...]] = {}
    for resource in resources.values():
        if resource.get("Type") == SOLUTION_VERSION.resource_type:
            properties = resource.get("Properties", {})
            imports = properties.get(IMPORTS, [])
            solution = _referred_to(properties.get("solutionArn"))
            if solution is not None and isinstance(imports, list):
                found[solution] = tuple(_import_name(one, resources) for one in imports)
    return found


def _import_name(reference: Any, resources: Mapping[str, Mapping[str, Any]]) -> str:
    declared = resources.get(_referred_to(reference) or "", {}).get("Properties", {})
    name = declared.get(DATASET_IMPORT_JOB.name, reference)
    return intrinsic_text(name) if is_intrinsic(name) else str(name)


def _referred_to(value: Any) -> str | None:
    """The logical id of the resource whose attribute a value is; None if it is none's."""
    argument = value.get("Fn::GetAtt") if isinstance(value, Mapping) else None
    if isinstance(argument, str):
        return argument.partition(".")[0]
    return str(argument[0]) if isinstance(argument, list) and argument else None


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
