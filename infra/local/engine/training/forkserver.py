"""Starts supervisors, and the programs of our own images, by forking a process that has imported their modules already.

Started as a file by the engine (`python -P forkserver.py PROJECT MODULE...`). It imports the modules, then reads job
folders from its input, one a line as JSON, forks a supervisor for each and answers with its process id once that holds
its lock. It ends with its input; the supervisors go on.

Jobs stay apart: each program is a process of its own, forked from one that has imported modules and done nothing else,
in its own session, with its own environment, working folder, log and seeds.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.util
import io
import json
import os
import runpy
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

READY = "ready"

_STANDARD_STREAMS = 3

_AT_FIRST_USE = {"numpy": "numpy.random", "torch": "torch._dynamo"}
"""What libraries import at first use only. An optimiser wants torch._dynamo: seconds, which each job would pay."""


def main(project: str, modules: list[str]) -> None:
    """Serve until the input ends."""
    sys.path.insert(0, project)
    for module in modules:
        importlib.import_module(module)
    for library, later in _AT_FIRST_USE.items():
        if library in sys.modules:
            with contextlib.suppress(ImportError):  # no more than speed depends on it
                importlib.import_module(later)
    supervisor = _load_supervisor()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the supervisors
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # a collection in a child would copy what all of them share
    print(READY, flush=True)  # noqa: T201 (the answer to the engine)
    for line in sys.stdin:
        print(_fork_supervisor(supervisor, Path(json.loads(line))), flush=True)  # noqa: T201


def _load_supervisor() -> Any:
    """The module beside this file; importing it by its package would import the whole engine."""
    spec = importlib.util.spec_from_file_location("supervisor", Path(__file__).with_name("supervisor.py"))
    if spec is None or spec.loader is None:
        raise ImportError("supervisor.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _fork_supervisor(supervisor: Any, folder: Path) -> int:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = os.EX_SOFTWARE
        try:
            os.setsid()
            _redirect(folder / "supervisor.log")
            os.close(reader)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = supervisor.main(folder, locked=lambda: os.close(writer), module_starter=ForkedProgram)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writer)
    os.read(reader, 1)  # ends when the supervisor holds its lock, or has failed
    os.close(reader)
    return pid


class ForkedProgram:
    """A module run as a program in a fork of this process; what the supervisor needs of a Popen.

    Args:
        spec: What to run: `module` (the module's name and its arguments), `environment` and `directory`.
        log: The descriptor that standard output and error go to.
    """

    def __init__(self, spec: dict[str, Any], log: int) -> None:
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                code = _run_program(spec, log)
            except BaseException:
                traceback.print_exc()
            finally:
                with contextlib.suppress(BaseException):
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(code & 0xFF)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._collect(os.WNOHANG)

    def wait(self) -> int:
        """The same, once it has ended."""
        code = self._collect(0)
        return os.EX_SOFTWARE if code is None else code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _collect(self, options: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def _run_program(spec: dict[str, Any], log: int) -> int:
    """As the interpreter would run `python -m module arguments`."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(_STANDARD_STREAMS, os.sysconf("SC_OPEN_MAX"))  # the supervisor's lock among them
    sys.stdout = _text(1, errors="strict")
    sys.stderr = _text(2, errors="backslashreplace")
    os.environ.clear()
    os.environ.update(spec["environment"])
    os.chdir(spec["directory"])
    _settle_libraries()
    module, *arguments = spec["module"]
    sys.argv = [module, *arguments]
    code = _exit_code(module)
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the interpreter does
    atexit._run_exitfuncs()
    return code


def _text(descriptor: int, *, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(os.fdopen(descriptor, "wb", 0), encoding="utf-8", errors=errors, write_through=True)


def _settle_libraries() -> None:
    """What libraries read from the environment, or seed, when they are imported."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if "torch" in sys.modules and threads.isdecimal():
        sys.modules["torch"].set_num_threads(int(threads))
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _exit_code(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _redirect(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
