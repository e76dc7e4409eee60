"""The app's stacks: what is deployed together. Composition of constructs, no logic."""

from stacks.data_stack import DataStack
from stacks.settings import Settings
from stacks.tuning_stack import TuningStack

__all__ = ["DataStack", "Settings", "TuningStack"]
