"""Programs in a training container: what they learn, print and refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from infra.container import ClientError
from infra.handlers.recipes import RECIPES
from infra.recommender.__main__ import main
from infra.recommender.generator import Settings as Wanted
from infra.recommender.generator import generate, write_csv
from infra.recommender.hrnn_training import recency_weights
from infra.recommender.hyperparameters import Settings
from infra.recommender.interactions import Interactions, read_interactions
from infra.recommender.metric_lines import METRIC_DEFINITIONS, OBJECTIVE, metric_line
from infra.recommender.sims import Sims


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    write_csv(generate(Wanted(events=15_000, users=400, items=150, categories=10)), folder / "events.csv")
    return folder


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "input" / "config").mkdir(parents=True)
    (tmp_path / "input" / "data").mkdir()
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path


def _train(
    container: Path, events: Path, capsys: pytest.CaptureFixture[str], **hyperparameters: str
) -> dict[str, float]:
    """Train, and read the metrics as the engine does: the last match of each regular expression."""
    (container / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    channel = container / "input" / "data" / "interactions"
    channel.unlink(missing_ok=True)
    channel.symlink_to(events)
    assert main(["train"]) == 0, (container / "output" / "failure").read_text()
    log = capsys.readouterr().out
    found = {name: re.findall(regex, log) for name, regex in METRIC_DEFINITIONS}
    return {name: float(matches[-1]) for name, matches in found.items() if matches}


def test_hrnn_learns_more_than_popularity(container: Path, events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    popular = _train(container, events, capsys, recipe="aws-popularity-count")
    hrnn = _train(container, events, capsys, recipe="aws-hrnn", hidden_dimension="32", epochs="4")
    ndcg = "test:normalized_discounted_cumulative_gain_at_10"
    assert hrnn[ndcg] > 1.1 * popular[ndcg]
    assert hrnn["test:coverage"] > popular["test:coverage"]
    assert hrnn[OBJECTIVE] > popular[OBJECTIVE]
    assert {"model.safetensors", "model.json", "items.json", "metrics.json"} <= {
        p.name for p in (container / "model").iterdir()
    }


def test_training_again_gives_the_same_numbers(
    container: Path, events: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"recipe": "aws-hrnn", "hidden_dimension": "16", "bptt": "8", "epochs": "1"}
    first = _train(container, events, capsys, **settings)
    assert _train(container, events, capsys, **settings) == first
    assert _train(container, events, capsys, **settings, recency_mask="false") != first


def test_similar_items_are_those_met_together_and_popularity_can_be_taken_out() -> None:
    pairs = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("c", "x"), ("c", "z"), ("d", "z"), ("e", "z"), ("f", "z")]
    events = Interactions.of([u for u, _ in pairs], [i for _, i in pairs], range(len(pairs)))
    similar = Sims(events, popularity_discount_factor=0.0, min_cointeraction_count=1).similar
    x, y, z = (events.item_ids.index(name) for name in "xyz")
    assert similar[x][:2].tolist() == [y, z]
    assert Sims(events, popularity_discount_factor=1.0, min_cointeraction_count=2).similar[x].tolist()[:2] == [y, -1]
    assert similar[z][0] == x
    filled = Sims(events, popularity_discount_factor=0.0, min_cointeraction_count=5)
    assert filled.recommend(events, np.array([0]), 2).tolist() == [[z, x]]  # nothing is similar: what is popular


def test_recent_events_count_more_with_the_mask(events: Path) -> None:
    read = read_interactions(events)
    weights = recency_weights(read)
    assert weights.mean() == pytest.approx(1.0)
    order = np.argsort(read.timestamps)
    assert np.all(np.diff(weights[order]) >= 0)
    assert weights[order][-1] / weights[order][0] == pytest.approx(16.0)  # four half-lives


def test_metric_lines_are_read_back_without_loss() -> None:
    for value in (0.1 + 0.2, 1e-17, 0.0, 123456.789):
        line = metric_line("Test", {"precision_at_5": value}, epoch=3)
        regex = dict(METRIC_DEFINITIONS)["test:precision_at_5"]
        match = re.search(regex, line)
        assert match is not None
        assert float(match.group(1)) == value


BAD = [
    (
        {},
        "recipe must be one of aws-hrnn, aws-popularity-count, aws-sims, aws-user-personalization, got None",
    ),
    (
        {"recipe": "aws-hrnn", "layers": "2"},
        "aws-hrnn has no hyperparameter 'layers'; it has hidden_dimension, bptt, "
        "recency_mask, min_user_history_length_percentile, max_user_history_length_percentile",
    ),
    (
        {"recipe": "aws-popularity-count", "bptt": "2"},
        "aws-popularity-count has no hyperparameter 'bptt'; it has no hyperparameters",
    ),
    ({"recipe": "aws-hrnn", "bptt": "0"}, "bptt must be at least 1, got 0"),
    ({"recipe": "aws-hrnn", "hidden_dimension": "4.5"}, "hidden_dimension must be a whole number, got '4.5'"),
    ({"recipe": "aws-hrnn", "recency_mask": "yes"}, "recency_mask must be one of true, false, got 'yes'"),
    (
        {"recipe": "aws-sims", "popularity_discount_factor": "nan"},
        "popularity_discount_factor must be a number, got 'nan'",
    ),
    ({"recipe": "aws-hrnn", "epochs": "0"}, "epochs must be at least 1, got 0"),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_bad_hyperparameters_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError) as refused:
        Settings.parse(given)
    assert str(refused.value) == message


def test_defaults_are_the_recipes() -> None:
    settings = Settings.parse({"recipe": "aws-hrnn", "_tuning_objective_metric": OBJECTIVE})
    assert settings.values == {h.name: h.default for h in RECIPES["aws-hrnn"].hyperparameters}
    assert settings.event_type is None


FEW = [
    (10, {}, "ClientError: Dataset has fewer than 1000 interactions"),
    (
        10,
        {"event_type": "view"},
        "ClientError: Dataset has fewer than 1000 interactions after filtering by event type: view",
    ),
    (1200, {}, "ClientError: Dataset has fewer than 25 users with at least 2 interactions each."),
]


@pytest.mark.parametrize(("count", "more", "reason"), FEW)
def test_too_little_data_is_the_failure_reason(
    container: Path, capsys: pytest.CaptureFixture[str], count: int, more: dict[str, str], reason: str
) -> None:
    channel = container / "input" / "data" / "interactions"
    channel.mkdir()
    rows = [f"u{n % 7},i{n % 9},{n},view" for n in range(count)]
    (channel / "e.csv").write_text("\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows]))
    hyperparameters = {"recipe": "aws-popularity-count", **more}
    (container / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    assert main(["train"]) == 1
    assert (container / "output" / "failure").read_text() == reason
    assert reason in capsys.readouterr().err


def test_generate_writes_a_file(tmp_path: Path) -> None:
    assert main(["generate", str(tmp_path / "e.csv"), "--events", "3000", "--seed", "5"]) == 0
    assert len(read_interactions(tmp_path)) >= 3000
