"""Records real learning curves: XGBoost trained by this project's program at randomly drawn hyperparameters.

``python -m tests.benchmarks.search.record_curves curves.csv``. The data are scikit-learn's handwritten digits, 600 to
train on and the rest to validate; the objective after each of 24 rounds is validation:mlogloss.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from infra.local.engine.strategies import Configuration, RandomStrategy, Space, hyperparameters
from infra.xgboost.container import TableContainer
from infra.xgboost.hyperparameters import HyperParameters

CURVES = 200
ROUNDS = 24
TRAINED_ON = 600
RANGES = {
    "ContinuousParameterRanges": [
        {"Name": "eta", "MinValue": "0.01", "MaxValue": "1.0", "ScalingType": "Logarithmic"},
        {"Name": "min_child_weight", "MinValue": "0.1", "MaxValue": "30", "ScalingType": "Logarithmic"},
        {"Name": "subsample", "MinValue": "0.3", "MaxValue": "1.0"},
        {"Name": "colsample_bytree", "MinValue": "0.1", "MaxValue": "1.0"},
        {"Name": "gamma", "MinValue": "0", "MaxValue": "3"},
    ],
    "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "8"}],
}
STATIC = {"objective": "multi:softprob", "num_class": "10", "eval_metric": "mlogloss", "num_round": str(ROUNDS)}
_VALUE = re.compile(r"validation-mlogloss:(\S+)")


def main(out: Path) -> None:
    """Train each configuration and write its curve."""
    space = Space.of(RANGES)
    names = [r.name for r in space.ranges]
    strategy = RandomStrategy(seed=1)
    with tempfile.TemporaryDirectory() as folder, out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "values"])
        os.environ["SAGEMAKER_BASE_DIR"] = folder
        prepare(Path(folder))
        for number in range(1, CURVES + 1):
            configuration = strategy.ask(space, [], [], number)
            if configuration is not None:
                texts = hyperparameters(configuration)
                values = [f"{v:.5g}" for v in curve(configuration)]
                writer.writerow([*(texts[name] for name in names), " ".join(values)])
                file.flush()


def prepare(base: Path) -> None:
    """The channels, as a training job finds them."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = [",".join([str(y), *(f"{v:g}" for v in x)]) for x, y in zip(digits.data, digits.target, strict=True)]
    for channel, lines in (("train", rows[:TRAINED_ON]), ("validation", rows[TRAINED_ON:])):
        path = base / "input" / "data" / channel / "digits.csv"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(lines) + "\n")
    config = base / "input" / "config"
    config.mkdir()
    described = {"ContentType": "text/csv", "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}
    (config / "inputdataconfig.json").write_text(json.dumps({"train": described, "validation": described}))


def curve(configuration: Configuration) -> list[float]:
    """The objective after each round."""
    from infra.xgboost.training_job import run

    lines: list[str] = []
    settings = HyperParameters.parse({**STATIC, **hyperparameters(configuration)})
    container = TableContainer.from_environment()
    shutil.rmtree(container.checkpoints, ignore_errors=True)  # of the configuration before
    run(container, settings, lines.append)
    return [float(found.group(1)) for line in lines if (found := _VALUE.search(line))]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
