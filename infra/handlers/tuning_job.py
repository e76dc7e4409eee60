"""``Custom::HyperParameterTuningJob``: starts, re-tags and ends a tuning job, as ``life_cycle`` says."""

from __future__ import annotations

from . import clients, deploying
from .entry import Answer, entry_point
from .events import Event
from .jobs import TuningJobs


@entry_point
def on_event(event: Event) -> Answer:
    """Decide what the request needs; answers the physical id, which is the name of the tuning job."""
    return deploying.decide(event, TuningJobs(clients.sagemaker()))


@entry_point
def is_complete(event: Event) -> Answer:
    """Take the next step of what was decided, and answer whether it was the last."""
    return deploying.proceed(event, TuningJobs(clients.sagemaker()))
