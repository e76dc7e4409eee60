import pytest
import torch

from infra.seq2seq.initialization import Initializer
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.optimizers import clip_gradients, make_optimizer
from infra.seq2seq.schedulers import make_scheduler

from .tiny import settings


def test_inverse_time_schedules_halve_the_rate_at_the_half_life() -> None:
    common = {"learning_rate": "0.8", "fixed_rate_lr_half_life": "2", "checkpoint_frequency_num_batches": "50"}
    for kind in ("fixed_rate_inv_t", "fixed_rate_inv_sqrt_t"):
        scheduler = make_scheduler(settings(lr_scheduler_type=kind, **common))
        assert scheduler.rate(0) == pytest.approx(0.8)
        assert scheduler.rate(100) == pytest.approx(0.4)


def test_a_plateau_reduces_the_rate_and_starts_counting_anew() -> None:
    scheduler = make_scheduler(
        settings(learning_rate="0.8", plateau_reduce_lr_factor="0.25", plateau_reduce_lr_threshold="2")
    )
    rates = []
    for improved in (False, True, False, False, False, False):
        scheduler.checkpoint(improved)
        rates.append(scheduler.rate(1))
    assert rates == pytest.approx([0.8, 0.8, 0.8, 0.2, 0.2, 0.05])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"optimizer_type": "sgd"}, [0.9, 0.8]),
        ({"optimizer_type": "sgd", "momentum": "0.5"}, [0.9, 0.75]),
        ({"optimizer_type": "sgd", "weight_decay": "0.1"}, [0.89, 0.7811]),
        ({"optimizer_type": "adam"}, [0.9, 0.8]),
        ({"optimizer_type": "rmsprop"}, [1 - 0.1 / 0.1**0.5, 1 - 0.1 / 0.1**0.5 - 0.1 / 0.19**0.5]),
    ],
)
def test_optimizers_step_as_documented(changes: dict[str, str], expected: list[float]) -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.ones_(layer.weight)
    optimizer = make_optimizer(settings(learning_rate="0.1", **changes), layer)
    values = []
    for _ in range(2):
        layer.weight.grad = torch.ones(1, 1)
        optimizer.step()
        values.append(layer.weight.item())
    assert values == pytest.approx(expected, abs=1e-5)


def test_gradients_are_clipped_by_absolute_value_unless_negative() -> None:
    layer = torch.nn.Linear(3, 1, bias=False)
    for threshold, expected in ((0.5, [-0.5, 0.1, 0.5]), (-1.0, [-3.0, 0.1, 2.0])):
        layer.weight.grad = torch.tensor([[-3.0, 0.1, 2.0]])
        clip_gradients(layer, threshold)
        assert layer.weight.grad.tolist()[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "half_width"),
    [
        ({"weight_init_scale": "3"}, (3 / 10) ** 0.5),
        ({"weight_init_scale": "3", "xavier_factor_type": "out"}, (3 / 40) ** 0.5),
        ({"weight_init_scale": "3", "xavier_factor_type": "avg"}, (3 / 25) ** 0.5),
        ({"weight_init_type": "uniform", "weight_init_scale": "-0.25"}, 0.25),
    ],
)
def test_initial_weights_fill_their_interval(changes: dict[str, str], half_width: float) -> None:
    torch.manual_seed(1)
    values = Initializer.of(settings(**changes)).weight(10, 40)
    assert float(values.detach().abs().max()) == pytest.approx(half_width, rel=0.05)
    assert float(values.detach().abs().max()) <= half_width


def test_the_seed_decides_the_initial_model() -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return torch.cat([value.detach().flatten() for value in Seq2Seq(settings(), 9, 9).parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
