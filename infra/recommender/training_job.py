"""A training job from start to end: the channel `interactions` in, model and metrics out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import numpy as np

from infra.container import ClientError, Container, StopRequest

from .hyperparameters import PROGRAMS, Settings
from .interactions import Interactions, read_interactions
from .metric_lines import metric_line
from .metrics import DEPTH, offline_metrics
from .popularity import PopularityCount
from .recommenders import Recommender
from .sims import Sims
from .split import HeldOut, Split, by_history_length, by_item_count, split

CHANNEL = "interactions"
MIN_INTERACTIONS = 1000
MIN_USERS = 25
"""Users with at least two interactions; both minima are the service's."""

Log = Callable[[str], None]


def run(container: Container, settings: Settings, log: Log) -> None:
    """Train, measure, and leave the model in the container's model folder.

    Raises:
        ClientError: The data keep the job from training.
    """
    stop = StopRequest()
    events = read_interactions(
        container.channel(CHANNEL),
        event_type=settings.event_type,
        event_value_threshold=settings.event_value_threshold,
    )
    check_enough(events, settings.event_type)
    log(f"{len(events)} interactions of {len(events.user_ids)} users with {len(events.item_ids)} items")
    parts = split(events, seed=settings.seed)
    recommender = _train(parts, settings, log, lambda: stop.received)
    log(metric_line("Validation", _metrics(recommender, parts.validation)))
    metrics = _metrics(recommender, parts.test)
    log(metric_line("Test", metrics))
    container.model.mkdir(parents=True, exist_ok=True)
    recommender.save(container.model)
    (container.model / "items.json").write_text(json.dumps(events.item_ids) + "\n")
    (container.model / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


def check_enough(events: Interactions, event_type: str | None) -> None:
    """Refuse what the service refuses to train on, in its words."""
    if len(events) < MIN_INTERACTIONS:
        after = "" if event_type is None else f" after filtering by event type: {event_type}"
        raise ClientError(f"Dataset has fewer than {MIN_INTERACTIONS} interactions{after}")
    if np.sum(np.diff(events.bounds) >= 2) < MIN_USERS:
        raise ClientError(f"Dataset has fewer than {MIN_USERS} users with at least 2 interactions each.")


def _train(parts: Split, settings: Settings, log: Log, stopped: Callable[[], bool]) -> Recommender:
    program = PROGRAMS[settings.recipe.name]
    if program == "popularity-count":
        return PopularityCount(parts.train)
    low, high = (settings.number(f"{end}_user_history_length_percentile") for end in ("min", "max"))
    train = by_history_length(parts.train, low, high)
    if program == "sims":
        low, high = (settings.number(f"{end}_item_interaction_count_percentile") for end in ("min", "max"))
        return Sims(
            by_item_count(train, low, high),
            popularity_discount_factor=settings.number("popularity_discount_factor"),
            min_cointeraction_count=settings.integer("min_cointeraction_count"),
        )
    return _train_hrnn(train, parts.validation, settings, log, stopped)


def _train_hrnn(
    train: Interactions, validation: HeldOut, settings: Settings, log: Log, stopped: Callable[[], bool]
) -> Recommender:
    import torch

    from .hrnn_training import HrnnTraining

    # As many threads as the job was given: threads of parallel jobs fight for the same cores.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.set_flush_denormal(True)
    training = HrnnTraining(
        train,
        validation,
        hidden_dimension=settings.integer("hidden_dimension"),
        bptt=settings.integer("bptt"),
        recency_mask=settings.flag("recency_mask"),
        epochs=settings.epochs,
        seed=settings.seed,
    )

    def report(epoch: int, loss: float, metrics: dict[str, float]) -> bool:
        log(metric_line("Train", {"loss": loss}, epoch=epoch))
        log(metric_line("Validation", metrics, epoch=epoch))
        return not stopped()

    return training.fit(report)


def _metrics(recommender: Recommender, held: HeldOut) -> dict[str, float]:
    recommended = recommender.recommend(held.history, held.users, DEPTH)
    return offline_metrics(recommended, held.relevant(), items=len(held.history.item_ids))
