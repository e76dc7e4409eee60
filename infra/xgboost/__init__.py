"""The XGBoost algorithm: a training program with the files, hyperparameters and log lines of SageMaker's own."""
