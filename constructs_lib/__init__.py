"""Hyperparameter tuning jobs and what surrounds them, as AWS CDK constructs."""
