#!/usr/bin/env python3
"""The app: reads its settings once and builds the stacks."""

import aws_cdk as cdk

from stacks import DataStack, Settings, TuningStack

app = cdk.App()
settings = Settings.from_context(app.node.get_all_context())

data = DataStack(app, f"{settings.prefix}-data", settings=settings)
TuningStack(app, f"{settings.prefix}-tuning", settings=settings, data=data)

app.synth()
