"""What a reviewer sees of declared tuning jobs, read from a cloud assembly: requests, plans, costs, changes."""

from infra.review.assembly import Assembly, AssemblyError, TemplateResource, TuningJobResource, read_assembly
from infra.review.request import RequestError, request_of

__all__ = [
    "Assembly",
    "AssemblyError",
    "RequestError",
    "TemplateResource",
    "TuningJobResource",
    "read_assembly",
    "request_of",
]
