"""The best model of a tuning job as a SageMaker model."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib._best_training_job import read_best_training_job
from constructs_lib.result import ITuningJobResult
from infra.handlers import contract


class BestModel(Construct):
    """Registers the model of the best training job, once the tuning job has one.

    Belongs in a stack that is deployed when the job has ended: before, its deployment fails and says so. What it has
    read it keeps; another ``revision`` reads again.

    Args:
        scope: parent of the construct.
        id: id in the parent.
        result: the published result.
        role: role that SageMaker assumes to read the model and its image.
        image: image that serves the model. Default: None, the image that trained it.
        environment: variables of the serving container. Default: None.
        enable_network_isolation: whether the container has no network. Default: True.
        revision: any text; another one reads the result again. Default: None.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        result: ITuningJobResult,
        role: iam.IRole,
        image: str | None = None,
        environment: dict[str, str] | None = None,
        enable_network_isolation: bool = True,
        revision: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._best = read_best_training_job(self, result, revision)
        model = sagemaker.CfnModel(
            self,
            "Resource",
            execution_role_arn=role.role_arn,
            enable_network_isolation=enable_network_isolation,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=self._best.get_att_string(contract.BEST_IMAGE) if image is None else image,
                model_data_url=self._best.get_att_string(contract.BEST_MODEL),
                environment=environment,
            ),
        )
        model.node.add_dependency(role)
        self.model_name: str = model.attr_model_name
        """The model's name."""

    @property
    def training_job_name(self) -> str:
        """The training job that made the model."""
        return self._best.get_att_string(contract.BEST_NAME)

    @property
    def objective_value(self) -> str:
        """Its objective, as it was published."""
        return self._best.get_att_string(contract.BEST_OBJECTIVE)
