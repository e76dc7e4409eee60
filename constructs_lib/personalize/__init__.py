"""Amazon Personalize: datasets, solutions and their versions, with hyperparameter optimization."""

from constructs_lib.personalize.config import AutoMLConfig, HpoConfig
from constructs_lib.personalize.dataset import (
    DatasetType,
    ImportMode,
    PersonalizeDataset,
    PersonalizeDatasetGroup,
    PersonalizeDatasetImport,
    PersonalizeSchema,
)
from constructs_lib.personalize.recipe import PersonalizeRecipe
from constructs_lib.personalize.result import SolutionResult
from constructs_lib.personalize.role import PersonalizeRole
from constructs_lib.personalize.solution import PersonalizeSolution

__all__ = [
    "AutoMLConfig",
    "DatasetType",
    "HpoConfig",
    "ImportMode",
    "PersonalizeDataset",
    "PersonalizeDatasetGroup",
    "PersonalizeDatasetImport",
    "PersonalizeRecipe",
    "PersonalizeRole",
    "PersonalizeSchema",
    "PersonalizeSolution",
    "SolutionResult",
]
