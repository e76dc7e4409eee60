"""SageMaker's contract with a training image, as all our training programs keep it; standard library alone.

Where a job's files lie (``files``), how a program is called and how it ends (``program``, ``errors``), and how a string
becomes a hyperparameter (``rules``).
"""

from .errors import ClientError
from .files import Container, StopRequest
from .program import exit_code_of, log, run_program

__all__ = ["ClientError", "Container", "StopRequest", "exit_code_of", "log", "run_program"]
