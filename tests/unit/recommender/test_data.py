"""Reading, sessions, the split and the generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.container import ClientError
from infra.recommender.generator import Settings, generate, write_csv
from infra.recommender.interactions import Interactions, read_interactions
from infra.recommender.sessions import session_starts
from infra.recommender.split import by_history_length, by_item_count, split

EVENTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9), st.integers(0, 10_000)), min_size=40, max_size=200)


def _events(drawn: list[tuple[int, int, int]]) -> Interactions:
    users, items, times = zip(*drawn, strict=True)
    return Interactions.of([f"u{u}" for u in users], [f"i{i}" for i in items], times)


@given(EVENTS, st.integers(0, 5))
@settings(deadline=None)
def test_the_split_holds_out_the_newest_tenth_of_whole_users(drawn: list[tuple[int, int, int]], seed: int) -> None:
    events = _events(drawn)
    lengths = np.diff(events.bounds)
    if np.sum(lengths >= 2) < 3:
        return
    parts = split(events, seed=seed)
    assert set(parts.test.users).isdisjoint(parts.validation.users)
    assert set(parts.train.users).isdisjoint([*parts.test.users, *parts.validation.users])
    total = len(parts.train) + sum(len(h.history) + len(h.newest) for h in (parts.test, parts.validation))
    assert total == len(events)
    for held in (parts.test, parts.validation):
        for user, relevant in zip(held.users, held.relevant(), strict=True):
            old = held.history.timestamps[held.history.users == user]
            new = held.newest.timestamps[held.newest.users == user]
            assert len(new) == max(1, lengths[user] // 10)
            assert len(old) >= 1
            assert old.max() <= new.min()
            assert set(relevant) == set(held.newest.items[held.newest.users == user])


def test_a_session_ends_with_half_an_hours_pause_or_the_user() -> None:
    events = Interactions.of(["a", "a", "a", "b"], ["x", "y", "z", "x"], [0, 1800, 3601, 3700])
    assert session_starts(events).tolist() == [True, False, True, True]


def test_percentiles_leave_out_users_and_items_at_the_ends() -> None:
    users = [f"u{n:03d}" for n in range(100) for _ in range(n + 1)]
    events = Interactions.of(users, [f"i{n % 7}" for n in range(len(users))], range(len(users)))
    kept = np.unique(by_history_length(events, 0.05, 0.95).users)
    assert (kept.min(), kept.max()) == (4, 94)
    items = [f"u{n:03d}" for n in range(100) for _ in range(n + 1)]
    events = Interactions.of([f"i{n % 7}" for n in range(len(items))], items, range(len(items)))
    kept = np.unique(by_item_count(events, 0.0, 0.9).items)
    assert (kept.min(), kept.max()) == (0, 89)


def test_generated_events_are_the_same_for_a_seed_and_have_structure(tmp_path: Path) -> None:
    wanted = Settings(events=5000, users=100, items=200, categories=10)
    first = generate(wanted)
    assert first == generate(wanted)
    assert first != generate(Settings(events=5000, users=100, items=200, categories=10, seed=8))
    assert [e.timestamp for e in first] == sorted(e.timestamp for e in first)
    write_csv(first, tmp_path / "events.csv")
    events = read_interactions(tmp_path)
    assert len(events) >= 5000
    counts = np.sort(np.bincount(events.items))[::-1]
    assert counts[:20].sum() > 0.4 * counts.sum()  # a tenth of the items has much more than its share
    assert 2 < len(events) / session_starts(events).sum() < 12


def test_filters_by_event_type_and_value(tmp_path: Path) -> None:
    rows = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE", "a,x,1,view,0.2", "a,y,2,buy,0.9", "a,z,3,view,"]
    (tmp_path / "e.csv").write_text("\n".join(rows))
    assert len(read_interactions(tmp_path)) == 3
    assert read_interactions(tmp_path, event_type="view").item_ids == ("x", "z")
    assert read_interactions(tmp_path, event_value_threshold=0.5).item_ids == ("y",)


BAD_FILES = [
    ("USER_ID,ITEM_ID\na,b\n", "e.csv lacks the columns TIMESTAMP"),
    ("USER_ID,ITEM_ID,TIMESTAMP\na,b,noon\n", "e.csv, line 2: TIMESTAMP must be whole seconds, got 'noon'"),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_bad_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(ClientError) as refused:
        read_interactions(tmp_path)
    assert str(refused.value) == message


def test_a_channel_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="the channel has no interactions: no CSV file in"):
        read_interactions(tmp_path / "none")
