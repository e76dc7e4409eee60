from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra.review.amounts import Unknown
from infra.review.prices import PriceError, Prices, fetch_prices, read_prices

KEY = "sagemaker-training-price:region=eu-west-1:instance-type=ml.g5.xlarge"


@pytest.fixture
def price_list() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def product(*prices: str, unit: str = "Hrs") -> str:
    dimensions = {str(index): {"unit": unit, "pricePerUnit": {"USD": price}} for index, price in enumerate(prices)}
    return json.dumps({"terms": {"OnDemand": {"T": {"priceDimensions": dimensions}}}})


def answer(stubber: Stubber, instance_type: str, *products: str) -> None:
    filters = {"regionCode": "eu-west-1", "instanceName": instance_type, "component": "Training"}
    expected = {
        "ServiceCode": "AmazonSageMaker",
        "Filters": [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
    }
    stubber.add_response("get_products", {"PriceList": list(products)}, expected)


def test_a_price_file_counts_everywhere_and_spot_is_at_most_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"ml.g5.xlarge": {"on_demand": 1.408}, "ml.m5.large": {"on_demand": 0.115, "spot": "0.04"}}')
    prices = read_prices(file, tmp_path / "absent.json")
    assert prices.hourly("ml.g5.xlarge", None) == Decimal("1.408")
    assert prices.hourly("ml.g5.xlarge", "eu-west-1", spot=True) == Decimal("1.408")
    assert prices.hourly("ml.m5.large", None, spot=True) == Decimal("0.04")
    assert prices.hourly("ml.p3.2xlarge", "eu-west-1") == Unknown("no price for ml.p3.2xlarge in eu-west-1")
    assert prices.hourly("ml.p3.2xlarge", None) == Unknown(
        "no price for ml.p3.2xlarge: the stack's region is known at deployment only, give it with --region"
    )


def test_fetched_prices_are_kept_beside_what_the_context_has(tmp_path: Path, price_list: tuple[Any, Stubber]) -> None:
    # GIVEN
    context = tmp_path / "cdk.context.json"
    context.write_text('{"something": {"else": 0.1}}')
    client, stubber = price_list
    answer(stubber, "ml.g5.xlarge", product("0.0000000000", "1.4080000000"), product("99", unit="Quantity"))
    answer(stubber, "ml.z9.large")
    # WHEN
    absent = fetch_prices(client, [("ml.g5.xlarge", "eu-west-1"), ("ml.z9.large", "eu-west-1")], context)
    # THEN
    assert absent == ["ml.z9.large in eu-west-1"]
    assert json.loads(context.read_text()) == {"something": {"else": 0.1}, KEY: {"on_demand": "1.4080000000"}}
    assert read_prices(None, context).hourly("ml.g5.xlarge", "eu-west-1") == Decimal("1.408")


def test_a_price_file_wins_over_kept_prices() -> None:
    kept = {KEY: {"on_demand": "2"}}
    assert Prices(context=kept).hourly("ml.g5.xlarge", "eu-west-1") == 2
    assert Prices(context=kept).missing([("ml.g5.xlarge", "eu-west-1"), ("ml.g5.xlarge", "us-east-1")]) == [
        ("ml.g5.xlarge", "us-east-1")
    ]


FORM = '{"on_demand": 0.7364, "spot": 0.25}, of which "spot" may be left out'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "{file} must hold an object, got list"),
        ('{"ml.m5.large": 0.1}', f'{{file}}: ml.m5.large must be of the form {FORM}, got "0.1"'),
        ('{"ml.m5.large": {"spot": 1}}', f'{{file}}: ml.m5.large must be of the form {FORM}, got {{"spot": 1}}'),
        (
            '{"ml.m5.large": {"on_demand": "cheap"}}',
            "{file}: on_demand of ml.m5.large must be a number of US dollars, got 'cheap'",
        ),
        ('{"ml.m5.large": {"on_demand": -1}}', "{file}: on_demand of ml.m5.large must be at least 0, got -1"),
        ('{"ml.m5.large": {"on_demand": NaN}}', "{file}: on_demand of ml.m5.large must be at least 0, got nan"),
    ],
)
def test_bad_price_files_are_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(content)
    with pytest.raises(PriceError) as error:
        read_prices(file, tmp_path / "absent.json")
    assert str(error.value) == message.replace("{file}", str(file)).replace("{{", "{").replace("}}", "}")
