"""Turns the compiler on at start-up where `whipsnake._start_up` could not: `-X whipsnake`, or something is wrong."""

import os
import sys

import whipsnake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def wanted(environ: "Mapping[str, str]", x_options: "Mapping[str, str | bool]") -> bool:
    """Whether this process was asked to run compiled. `WHIPSNAKE=0` beats `-X whipsnake`, which beats the rest."""
    if whipsnake._forbidden(environ):
        return False
    for name, value in (
        ("-X whipsnake", x_options.get("whipsnake")),
        ("WHIPSNAKE", environ.get("WHIPSNAKE")),
    ):
        if value is None or value == "":
            continue
        if value is True or value == "1":
            return True
        if value == "0":
            return False
        raise whipsnake.SettingError(f"{name}={value}: allowed is 0 or 1")
    return False


def start() -> None:
    """Enables the compiler. A bad setting ends the process, as a bad option of Python's own does."""
    try:
        if not wanted(os.environ, sys._xoptions):
            return
        whipsnake.enable()
    except whipsnake.SettingError as error:
        stop(str(error))
    except whipsnake.NotAvailable as error:
        # A sub-interpreter runs this file again; that it stays interpreted is no news to anybody. Nor is it to whoever
        # asked for `-X perf`, which wants every call to go through the interpreter.
        if "sub-interpreter" not in str(error) and not sys.is_stack_trampoline_active():
            say(f"running without the compiler: {error}")


def say(line: str) -> None:
    """One line for the user, on stderr (which a process may not have)."""
    if sys.stderr is not None:
        sys.stderr.write(f"whipsnake: {line}\n")
        sys.stderr.flush()


def stop(line: str) -> None:
    """Ends the process before the program starts. `SystemExit` would be shown as a crash of `site`."""
    say(line)
    os._exit(2)
