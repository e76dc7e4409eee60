from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.engine.errors import EngineInUseError, NameInUseError, NoSuchJobError
from infra.local.engine.lock import FolderLock, is_held
from infra.local.engine.records import MetricValue, TrainingJob, TuningJob
from infra.local.engine.store import Store
from infra.local.record import ClosedError, DamagedRecordError, RecordWriteError

TUNING = TuningJob("Job", "arn:tuning/job", {"a": [1, "x"]}, 7, "InProgress", 1.0, 1.0)
TRAINING = TrainingJob(
    "Job-001-abc", "arn:training/1", '{"b": 2}', "InProgress", "Starting", 2.0, 2.0, tuning_job="Job", number=1
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "db")
    yield opened
    opened.close()


def test_jobs_are_there_after_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path / "db")
    first.add_tuning_job(TUNING, {"team": "nlp"})
    first.add_training_job(TRAINING, {}, "go")
    first.close()
    second = Store(tmp_path / "db")
    assert second.tuning_job("jOB") == TUNING
    assert second.training_jobs("job") == [TRAINING]
    assert second.unfinished_training_jobs() == [TRAINING]
    assert second.tags("ARN:tuning/job") == {"team": "nlp"}
    second.close()


def test_names_are_unique_ignoring_case(store: Store) -> None:
    store.add_tuning_job(TUNING, {})
    with pytest.raises(NameInUseError) as caught:
        store.add_tuning_job(replace(TUNING, name="JOB", arn="other"), {"k": "v"})
    assert caught.value.arn == "arn:tuning/job"
    assert store.tags("other") == {}


def test_a_number_is_given_once(store: Store) -> None:
    store.add_training_job(TRAINING, {}, "go")
    with pytest.raises(Exception, match="UNIQUE"):
        store.add_training_job(replace(TRAINING, name="Job-001-def"), {}, "go")
    assert [j.name for j in store.training_jobs()] == ["Job-001-abc"]


def test_unknown_names(store: Store) -> None:
    with pytest.raises(NoSuchJobError):
        store.tuning_job("x")
    with pytest.raises(NoSuchJobError):
        store.training_job("x")


def test_the_first_ending_stands(store: Store) -> None:
    store.add_tuning_job(TUNING, {})
    assert store.decide_ending("Job", ending="Completed")
    assert not store.decide_ending("Job", ending="Stopped", status="Stopping")
    assert (store.tuning_job("Job").ending, store.tuning_job("Job").status) == ("Completed", "InProgress")


def test_a_terminal_training_job_changes_no_more(store: Store) -> None:
    store.add_training_job(TRAINING, {}, "go")
    assert store.update_training_job(TRAINING.name, message="down", secondary_status="Downloading")
    store.end_training_job(TRAINING.name, message="done", ended=9.0, status="Completed", secondary_status="Completed")
    assert not store.update_training_job(TRAINING.name, status="Stopping")
    assert store.training_job(TRAINING.name).status == "Completed"
    transitions = store.transitions(TRAINING.name)
    assert [t.status for t in transitions] == ["Starting", "Downloading", "Completed"]
    assert all(t.ended is not None for t in transitions)


def test_a_log_read_again_adds_nothing(store: Store) -> None:
    store.add_training_job(TRAINING, {}, "go")
    values = [
        MetricValue("loss", 2.0, 0, 1.0),
        MetricValue("loss", math.nan, 10, 2.0),
        MetricValue("acc", 3.0, 10, 2.0),
    ]
    store.add_metric_values(TRAINING.name, 1, values[:1])
    store.add_metric_values(TRAINING.name, 1, [replace(v, time=99.0) for v in values])
    found = store.metric_values(TRAINING.name, "loss")
    assert [(v.offset, v.time) for v in found] == [(0, 1.0), (10, 99.0)]
    assert math.isnan(found[1].value)


def test_only_the_last_attempt_counts(store: Store) -> None:
    store.add_training_job(TRAINING, {}, "go")
    store.add_metric_values(TRAINING.name, 1, [MetricValue("loss", 2.0, 0, 1.0)])
    store.update_training_job(TRAINING.name, attempt=2)
    assert store.metric_values(TRAINING.name) == []


def test_delete_leaves_training_jobs_and_frees_the_name(store: Store) -> None:
    store.add_tuning_job(TUNING, {"k": "v"})
    store.add_training_job(TRAINING, {}, "go")
    store.delete_tuning_job("Job")
    assert store.training_job(TRAINING.name).tuning_job is None
    store.add_tuning_job(TUNING, {})
    store.add_training_job(replace(TRAINING, name="Job-001-def"), {}, "go")
    assert store.tags(TUNING.arn) == {}


