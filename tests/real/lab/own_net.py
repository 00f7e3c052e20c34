"""A network namespace for one test: nothing in it reaches the net, so any address may be used there (Linux, root)."""

from __future__ import annotations

import ctypes
import os
import subprocess
from contextlib import ExitStack
from typing import Self

from tests.real.lab.places import find_program
from tests.real.lab.processes import LabError

CLONE_NEWNET = 0x40000000
"""From `linux/sched.h`; Python has `os.unshare` from 3.12 on."""


class OwnNet:
    """While it is entered, the thread that entered it has a network of its own, as do programs and threads started from it.

    Sockets stay where they were made. There is loopback and nothing else; other addresses can be put on it.
    """

    def __init__(self) -> None:
        """Find out whether it is possible.

        Raises:
            LabError: Why it is not.
        """
        program = find_program("ip")
        if program is None:
            raise LabError("not installed: ip (iproute2)")
        self._ip = program
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            tried = subprocess.run(
                ["unshare", "--net", program, "link", "set", "lo", "up"], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise LabError(str(error)) from None
        if tried.returncode:
            raise LabError(tried.stderr.strip())
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self._exit.callback(os.close, before)
        self._checked(self._libc.unshare(CLONE_NEWNET))
        self._exit.callback(lambda: self._checked(self._libc.setns(before, CLONE_NEWNET)))
        try:
            self._run("link", "set", "lo", "up")
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def add(self, address: str) -> str:
        """Have an address here."""
        self._run("address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo")
        return address

    def has_route(self, address: str) -> bool:
        """Whether there is any way to an address."""
        done = subprocess.run([self._ip, "route", "get", address], capture_output=True, check=False)
        return done.returncode == 0

    def _run(self, *words: str) -> None:
        done = subprocess.run([self._ip, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"ip {' '.join(words)}: {done.stderr.strip()}")

    @staticmethod
    def _checked(result: int) -> None:
        if result:
            error = ctypes.get_errno()
            raise LabError(f"network namespace: {os.strerror(error)}")
