"""Threads, signals, forks, sub-interpreters, memory, deep recursion, the end: `process` does the same in every mode."""

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from conftest import MODES, RunModes, environment, has_compiler, run_python

FOLDER = Path(__file__).parent / "process"
PROGRAMS = sorted(FOLDER.glob("*.py"))
NEEDS = {"no_memory": "_testcapi", "sub_interpreters": "_interpreters"}
"""What some Pythons come without."""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_process(run_modes: RunModes, path: Path) -> None:
    needed = NEEDS.get(path.stem)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"this Python comes without {needed}")
    outcomes = run_modes(path.read_text(encoding="utf-8"))
    assert outcomes["off"].out, outcomes["off"].shown


LITTLE_CODE_MEMORY = """
import resource
def made(k):
    lines = ["def f(n):", f" total = {k}", " for i in range(n):", *(f"  total += (i ^ {k + j}) % 7" for j in range(12))]
    space = {}
    exec("\\n".join([*lines, " return total"]), space)
    return space["f"]
kept, total, sizes = [], 0, []
for k in range(3000):
    f = made(k)
    total += f(3) + f(3)
    if k % 2:
        kept.append(f)
    if k % 750 == 749:
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
for f in kept:
    total += f(5)
# What is kept grows evenly; machine code does not come on top of it.
print(total, len(kept), sizes[3] - sizes[2] < 2 * (sizes[2] - sizes[1]) + 4000)
"""


def test_a_mebibyte_of_code_memory(run_modes: RunModes) -> None:
    outcomes = run_modes(LITTLE_CODE_MEMORY, WHIPSNAKE_CODE_MB="1")
    assert outcomes["off"].out.endswith("True\n")


EMBEDDING = r"""
#include <Python.h>
static int run(const char *code) { return PyRun_SimpleString(code); }
int main(int argc, char **argv) {
    for (int round = 0; round < 3; round++) {
        PyConfig config;
        PyConfig_InitPythonConfig(&config);
        PyConfig_SetBytesString(&config, &config.program_name, argv[1]);
        PyStatus status = Py_InitializeFromConfig(&config);
        PyConfig_Clear(&config);
        if (PyStatus_Exception(status)) { fprintf(stderr, "no start: %s\n", status.err_msg); return 9; }
        if (run("def f(n):\n    total = 0\n    for i in range(n): total += i\n    return total\n"
                "class C:\n    def __init__(self, x): self.x = x\n    def get(self): return self.x\n"
                "def g(n):\n    for i in range(n): yield C(i).get()\n"
                "print([f(k) for k in range(60)][-1], f(3000), sum(g(3000)), flush=True)\n"
                "import json; print(json.loads('[1, {\"a\": 2}]'), flush=True)\n")) return 8;
        if (Py_FinalizeEx() < 0) return 7;
    }
    return 0;
}
"""


def test_initialized_again_in_one_process(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    library = sysconfig.get_config_var("LDLIBRARY") or ""
    if compiler is None or not library.startswith("libpython3"):
        pytest.skip("needs a C compiler and a shared libpython")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("Python's headers aren't installed")
    source, program = tmp_path / "embedding.c", tmp_path / "embedding"
    source.write_text(EMBEDDING)
    folder = sysconfig.get_config_var("LIBDIR")
    name = library.removeprefix("lib").split(".so")[0].removesuffix(".a")
    flags = ["-I" + sysconfig.get_path("include"), "-L" + folder, "-Wl,-rpath," + folder, "-l" + name]
    subprocess.run([compiler, source, "-o", program, *flags], check=True)
    seen = {}
    for mode, variables in MODES.items():
        result = subprocess.run(
            [program, sys.executable], env=environment(**variables), capture_output=True, text=True, timeout=60
        )
        seen[mode] = (result.returncode, result.stdout, result.stderr)
    assert seen["off"][0] == 0, seen["off"]
    for mode, outcome in seen.items():
        assert outcome == seen["off"] or not has_compiler(), (mode, outcome)


def test_the_example_of_a_signal_in_a_sleeping_main_thread() -> None:
    """Ctrl-C while the main thread waits for a compiled loop in another thread."""
    code = (
        "import signal, threading, os, time\n"
        "def spins():\n    i = 0\n    while not stop: i += 1\n"
        "stop = []\n"
        "thread = threading.Thread(target=spins); thread.start()\n"
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "start = time.monotonic()\n"
        "try: time.sleep(20)\n"
        "except KeyboardInterrupt: print('interrupted', time.monotonic() - start < 10)\n"
        "stop.append(1); thread.join()\n"
    )
    for mode in MODES:
        outcome = run_python("-c", code, mode=mode)
        assert outcome.out == "interrupted True\n", outcome.shown
