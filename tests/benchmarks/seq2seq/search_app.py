"""The app of the benchmark `search`: all 22 tunable hyperparameters of the algorithm in one tuning job.

The ranges are the documented recommendations, cut and scaled for a laptop (`LAPTOP`).
"""

import sys
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

# Run by the CDK CLI as a file, in the project's folder.
sys.path.insert(0, str(Path(__file__).parents[3]))

from constructs_lib import (
    EarlyStoppingType,
    HyperParameterTuningJob,
    InstanceType,
    Objective,
    OutputDataConfig,
    ParameterRange,
    ResourceLimits,
    Scaling,
    Seq2Seq,
    TrainingJobDefinition,
)
from stacks import DataStack, Settings

PREFIX = "search"
CORPUS = "translate-en-de"

#: A convolutional encoder and a recurrent decoder: the one kind of model in which all 22 have an effect. Two passes
#: over the data, whatever the batch size.
STATIC: dict[str, str | float] = {
    "encoder_type": "cnn",
    "decoder_type": "rnn",
    "max_seq_len_source": 20,
    "max_seq_len_target": 20,
    "max_num_epochs": 2,
    "checkpoint_frequency_num_batches": 100,
}

#: What differs from the recommended ranges. Sizes, layers and batches are cut where a training job would take hours on
#: one core or make too few updates of the data; weight decay and the scale of initial weights are searched
#: logarithmically, since most of their linear ranges train nothing at all (a decay of 0.05 outweighs the gradients, a
#: scale of 2 is right for xavier and hopeless for uniform).
LAPTOP: list[ParameterRange] = [
    Seq2Seq.batch_size.one_of(16, 32, 64, 128),
    Seq2Seq.rnn_num_hidden.one_of(128, 256),
    Seq2Seq.cnn_num_hidden.one_of(128, 256),
    Seq2Seq.num_layers_encoder.between(1, 3),
    Seq2Seq.num_layers_decoder.between(1, 2),
    Seq2Seq.learning_rate.between(5e-5, 0.2, scaling=Scaling.LOGARITHMIC),
    Seq2Seq.weight_decay.between(1e-7, 0.1, scaling=Scaling.LOGARITHMIC),
    Seq2Seq.weight_init_scale.between(0.05, 3.0, scaling=Scaling.LOGARITHMIC),
]


class SearchStack(cdk.Stack):
    """The tuning job."""

    def __init__(self, scope: Construct, name: str, *, data: DataStack, jobs: int) -> None:
        super().__init__(scope, name)
        cut = {one.name: one for one in LAPTOP}
        recommended = Seq2Seq.recommended_ranges({name: str(value) for name, value in STATIC.items()})
        job = HyperParameterTuningJob(
            self,
            "Search",
            job_name_prefix=PREFIX,
            objective=Objective.minimize("validation:perplexity"),
            ranges=[cut.get(one.name, one) for one in recommended],
            resource_limits=ResourceLimits(max_number_of_training_jobs=jobs, max_parallel_training_jobs=2),
            training_job_early_stopping_type=EarlyStoppingType.AUTO,
            random_seed=7,
            training_job_definition=TrainingJobDefinition(
                algorithm=Seq2Seq(data.image),
                role=data.role,
                channels=data.channels.input_channels(CORPUS),
                output_data_config=OutputDataConfig.to_bucket(data.channels.output),
                instance_type=InstanceType.of("ml.g4dn.xlarge"),
                instance_count=1,
                volume_size=cdk.Size.gibibytes(30),
                max_runtime=cdk.Duration.minutes(20),
                static_hyper_parameters=STATIC,
                enable_inter_container_traffic_encryption=True,
            ),
        )
        cdk.CfnOutput(self, "TuningJobName", value=job.tuning_job_name)


app = cdk.App()
data = DataStack(app, f"{PREFIX}-data", settings=Settings(prefix=PREFIX, corpus=CORPUS))
SearchStack(app, f"{PREFIX}-tuning", data=data, jobs=int(app.node.get_context("jobs")))
app.synth()
