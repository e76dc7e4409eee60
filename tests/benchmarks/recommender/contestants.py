"""What the benchmark compares: each contestant trains on one split and recommends for its users."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from infra.recommender.hrnn_training import PATIENCE, HrnnTraining
from infra.recommender.interactions import Interactions
from infra.recommender.metrics import DEPTH, offline_metrics
from infra.recommender.popularity import PopularityCount
from infra.recommender.split import HeldOut, Split

NDCG = "normalized_discounted_cumulative_gain_at_10"
HIDDEN = 64
SEQUENCE = 50
Items = npt.NDArray[np.int64]
Setting = Mapping[str, float]


@dataclass(frozen=True)
class Trained:
    """How to recommend, and how many epochs were trained."""

    recommend: Callable[[HeldOut], Items]
    epochs: int


Train = Callable[[Split, int, int, Setting], Trained]


@dataclass(frozen=True)
class Contestant:
    """A recommender of the comparison.

    Attributes:
        name: as the table shows it.
        train: from a split, a seed, the most epochs and a setting.
        settings: what a short search by the validation users chooses from before the seeds count. Default: nothing.
    """

    name: str
    train: Train
    settings: tuple[Setting, ...] = field(default=({},))


def ndcg(held: HeldOut, recommended: Items) -> float:
    """NDCG@10 by our offline metrics, the same for all."""
    return offline_metrics(recommended, held.relevant(), items=len(held.history.item_ids))[NDCG]


def _popularity(parts: Split, _seed: int, _epochs: int, _setting: Setting) -> Trained:
    trained = PopularityCount(parts.train)
    return Trained(lambda held: trained.recommend(held.history, held.users, DEPTH), 1)


def _hrnn(parts: Split, seed: int, epochs: int, _setting: Setting) -> Trained:
    """Ours, as the service trains it, with early stopping by validation users."""
    training = HrnnTraining(
        parts.train, parts.validation, hidden_dimension=HIDDEN, bptt=32, recency_mask=False, epochs=epochs, seed=seed
    )
    ran: list[int] = []

    def count(epoch: int, _loss: float, _metrics: dict[str, float]) -> bool:
        ran.append(epoch)
        return True

    trained = training.fit(count)
    return Trained(lambda held: trained.recommend(held.history, held.users, DEPTH), len(ran))


def _als(parts: Split, seed: int, _epochs: int, setting: Setting) -> Trained:
    """implicit's alternating least squares of the same size; it knows no order of events."""
    from implicit.als import AlternatingLeastSquares
    from scipy import sparse

    def matrix(events: Interactions) -> Any:
        shape = (len(events.user_ids), len(events.item_ids))
        return sparse.csr_matrix((np.ones(len(events), dtype=np.float32), (events.users, events.items)), shape=shape)

    model = AlternatingLeastSquares(factors=HIDDEN, iterations=15, random_state=seed, num_threads=1, **setting)
    model.fit(matrix(parts.train), show_progress=False)

    def recommend(held: HeldOut) -> Items:
        met = matrix(held.history)[held.users]
        found, _ = model.recommend(
            np.arange(len(held.users)), met, N=DEPTH, recalculate_user=True, filter_already_liked_items=False
        )
        return np.asarray(found, dtype=np.int64)

    return Trained(recommend, 15)


