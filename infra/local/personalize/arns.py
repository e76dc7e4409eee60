"""ARNs as Personalize builds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arns:
    """ARNs of one region and account."""

    region: str
    account: str

    def of(self, kind: str, name: str) -> str:
        """Such as `arn:aws:personalize:us-east-1:000000000000:solution/shop`."""
        return f"arn:aws:personalize:{self.region}:{self.account}:{kind}/{name}"


def name_of(arn: str) -> str:
    """What follows the kind: `shop/1f2e3d4c` of a solution version."""
    return arn.rpartition(":")[2].partition("/")[2]
