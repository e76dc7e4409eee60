"""Settings: what stands in the CDK context is what the stacks get, or the context key is named."""

from __future__ import annotations

import pytest

from stacks.settings import Settings, SettingsError


def test_an_empty_context_gives_the_documented_defaults() -> None:
    assert Settings.from_context({}) == Settings()


def test_the_command_line_wins_over_cdk_json() -> None:
    settings = Settings.from_context(
        {"tuning": {"max_number_of_training_jobs": 8, "prefix": "team"}, "tuning:max_number_of_training_jobs": "20"}
    )
    assert (settings.prefix, settings.max_number_of_training_jobs) == ("team", 20)


def test_a_seed_of_zero_is_a_seed() -> None:
    assert Settings.from_context({"tuning": {"random_seed": 0}}).random_seed == 0


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"tuning:max_runtime_minutes": "ten"},
            "tuning:max_runtime_minutes must be a whole number, got 'ten'",
        ),
        ({"tuning": {"random_seed": True}}, "tuning:random_seed must be a whole number, got True"),
        ({"tuning": {"prefix": 5}}, "tuning:prefix must be a string, got 5"),
        ({"tuning": {"max_runtime_minutes": 1.5}}, "tuning:max_runtime_minutes must be a whole number, got 1.5"),
        (
            {"tuning": {"seed": 1}},
            "tuning:seed is not a setting, the settings are corpus, instance_type, max_num_batches, "
            "max_number_of_training_jobs, max_parallel_training_jobs, max_runtime_minutes, prefix, random_seed",
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_key(context: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_context(context)
    assert str(error.value) == message


def test_all_bad_settings_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"tuning:prefix.*; tuning:random_seed"):
        Settings.from_context({"tuning": {"prefix": 1, "random_seed": "x"}})
