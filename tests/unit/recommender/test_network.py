"""The hierarchical network: what flows where, and what must not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from infra.recommender.batches import Lanes
from infra.recommender.interactions import Interactions
from infra.recommender.loss import SampledSoftmax
from infra.recommender.network import HierarchicalNetwork


@pytest.fixture
def network() -> HierarchicalNetwork:
    torch.manual_seed(3)
    return HierarchicalNetwork(items=9, hidden_dimension=6)


def _read(
    network: HierarchicalNetwork, items: list[int], user_starts: list[bool], session_ends: list[bool]
) -> torch.Tensor:
    states, _ = network(
        torch.tensor(items)[:, None],
        torch.tensor(user_starts)[:, None],
        torch.tensor(session_ends)[:, None],
        network.start(1),
    )
    first: torch.Tensor = states[:, 0]
    return first


def test_a_session_begins_from_the_user_state_alone(network: HierarchicalNetwork) -> None:
    """What the last session's state tells the next one goes through the user-level GRU and the initial layer."""
    states = _read(network, [1, 2, 3], [True, False, False], [False, True, False])
    in_session = _read(network, [1, 2], [True, False], [False, False])[-1:]
    initial, _ = network.end_session(in_session, torch.zeros(1, 6))
    assert torch.allclose(states[1], initial[0])
    third = network.session_gru(network.embedding(torch.tensor([3])), initial)
    assert torch.allclose(states[2], third[0])


def test_nothing_of_one_user_reaches_the_next_in_the_lane(network: HierarchicalNetwork) -> None:
    after_another = _read(network, [1, 2, 5, 6], [True, False, True, False], [False, True, False, False])
    alone = _read(network, [5, 6], [True, False], [False, False])
    assert torch.equal(after_another[2:], alone)


def test_windows_carry_the_states_over(network: HierarchicalNetwork) -> None:
    items, starts, ends = [1, 2, 3, 4], [True, False, False, False], [False, True, False, True]
    whole = _read(network, items, starts, ends)
    state = network.start(1)
    parts = []
    for at in range(0, 4, 2):
        window = slice(at, at + 2)
        columns = (torch.tensor(c[window])[:, None] for c in (items, starts, ends))
        states, state = network(*columns, state)
        parts.append(states[:, 0])
    assert torch.allclose(torch.cat(parts), whole)


def test_gradients_reach_back_through_sessions_within_a_window(network: HierarchicalNetwork) -> None:
    states = _read(network, [1, 2, 3], [True, False, False], [False, True, False])
    states[-1].sum().backward()
    assert network.embedding.weight.grad is not None
    assert network.embedding.weight.grad[1].abs().sum() > 0
    assert network.user_gru.weight_ih.grad is not None
    assert network.user_gru.weight_ih.grad.abs().sum() > 0


def _events() -> Interactions:
    users = ["a"] * 5 + ["b"] * 3 + ["c"] * 4 + ["d"]
    times = [0, 10, 20, 9000, 9010, 0, 5, 9000, 0, 1, 2, 3, 0]
    return Interactions.of(users, [f"i{n}" for n in range(13)], times)


@pytest.mark.parametrize(("lanes", "bptt"), [(1, 3), (2, 4), (5, 32)])
def test_an_epoch_has_every_transition_once(lanes: int, bptt: int) -> None:
    events = _events()
    pairs = []
    for window in Lanes(events, np.ones(len(events)), lanes).windows(bptt, np.random.default_rng(0)):
        assert window.items.shape[0] <= bptt
        counted = window.weights > 0
        pairs += list(zip(window.items[counted].tolist(), window.targets[counted].tolist(), strict=True))
    index = [events.item_ids.index(f"i{n}") for n in range(13)]
    expected = [(index[n], index[n + 1]) for n in (0, 1, 2, 3, 5, 6, 8, 9, 10)]
    assert sorted(pairs) == sorted(expected)


def test_the_weight_is_that_of_the_event_to_predict() -> None:
    events = _events()
    weights = np.arange(len(events), dtype=float) + 1
    found: dict[int, float] = {}
    for window in Lanes(events, weights, 2).windows(32, np.random.default_rng(0)):
        counted = window.weights > 0
        found.update(zip(window.targets[counted].tolist(), window.weights[counted].tolist(), strict=True))
    assert found == {int(events.items[n]): n + 1.0 for n in (1, 2, 3, 4, 6, 7, 9, 10, 11)}


def test_sampled_softmax_comes_near_the_full_one() -> None:
    torch.manual_seed(0)
    items = 6000
    network = HierarchicalNetwork(items, 8)
    counts = torch.randint(1, 50, (items,)).float()
    states, targets, weights = torch.randn(64, 8), torch.randint(0, items, (64,)), torch.rand(64) + 0.1
    loss = SampledSoftmax(counts, torch.Generator().manual_seed(1))
    sampled = np.mean([loss(network, states, targets, weights).item() for _ in range(20)])
    losses = torch.nn.functional.cross_entropy(network.scores(states), targets, reduction="none")
    full = ((losses * weights).sum() / weights.sum()).item()
    assert sampled == pytest.approx(full, abs=0.05)
