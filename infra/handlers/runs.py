"""The jobs that a declaration has, or had, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .declaration import run_names
from .life_cycle import State
from .ownership import Owner
from .subject import Job, Subject

# A run whose entry was deleted leaves a gap between the names; two in a row are taken for the end.
_GAP = 2


@dataclass(frozen=True)
class Run:
    """A name of a declaration, and what stands under it."""

    name: str
    job: Job | None
    owner: Owner

    def state(self, *, ours: bool) -> State:
        """The column of the life cycle's table."""
        if self.job is None:
            return State.ABSENT
        return State(self.job.status) if ours else State.FOREIGN


def run_of(name: str, jobs: Subject) -> Run:
    """What stands under ``name``."""
    job = jobs.find(name)
    return Run(name, job, Owner.of({} if job is None else jobs.tags(job.arn)))


def runs_of(declared: str, jobs: Subject) -> Iterator[Run]:
    """What stands under the declaration's names, up to the first ones that are free."""
    free = 0
    for name in run_names(declared):
        run = run_of(name, jobs)
        yield run
        free = free + 1 if run.job is None else 0
        if free == _GAP:
            return
