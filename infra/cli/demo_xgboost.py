"""`tuning demo-xgboost`: SageMaker's XGBoost tuned on a real table, from nothing to the best model."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from infra.cli.demo_steps import DemoSteps, run_demo

APP = Path("examples/xgboost/app.py")
FORMAT = "%.6g"
VALIDATION_SHARE = 4
"""One of so many examples is validation data."""


def demo_xgboost() -> None:
    """Deploy the example app to a local AWS, tune XGBoost on scikit-learn's breast cancer data, show the best model.

    Run again, it finds the finished tuning job and shows it: the same declaration starts nothing.
    """
    run_demo("make demo-xgboost", APP, XGBoostDemo)


class XGBoostDemo(DemoSteps):
    """The steps of the XGBoost demo."""

    app: ClassVar[str] = str(APP)

    def run(self) -> None:
        """Take all steps."""
        state = self.up()
        self.deploy(state, "xgboost-data")
        self.fill(self.outputs("xgboost-data")["BucketName"], self.prepare())
        self.deploy(state, "xgboost-tuning")
        snapshot = self.watch(self.outputs("xgboost-tuning")["TuningJobName"])
        self.show_best(snapshot)
        self.report(snapshot)

    def prepare(self) -> dict[str, Path]:
        """Write the table as the algorithm reads it: csv without a header, the label first."""
        import numpy as np
        from sklearn.datasets import load_breast_cancer

        data = load_breast_cancer()
        self.announce(f"Prepare scikit-learn's breast cancer data: {len(data.target)} examples")
        rows = np.column_stack([data.target, data.data])
        held_out = np.arange(len(rows)) % VALIDATION_SHARE == 0
        folder = self.home.path / "demo" / "xgboost"
        files = {"train": rows[~held_out], "validation": rows[held_out]}
        for name, part in files.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            np.savetxt(folder / name / "data.csv", part, fmt=FORMAT, delimiter=",")
        return {name: self.relative(folder / name / "data.csv") for name in files}

    def fill(self, bucket: str, files: dict[str, Path]) -> None:
        """Upload the files to their prefixes."""
        from infra.cli.session import client

        s3 = client("s3", local=True)
        for channel, file in files.items():
            self.announce(f"Fill channel {channel}", f"aws s3 cp {file} s3://{bucket}/{channel}/")
            s3.upload_file(str(file), bucket, f"{channel}/{file.name}")
