"""The ways to run Python that are compared: this one with the compiler off and on, and whatever `--against` names."""

import json
import os
import shlex
import sys
from dataclasses import dataclass, field
from typing import Any

from whipsnake.bench.errors import BenchError
from whipsnake.bench.launcher import CantStart, Launcher, Run

MODES = {
    "off": {"WHIPSNAKE": "0"},
    "on": {"WHIPSNAKE": "1"},
    "baseline": {"WHIPSNAKE": "1", "WHIPSNAKE_TIERS": "baseline"},
    "eager": {"WHIPSNAKE": "1", "WHIPSNAKE_EAGER": "1"},
}
"""What each mode adds to the environment. Settings that are already there reach every mode but `off`."""

COMPILER_MODES = ("on", "baseline", "eager")

PROBE = """
import json, platform, sys, sysconfig
get = sysconfig.get_config_var
jit = getattr(sys, "_jit", None)
whipsnake = sys.modules.get("whipsnake")
import os
with os.fdopen(3, "w") as report:
    json.dump({
        "executable": sys.executable,
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "full_version": sys.version,
        "compiler": platform.python_compiler(),
        "config_args": get("CONFIG_ARGS") or "",
        "cflags": " ".join(str(get(name) or "") for name in ("OPT", "PY_CFLAGS", "PY_CORE_CFLAGS", "PY_CORE_LDFLAGS")),
        "debug": bool(get("Py_DEBUG")),
        "free_threaded": bool(get("Py_GIL_DISABLED")),
        "jit": bool(jit and jit.is_enabled()),
        "whipsnake": whipsnake.status() if whipsnake else None,
        "libc": platform.libc_ver()[1],
        "machine": platform.machine(),
    }, report)
"""


@dataclass
class Runtime:
    """One way to run Python."""

    name: str
    command: list[str]
    extra: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether it is this Python with the compiler on."""
        return self.name in COMPILER_MODES

    def environment(self, **more: str) -> dict[str, str]:
        """The whole environment of a process of it."""
        env = {name: value for name, value in os.environ.items() if name not in ("WHIPSNAKE", "WHIPSNAKE_STATS")}
        env.pop("WHIPSNAKE_STATS_FILE", None)
        env["PYTHONHASHSEED"] = "0"
        return {**env, **self.extra, **more}

    @property
    def shown(self) -> str:
        """The command as one would type it."""
        return shlex.join([f"{name}={value}" for name, value in self.extra.items()] + self.command)


def of_mode(mode: str, options: list[str]) -> Runtime:
    """This Python in a mode; `options` are what it was started with itself."""
    return Runtime(mode, [sys.executable, *options], dict(MODES[mode]))


def parse_against(text: str) -> Runtime:
    """`NAME=COMMAND`; the command may begin with `VARIABLE=VALUE` words, as in a shell."""
    name, equals, command = text.partition("=")
    if not equals or not name or not command.strip():
        raise BenchError(f"--against {text}: expected NAME=COMMAND, as in --against pypy=/usr/bin/pypy3")
    if name in MODES or not all(char.isalnum() or char in "-_." for char in name):
        raise BenchError(
            f"--against {text}: the name must be letters, digits, '-', '_' and '.', and none of {', '.join(MODES)}"
        )
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BenchError(f"--against {text}: {error}") from None
    extra = {}
    while words and words[0].partition("=")[0].isidentifier() and "=" in words[0]:
        variable, _, value = words.pop(0).partition("=")
        extra[variable] = value
    if not words:
        raise BenchError(f"--against {text}: there is no command")
    return Runtime(name, words, extra)


def probe(launcher: Launcher, runtime: Runtime) -> None:
    """Finds out what it is, and that it is what it says."""
    try:
        run: Run = launcher.run([*runtime.command, "-c", PROBE], runtime.environment(), 60)
    except CantStart as error:
        raise BenchError(f"{runtime.name} can't run: {error}") from None
    if run.code != 0:
        raise BenchError(f"{runtime.name} can't run: {runtime.shown}: {run.complaint}")
    try:
        runtime.facts = json.loads(run.report)
    except ValueError:
        raise BenchError(f"{runtime.name}: {runtime.shown} doesn't seem to be a Python; {run.ending}") from None
    status = runtime.facts["whipsnake"]
    if runtime.is_ours and not (status and status["enabled"]):
        why = (status["reason"] if status else None) or run.err.strip() or "it is off"
        raise BenchError(f"nothing to compare: the compiler doesn't run in {sys.executable}: {why}")


def has_pgo(facts: dict[str, Any]) -> bool:
    """Whether the interpreter was built with profile-guided optimisation."""
    return "--enable-optimizations" in facts["config_args"] or "-fprofile-use" in facts["cflags"]


def has_lto(facts: dict[str, Any]) -> bool:
    """Whether it was built with link-time optimisation."""
    return "--with-lto" in facts["config_args"] or "-flto" in facts["cflags"]


def warnings_of(runtime: Runtime) -> list[str]:
    """What a reader of figures should know about this interpreter."""
    facts, found = runtime.facts, []
    if facts["implementation"] != "CPython":
        return []
    if facts["debug"]:
        found.append(f"{runtime.name}: this is a debug build: its times say nothing")
    elif not has_pgo(facts):
        found.append(
            f"{runtime.name}: CPython {facts['version']} was built without PGO: its interpreter is slower than what "
            "most people run, which flatters every comparison with it"
        )
    return found


def build_line(facts: dict[str, Any]) -> str:
    """The build in a line."""
    parts = [f"{facts['implementation']} {facts['version']}", facts["compiler"].strip()]
    if facts["implementation"] == "CPython":
        parts.append("PGO" if has_pgo(facts) else "no PGO")
        parts.append("LTO" if has_lto(facts) else "no LTO")
    if facts["free_threaded"]:
        parts.append("free-threaded")
    if facts["jit"]:
        parts.append("its own JIT is on")
    status = facts.get("whipsnake")
    if status and status["enabled"]:
        tiers = "+".join((status["settings"] or {}).get("tiers", []))
        parts.append(f"whipsnake {status['versions']['whipsnake']} ({tiers})")
    return ", ".join(part for part in parts if part)
