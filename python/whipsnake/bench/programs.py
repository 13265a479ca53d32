"""The suites: which programs there are, and what pyperformance calls them."""

import importlib.util
import os
from typing import NamedTuple

from whipsnake.bench.errors import BenchError

SUITES = ("core", "apps", "startup", "everyday")
"""Those that `--suite all` runs. `kernels` can be asked for by name."""


class Program(NamedTuple):
    """One measurement."""

    name: str
    """As it is reported; for pyperformance's, what pyperformance reports."""
    suite: str
    folder: str
    """pyperformance's program is `bm_<folder>/run_benchmark.py`; of ours, the module."""
    arguments: tuple[str, ...] = ()
    """What the program gets on its command line."""
    task: int = 0
    """Which of the benchmarks that the program offers, in order."""
    needs: tuple[str, ...] = ()
    """Modules that must be there."""

    @property
    def script(self) -> str:
        """The path of pyperformance's program."""
        return os.path.join(benchmarks_folder(), "bm_" + self.folder, "run_benchmark.py")

    @property
    def is_pyperformance(self) -> bool:
        """Whether it is run through pyperf."""
        return self.suite in ("core", "apps") or self.folder == "python_startup"


def _core(*names: str) -> list[Program]:
    return [Program(name, "core", name) for name in names]


def _several(suite: str, folder: str, names: str, prefix: str = "", needs: str = "") -> list[Program]:
    """Benchmarks of one program that are picked by its first argument."""
    return [Program(prefix + name, suite, folder, (name,), needs=tuple(needs.split())) for name in names.split()]


CORE = [
    *_core("richards", "richards_super", "deltablue", "nbody", "spectral_norm", "fannkuch", "float", "chaos"),
    *_core("go", "hexiom", "raytrace", "nqueens", "pyflate"),
    Program("crypto_pyaes", "core", "crypto_pyaes", needs=("pyaes",)),
    *_several("core", "scimark", "sor sparse_mat_mult monte_carlo lu fft", "scimark_"),
    *_core("generators", "comprehensions", "coroutines"),
    Program("deepcopy", "core", "deepcopy"),
    Program("deepcopy_reduce", "core", "deepcopy", task=1),
    Program("deepcopy_memo", "core", "deepcopy", task=2),
    *_core("unpack_sequence", "mdp", "meteor_contest"),
    Program("quadtree_nbody", "core", "barnes_hut"),
    *_core("bpe_tokeniser"),
    Program("tomli_loads", "core", "tomli_loads", needs=("tomli",)),
    *_several("core", "logging", "silent simple format", "logging_"),
    *_core("pidigits", "regex_compile", "typing_runtime_protocols"),
    Program("pprint_safe_repr", "core", "pprint"),
    Program("pprint_pformat", "core", "pprint", task=1),
    *_core("telco"),
]
"""Forty measurements of pyperformance's own programs that depend on the interpreter and little else."""


def _app(name: str, *needs: str) -> Program:
    return Program(name, "apps", name, needs=needs)


APPS = [
    _app("django_template", "django", "cgi", "setuptools"),
    _app("mako", "mako"),
    _app("chameleon", "chameleon"),
    *_several("apps", "genshi", "text xml", "genshi_", "genshi six"),
    _app("html5lib", "html5lib"),
    _app("docutils", "docutils"),
    *_several("apps", "sympy", "expand integrate sum str", "sympy_", "sympy"),
    *_several("apps", "sqlglot_v2", "parse transpile optimize normalize", "sqlglot_v2_", "sqlglot"),
    *_several("apps", "networkx", "shortest_path connected_components k_core", "networkx_", needs="networkx"),
    *_several("apps", "async_tree", "none memoization cpu_io_mixed eager", "async_tree_"),
    *_several("apps", "argparse", "many_optionals subparsers", "argparse_"),
    _app("pathlib"),
    *_several("apps", "xml_etree", "parse iterparse generate process", "xml_etree_"),
    _app("json_dumps"),
    _app("2to3"),
    _app("dulwich_log", "dulwich"),
]
"""Applications and libraries."""

STARTUP = [
    Program("python_startup", "startup", "python_startup"),
    Program("imports", "startup", "imports"),
]
"""What the compiler costs a program that never gets hot."""

DEMO = ("richards", "nbody", "deltablue", "fannkuch", "raytrace")
"""A handful that takes a minute."""


def benchmarks_folder() -> str:
    """Where pyperformance keeps its programs (found without importing it)."""
    spec = importlib.util.find_spec("pyperformance")
    if spec is None or spec.origin is None:
        raise missing("pyperformance")
    return os.path.join(os.path.dirname(spec.origin), "data-files", "benchmarks")


def missing(package: str) -> BenchError:
    """The error for what the extra brings."""
    return BenchError(
        f"{package} isn't installed in this Python; the suites need the extra `bench`: pip install 'whipsnake[bench]'"
    )


def require_pyperf() -> None:
    """Checks that the suites of pyperformance can run."""
    for package in ("pyperf", "pyperformance"):
        if importlib.util.find_spec(package) is None:
            raise missing(package)


def own_folder() -> str:
    """Where the everyday programs and the kernels are: in a checkout of the project, not in an installed package."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    for folder in (os.environ.get("WHIPSNAKE_BENCHES"), os.path.join(here, "benches"), os.path.abspath("benches")):
        if folder and os.path.isdir(os.path.join(folder, "everyday")):
            return folder
    raise BenchError(
        "the everyday programs and the kernels are in a checkout of the project: start this at its root, or set "
        "WHIPSNAKE_BENCHES to its folder `benches`"
    )


def own_programs(suite: str) -> list[Program]:
    """The programs in a folder of ours, in the order of its list."""
    path = os.path.join(own_folder(), suite, "__init__.py")
    spec = importlib.util.spec_from_file_location("whipsnake_bench_" + suite, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [Program(name, suite, f"{suite}.{name}") for name in module.PROGRAMS]


def of_suite(suite: str) -> list[Program]:
    """All programs of a suite."""
    if suite == "all":
        return [program for name in SUITES for program in of_suite(name)]
    if suite in ("everyday", "kernels"):
        return own_programs(suite)
    require_pyperf()
    return {"core": CORE, "apps": APPS, "startup": STARTUP}[suite]


def select(suite: str, words: str | None) -> list[Program]:
    """The programs of a suite whose name contains one of the words (separated by commas); all without words."""
    chosen = of_suite(suite)
    wanted = [word for word in (words or "").split(",") if word]
    if wanted:
        chosen = [program for program in chosen if any(word in program.name for word in wanted)]
    if not chosen:
        raise BenchError(f"no program of the suite {suite} matches {words!r}; --list shows their names")
    return chosen
