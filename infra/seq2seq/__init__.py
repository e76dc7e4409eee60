"""The sequence-to-sequence algorithm: the program of the training image, with SageMaker's files and hyperparameters."""
