"""What runs in AWS Lambda behind the constructs, and the contract between both sides.

Only the standard library and boto3; modules import each other relatively, so that they work as ``infra.handlers``
here and as ``handlers`` in the Lambda asset.
"""
