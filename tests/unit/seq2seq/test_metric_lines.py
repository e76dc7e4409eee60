import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.seq2seq.metric_lines import METRIC_DEFINITIONS, checkpoint_line, metric_line, speed_line


def _matches(line: str) -> dict[str, float]:
    found = {name: re.search(regex, line) for name, regex in METRIC_DEFINITIONS}
    return {name: float(match[1]) for name, match in found.items() if match}


@given(st.floats(0, 1e305), st.floats(0, 1), st.floats(0, 1))
def test_each_metric_is_matched_by_its_definition_and_no_other(perplexity: float, accuracy: float, bleu: float) -> None:
    line = metric_line(3, "Validation", {"perplexity": perplexity, "accuracy": accuracy, "bleu": bleu})
    assert _matches(line) == {
        "validation:perplexity": pytest.approx(perplexity, rel=1e-5),
        "validation:accuracy": pytest.approx(accuracy, rel=1e-5),
        "validation:bleu": pytest.approx(bleu, rel=1e-5),
    }


def test_lines_are_sockeyes_in_form() -> None:
    assert metric_line(3, "Validation", {"perplexity": 7.07}) == "Checkpoint [3]\tValidation-perplexity=7.07"
    progress = checkpoint_line(3, updates=3000, epoch=1, samples=192000, seconds=12.3, rate=81.3)
    assert progress == "Checkpoint [3]\tUpdates=3000 Epoch=1 Samples=192000 Time-cost=12.3 Updates/sec=81.3"
    speed = speed_line(1, 150, samples=990.1, tokens=19802, updates=15.5)
    assert speed == "Epoch[1] Batch [150]\tSpeed: 990.1 samples/sec 19802.0 tokens/sec 15.50 updates/sec"
    assert _matches(progress) == _matches(speed) == {}


def test_definitions_have_one_group_each() -> None:
    assert all(re.compile(regex).groups == 1 for _, regex in METRIC_DEFINITIONS)
