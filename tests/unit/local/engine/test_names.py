from __future__ import annotations

import re

import pytest

from infra.local.engine.names import repository_name, training_job_name, tuning_job_arn


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("seq2seq", "seq2seq"),
        ("000000000000.dkr.ecr.us-east-1.amazonaws.com/seq2seq:1", "seq2seq"),
        ("host:5000/team/seq2seq", "seq2seq"),
        ("host/team/seq2seq@sha256:abc", "seq2seq"),
        ("host/seq2seq:1@sha256:abc", "seq2seq"),
    ],
)
def test_repository_name(image: str, name: str) -> None:
    assert repository_name(image) == name


def test_training_job_names_count_in_three_digits_and_go_on_beyond() -> None:
    assert re.fullmatch(r"MyJob-001-[0-9a-f]{8}", training_job_name("MyJob", 1))
    assert re.fullmatch(r"MyJob-1000-[0-9a-f]{8}", training_job_name("MyJob", 1000))
    assert training_job_name("MyJob", 1) != training_job_name("MyJob", 1)


def test_arns_are_lower_case() -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/myjob"
    assert tuning_job_arn("MyJob", region="eu-west-1", account="123456789012") == arn