def _gru4rec(parts: Split, seed: int, epochs: int, setting: Setting) -> Trained:
    """RecBole's GRU4Rec of the same size with cross-entropy over all items.

    Epochs are chosen as ours are, by NDCG@10 of the validation users, with the same patience.
    """
    _restore_names_that_recbole_needs()
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.model.sequential_recommender import GRU4Rec
    from recbole.trainer import Trainer

    # RecBole writes its logs into the current folder.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _write_inter(parts.train, Path(folder))
        config = Config(model="GRU4Rec", dataset="events", config_dict=_recbole_settings(folder, seed, setting))
        dataset = create_dataset(config)
        data, _, _ = data_preparation(config, dataset)
        torch.manual_seed(seed)
        model = GRU4Rec(config, data.dataset)
        trainer = Trainer(config, model)
        tokens = dataset.field2id_token["item_id"]
        best, since, state, ran = -1.0, 0, {}, 0
        for epoch in range(epochs):
            trainer._train_epoch(data, epoch, show_progress=False)
            ran = epoch + 1
            score = ndcg(parts.validation, _gru4rec_recommend(model, tokens, parts.validation))
            since += 1
            if score > best:
                best, since = score, 0
                state = {name: value.clone() for name, value in model.state_dict().items()}
            if since >= PATIENCE:
                break
        model.load_state_dict(state)
    return Trained(lambda held: _gru4rec_recommend(model, tokens, held), ran)


def _restore_names_that_recbole_needs() -> None:
    """RecBole 1.2.1 reads names that NumPy 2 took away."""
    for name, kind in (("float_", np.float64), ("complex_", np.complex128), ("unicode_", np.str_)):
        setattr(np, name, kind)


def _write_inter(events: Interactions, folder: Path) -> None:
    (folder / "events").mkdir()
    rows = zip(events.users, events.items, events.timestamps, strict=True)
    lines = ["user_id:token\titem_id:token\ttimestamp:float", *(f"u{u}\t{i}\t{t}" for u, i, t in rows)]
    (folder / "events" / "events.inter").write_text("\n".join(lines) + "\n")


def _recbole_settings(folder: str, seed: int, setting: Setting) -> dict[str, Any]:
    return {
        "data_path": folder,
        "checkpoint_dir": folder,
        "seed": seed,
        "use_gpu": False,
        "state": "ERROR",
        "show_progress": False,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "MAX_ITEM_LIST_LENGTH": SEQUENCE,
        "embedding_size": HIDDEN,
        "hidden_size": HIDDEN,
        "num_layers": 1,
        "loss_type": "CE",
        "train_neg_sample_args": None,
        "train_batch_size": 2048,
        "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "group_by": "user", "order": "TO", "mode": "full"},
        **setting,
    }


def _gru4rec_recommend(model: Any, tokens: Any, held: HeldOut) -> Items:
    ours = np.array([-1 if token == "[PAD]" else int(token) for token in tokens])
    theirs = np.zeros(int(ours.max()) + 1, dtype=np.int64)
    theirs[ours[1:]] = np.arange(1, len(ours))
    bounds = held.history.bounds
    sequences = np.zeros((len(held.users), SEQUENCE), dtype=np.int64)
    lengths = np.zeros(len(held.users), dtype=np.int64)
    for row, user in enumerate(held.users):
        known = [i for i in held.history.items[bounds[user] : bounds[user + 1]] if i < len(theirs) and theirs[i]]
        latest = theirs[known[-SEQUENCE:]]
        sequences[row, : len(latest)], lengths[row] = latest, max(1, len(latest))
    model.eval()
    with torch.no_grad():
        states = model.forward(torch.from_numpy(sequences), torch.from_numpy(lengths))
        scores = states @ model.item_embedding.weight.T
        scores[:, 0] = -torch.inf
    best: Items = ours[scores.topk(DEPTH).indices.numpy()]
    return best


def process_seconds(work: Callable[[], Trained]) -> tuple[Trained, float]:
    """A result, and the CPU seconds that it took this process."""
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


CONTESTANTS = (
    Contestant("Popularity-Count", _popularity),
    Contestant(
        "implicit ALS",
        _als,
        tuple({"alpha": alpha, "regularization": r} for alpha in (1.0, 10.0, 40.0) for r in (0.01, 0.1, 1.0)),
    ),
    Contestant("RecBole GRU4Rec", _gru4rec, tuple({"learning_rate": rate} for rate in (0.003, 0.01, 0.03))),
    Contestant("HRNN (ours)", _hrnn),
)
