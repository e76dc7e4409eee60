"""The inference server of a trained model: ``/ping`` and ``/invocations``, as SageMaker's endpoints call them."""
