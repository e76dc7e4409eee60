"""Training jobs: programs run under the training container's contract."""
