"""Checks of tuning jobs for cdk-nag, beside its own packs such as AwsSolutions: each rule is a file.

They need the extra ``cdk-tuning[checks]``; the constructs themselves do not.
"""

from constructs_lib.checks._pack import RULES, TuningChecks
from constructs_lib.checks._rule import Rule

__all__ = ["RULES", "Rule", "TuningChecks"]
