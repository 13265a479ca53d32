"""What the machine is and how busy it was."""

import os
import platform
import subprocess
from typing import Any

BUSY = 0.3
"""Load per core above which a warning is given."""


def describe() -> dict[str, Any]:
    """CPU, cores, memory, kernel, load now."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 1,
        "memory_mib": memory_mib(),
        "system": platform.platform(),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "load": load(),
    }


def load() -> float:
    """The average over the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return 0.0


def read(path: str) -> str | None:
    """The contents of a file of the kernel, if there is one."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None


def cpu_model() -> str:
    """The processor's name."""
    for line in (read("/proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_mib() -> int:
    """All memory."""
    for line in (read("/proc/meminfo") or "").splitlines():
        if line.startswith("MemTotal"):
            return int(line.split()[1]) // 1024
    return 0


def warnings_of(facts: dict[str, Any]) -> list[str]:
    """What a reader of figures should know about the machine."""
    found = []
    if facts["load"] / facts["cores"] > BUSY:
        found.append(
            f"the machine was busy when this began (load {facts['load']} on {facts['cores']} cores): times are longer "
            "than they should be; ratios, being interleaved, suffer less"
        )
    if facts["governor"] not in (None, "performance"):
        found.append(f"the CPU's clock is governed by {facts['governor']!r}: it changes while one measures")
    return found


def commit(folder: str) -> str | None:
    """The commit that is checked out there, with a `+` if there are changes; None if there is none."""

    def git(*arguments: str) -> str | None:
        try:
            result = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return result.stdout.strip() if result.returncode == 0 else None

    name = git("rev-parse", "--short=9", "HEAD")
    if name is None:
        return None
    return name + "+" if git("status", "--porcelain", "--untracked-files=no") else name
