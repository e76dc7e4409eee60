"""What an hour of an instance costs: from a price file, or from AWS's price list as kept in ``cdk.context.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, Protocol

from infra.review.amounts import Amount, Unknown

CONTEXT_KEY: Final = "sagemaker-training-price"
"""First part of a key in ``cdk.context.json``, such as ``…:region=eu-west-1:instance-type=ml.g5.xlarge``."""

PRICE_LIST_REGION: Final = "us-east-1"
"""Where the price list of all regions is asked for."""


class PriceList(Protocol):
    """AWS's price list: a client of the ``pricing`` API."""

    def get_products(self, **request: Any) -> Mapping[str, Any]:
        """The products that match all filters, each as JSON text."""
        ...


class PriceError(Exception):
    """Prices cannot be read; the message names the file and what it should hold."""


@dataclass(frozen=True)
class Price:
    """US dollars for an hour of one instance.

    Attributes:
        on_demand: the list price.
        spot: the price of spot capacity. Default: None; the list price is its upper bound.
    """

    on_demand: Decimal
    spot: Decimal | None = None

    def hourly(self, *, spot: bool) -> Decimal:
        """The price that is the most to be paid."""
        return self.spot if spot and self.spot is not None else self.on_demand


class Prices:
    """Known prices; those of a price file count everywhere and before those of the price list."""

    def __init__(self, given: Mapping[str, Price] | None = None, context: Mapping[str, Any] | None = None) -> None:
        self._given = {} if given is None else dict(given)
        self._context = {} if context is None else context

    def hourly(self, instance_type: str, region: str | None, *, spot: bool = False) -> Amount:
        """What an hour costs, in US dollars; unknown with a reason where no price is known."""
        if instance_type in self._given:
            return self._given[instance_type].hourly(spot=spot)
        if region is None:
            return Unknown(
                f"no price for {instance_type}: the stack's region is known at deployment only, give it with --region"
            )
        cached = self._context.get(context_key(instance_type, region))
        if cached is None:
            return Unknown(f"no price for {instance_type} in {region}")
        return _price(cached, "cdk.context.json").hourly(spot=spot)

    def missing(self, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those pairs of instance type and region that have no price."""
        return sorted({pair for pair in wanted if isinstance(self.hourly(*pair), Unknown)})


def context_key(instance_type: str, region: str) -> str:
    """Where the price of an instance type stands in ``cdk.context.json``."""
    return f"{CONTEXT_KEY}:region={region}:instance-type={instance_type}"


def read_prices(file: Path | None, context_file: Path) -> Prices:
    """The prices of a price file, such as ``{"ml.g5.xlarge": {"on_demand": 1.408, "spot": 0.6}}``, and the kept ones.

    Raises:
        PriceError: if a file is no JSON or holds anything else.
    """
    given = {} if file is None else {name: _price(value, str(file), name) for name, value in _json(file).items()}
    return Prices(given, _json(context_file) if context_file.is_file() else {})


def fetch_prices(client: PriceList, wanted: Iterable[tuple[str, str]], context_file: Path) -> list[str]:
    """Ask AWS's price list for instance types in regions, and keep the answers in ``cdk.context.json``.

    Returns:
        What was not found, as ``ml.g4dn.xlarge in eu-west-1``.
    """
    context = _json(context_file, exact=False) if context_file.is_file() else {}
    absent = []
    for instance_type, region in wanted:
        price = list_price(client, instance_type, region)
        if price is None:
            absent.append(f"{instance_type} in {region}")
        else:
            # As text: a number would lose its last digits on the way through other programs' floats.
            context[context_key(instance_type, region)] = {"on_demand": str(price)}
    context_file.write_text(f"{json.dumps(context, indent=2)}\n", encoding="utf-8")
    return absent


def list_price(client: PriceList, instance_type: str, region: str) -> Decimal | None:
    """The list price of an hour of training; None if the price list has none."""
    answer = client.get_products(
        ServiceCode="AmazonSageMaker",
        Filters=[
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
            {"Type": "TERM_MATCH", "Field": "instanceName", "Value": instance_type},
            {"Type": "TERM_MATCH", "Field": "component", "Value": "Training"},
        ],
    )
    found = [price for product in answer["PriceList"] for price in _hourly_prices(json.loads(product))]
    return max(found, default=None)


def _hourly_prices(product: Mapping[str, Any]) -> Iterable[Decimal]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            price = Decimal(dimension.get("pricePerUnit", {}).get("USD", "0"))
            if price > 0 and str(dimension.get("unit", "")).lower() in ("hrs", "hours", "hour"):
                yield price


def _json(file: Path, *, exact: bool = True) -> dict[str, Any]:
    try:
        loaded = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal if exact else float)
    except (OSError, ValueError) as error:
        raise PriceError(f"cannot read {file}: {error}") from error
    if not isinstance(loaded, dict):
        raise PriceError(f"{file} must hold an object, got {type(loaded).__name__}")
    return loaded


def _price(value: Any, file: str, name: str = "a kept price") -> Price:
    form = '{"on_demand": 0.7364, "spot": 0.25}, of which "spot" may be left out'
    if not isinstance(value, Mapping) or "on_demand" not in value or set(value) - {"on_demand", "spot"}:
        raise PriceError(f"{file}: {name} must be of the form {form}, got {_shown(value)}")
    amounts = {}
    for kind, amount in value.items():
        try:
            amounts[kind] = Decimal(str(amount))
        except InvalidOperation:
            raise PriceError(f"{file}: {kind} of {name} must be a number of US dollars, got {amount!r}") from None
        if not amounts[kind].is_finite() or amounts[kind] < 0:
            raise PriceError(f"{file}: {kind} of {name} must be at least 0, got {amount}")
    return Price(**amounts)


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)
