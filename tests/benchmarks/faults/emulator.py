"""ministack with a ResponseURL that fails when told to, and with what CloudFormation does when a Delete fails.

``python emulator.py ANSWERS``, where the file ``ANSWERS`` has the number of the next answers that fail.

The emulator goes on with a stack's deletion where a Delete failed, and so takes away the functions that the next
attempt needs; CloudFormation leaves what a resource depends on. And CloudFormation tries a Delete three times in the
clean-up phase, the emulator once.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ministack.app
from ministack.services.cloudformation import _stacks as stacks_by_name
from ministack.services.cloudformation import handlers, stacks

ANSWER_PATH = "/_ministack/cfn-response/"
CLEAN_UP_TRIES = 3
# In these states a resource is not deleted before those that depend on it are.
WHOLE_STACK = ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


class Answers:
    """Answers on their way to CloudFormation: the next ones get lost, every second one after its effect."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._take: Callable[..., Any] = ministack.app._handle_post_body_shortcuts

    async def __call__(self, method: str, path: str, *request: Any) -> Any:
        """Take a request to the emulator, or refuse it."""
        left = self._left() if method == "PUT" and path.startswith(ANSWER_PATH) else 0
        if left == 0:
            return await self._take(method, path, *request)
        self._file.write_text(str(left - 1))
        if left % 2 == 0:
            await self._take(method, path, *request)
        return 503, {"Content-Type": "application/json"}, json.dumps({"message": "slow down"}).encode()

    def _left(self) -> int:
        return int(self._file.read_text()) if self._file.exists() else 0


class Deletions:
    """Deletions of resources as CloudFormation does them."""

    def __init__(self) -> None:
        self._delete: Callable[..., None] = stacks._delete_resource
        self._delete_stack: Callable[..., Any] = stacks._delete_stack_async
        self._broken: set[tuple[str, str]] = set()

    async def delete_stack(self, stack_name: str, stack_id: str, *options: Any, **more: Any) -> None:
        """Delete a stack, perhaps not for the first time."""
        self._broken.discard((stack_id, "DELETE_IN_PROGRESS"))
        await self._delete_stack(stack_name, stack_id, *options, **more)

    def __call__(self, kind: str, physical_id: str, properties: Any, stack_name: str, logical_id: str) -> None:
        """Delete a resource."""
        stack = stacks_by_name.get(stack_name) or {}
        phase = (stack.get("StackId", ""), stack.get("StackStatus", ""))
        custom, whole = kind.startswith("Custom::"), phase[1] in WHOLE_STACK
        if not custom and phase in self._broken:
            raise RuntimeError("left, since what depends on it could not be deleted")
        resource = (kind, physical_id, properties, stack_name, logical_id)
        if custom and not whole:
            for _ in range(CLEAN_UP_TRIES - 1):
                with contextlib.suppress(Exception):
                    return self._delete(*resource)
        try:
            return self._delete(*resource)
        except Exception:
            self._broken.update([phase] if custom and whole else [])
            raise


def main() -> None:
    """Run the emulator."""
    deletions = Deletions()
    vars(ministack.app)["_handle_post_body_shortcuts"] = Answers(Path(sys.argv[1]))
    vars(stacks)["_delete_resource"] = deletions
    vars(stacks)["_delete_stack_async"] = vars(handlers)["_delete_stack_async"] = deletions.delete_stack
    sys.argv = ["ministack"]
    ministack.app.main()


if __name__ == "__main__":
    main()
