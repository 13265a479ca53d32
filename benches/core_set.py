"""The core set: pyperformance's own programs, from the installed `pyperformance` package, each measurement by name."""

import importlib.util
import os
from typing import NamedTuple


class Program(NamedTuple):
    """One measurement: a program of pyperformance, and which of its benchmarks."""

    name: str
    """The name that pyperformance reports."""
    folder: str
    """The program is `bm_<folder>/run_benchmark.py`."""
    arguments: tuple[str, ...] = ()
    """What the program gets on its command line."""

    @property
    def script(self) -> str:
        """The path of the program."""
        return os.path.join(benchmarks_folder(), "bm_" + self.folder, "run_benchmark.py")


def _plain(*names: str) -> list[Program]:
    return [Program(name, name) for name in names]


CORE_SET = [
    *_plain("richards", "richards_super", "deltablue", "nbody", "spectral_norm", "fannkuch", "float", "chaos"),
    *_plain("go", "hexiom", "raytrace", "nqueens", "pyflate", "crypto_pyaes"),
    Program("scimark_sor", "scimark", ("sor",)),
    Program("scimark_sparse_mat_mult", "scimark", ("sparse_mat_mult",)),
    Program("scimark_monte_carlo", "scimark", ("monte_carlo",)),
    Program("scimark_lu", "scimark", ("lu",)),
    Program("scimark_fft", "scimark", ("fft",)),
    *_plain("generators", "comprehensions", "coroutines"),
    Program("deepcopy", "deepcopy"),
    Program("deepcopy_reduce", "deepcopy"),
    Program("deepcopy_memo", "deepcopy"),
    *_plain("unpack_sequence", "mdp", "meteor_contest"),
    Program("quadtree_nbody", "barnes_hut"),
    *_plain("bpe_tokeniser", "tomli_loads"),
    Program("logging_silent", "logging", ("silent",)),
    Program("logging_simple", "logging", ("simple",)),
    Program("logging_format", "logging", ("format",)),
    *_plain("pidigits", "regex_compile", "typing_runtime_protocols"),
    Program("pprint_safe_repr", "pprint"),
    Program("pprint_pformat", "pprint"),
    *_plain("telco"),
]

DEMO_SET = ["richards", "nbody", "deltablue", "fannkuch", "raytrace"]
"""A handful that takes a minute."""


def benchmarks_folder() -> str:
    """Where pyperformance keeps its programs (found without importing it)."""
    spec = importlib.util.find_spec("pyperformance")
    if spec is None or spec.origin is None:
        raise SystemExit("pyperformance isn't installed in this Python; `cargo xtask develop` installs it")
    return os.path.join(os.path.dirname(spec.origin), "data-files", "benchmarks")


def find(name: str) -> Program:
    """The program with this name."""
    for program in CORE_SET:
        if program.name == name:
            return program
    raise SystemExit(f"no program {name!r} in the core set: {', '.join(program.name for program in CORE_SET)}")


def select(pattern: str | None) -> list[Program]:
    """The programs whose name contains one of the words (separated by commas); all without a pattern."""
    words = [word for word in (pattern or "").split(",") if word]
    chosen = [program for program in CORE_SET if not words or any(word in program.name for word in words)]
    if not chosen:
        raise SystemExit(f"no program of the core set matches {pattern!r}")
    return chosen