def test_tags(store: Store) -> None:
    store.put_tags("arn", {"b": "1", "a": "2"})
    store.put_tags("arn", {"b": ""})
    store.delete_tags("arn", ["a", "none"])
    assert store.tags("arn") == {"b": ""}


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_record_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "db"
    path.write_bytes(content)
    with pytest.raises(DamagedRecordError, match=r"cannot be read .*; move it away to keep it, or begin anew with"):
        Store(path)
    assert path.read_bytes() == content


def test_closed(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.close()
    with pytest.raises(ClosedError):
        store.tuning_jobs()
    with pytest.raises(ClosedError):
        store.put_tags("arn", {})


def test_one_engine_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    assert not is_held(path)
    lock = FolderLock(path)
    assert is_held(path)
    with pytest.raises(EngineInUseError, match=r"^another engine \(process \d+\) uses the state folder .*tuning local"):
        FolderLock(path)
    lock.release()
    FolderLock(path).release()


def test_a_full_disk_loses_nothing(store: Store) -> None:
    store.add_tuning_job(TUNING, {})
    pages = store._record._db.execute("PRAGMA page_count").fetchone()[0]
    store._record._db.execute(f"PRAGMA max_page_count = {pages}")
    large = replace(TUNING, name="large", request={"a": "x" * 100_000})
    with pytest.raises(RecordWriteError) as caught:
        store.add_tuning_job(large, {})
    assert str(caught.value) == (
        "the engine's record cannot be written (database or disk is full); make room on the disk: its jobs then go on "
        "where they were"
    )
    assert store.failed.is_set()
    assert store.tuning_jobs() == [TUNING]
    store._record._db.execute("PRAGMA max_page_count = 1000000")
    store.add_tuning_job(large, {})
    assert len(store.tuning_jobs()) == 2


def test_who_reads_does_not_wait_for_a_change(store: Store) -> None:
    store.add_tuning_job(TUNING, {})
    with store._record.transaction() as db:
        db.execute("DELETE FROM tuning_jobs")
        with ThreadPoolExecutor(max_workers=1) as other:
            assert other.submit(store.tuning_jobs).result(timeout=30) == [TUNING]
    assert store.tuning_jobs() == []


def test_a_name_that_was_deleted_and_given_again_is_the_new_job(store: Store) -> None:
    for _ in range(2):
        store.add_training_job(TRAINING, {}, "go")
        assert [j.status for j in store.training_jobs()] == ["InProgress"]
        store.end_training_job(TRAINING.name, message="x", ended=9.0, status="Completed", secondary_status="Completed")
        assert [j.status for j in store.training_jobs()] == ["Completed"]
        store.delete_training_job(TRAINING.name)
        assert store.training_jobs() == []


def test_many_ended_jobs_are_all_listed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.engine.store._training_jobs.MOST_KEPT", 2)
    names = [f"Job-00{number}" for number in range(1, 6)]
    for number, name in enumerate(names, start=1):
        store.add_training_job(replace(TRAINING, name=name, arn=name, number=number), {}, "go")
        store.end_training_job(name, message="x", ended=9.0, status="Completed", secondary_status="Completed")
    for _ in range(2):
        assert [j.name for j in store.training_jobs("Job")] == names
    assert len(store._ended_jobs) == 2


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_a_last_record_that_is_not_whole_is_left_out_and_nothing_else(tmp_path: Path, damage: str) -> None:
    first = Store(tmp_path / "db")
    first.add_tuning_job(TUNING, {"team": "nlp"})
    whole = (tmp_path / "db-wal").stat().st_size
    first.add_training_job(TRAINING, {}, "go")
    left = tmp_path / "left"  # what a machine that lost its power would find
    left.mkdir()
    for name in ("db", "db-wal"):
        shutil.copy(tmp_path / name, left / name)
    first.close()
    with (left / "db-wal").open("r+b") as log:
        size = log.seek(0, os.SEEK_END)
        assert size > whole
        if damage == "cut":
            log.truncate(size - 100)
        else:
            log.seek(whole + 100)
            log.write(b"\xff" * 100)
    second = Store(left / "db")
    assert second.tuning_jobs() == [TUNING]
    assert second.tags(TUNING.arn) == {"team": "nlp"}
    assert second.training_jobs() == []
    second.add_training_job(TRAINING, {}, "go")
    second.close()
    third = Store(left / "db")
    assert third.training_jobs("Job") == [TRAINING]
    third.close()
