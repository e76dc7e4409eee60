"""An app with two stacks: the bucket for interactions, and the solutions that are trained on them."""

import sys
from pathlib import Path

import aws_cdk as cdk

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stacks.recommender_stacks import InteractionsStack, RecommenderStack

app = cdk.App()
interactions = InteractionsStack(app, "recommender-data")
RecommenderStack(app, "recommender-solutions", interactions=interactions)
app.synth()
