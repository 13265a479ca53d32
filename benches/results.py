"""What the programs of the core set compute, in small sizes, as plain values that two modes can be compared by.

The benchmarks themselves return times. Each function here calls the same code of its program with its inner results
kept. Run as a program it does so several times in one process and prints one JSON line for each time: a digest of the
value, and the interpreter's count of allocated blocks.
"""

import argparse
import copy
import gc
import hashlib
import importlib.util
import io
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from whipsnake.bench import programs


def load(folder: str) -> ModuleType:
    """Imports the program, without running its benchmarks."""
    if "pyperf" not in sys.modules:
        # The programs only take their clock from it, and start its runner when they are run themselves.
        stub: Any = ModuleType("pyperf")
        stub.perf_counter = time.perf_counter
        sys.modules["pyperf"] = stub
    script = os.path.join(programs.benchmarks_folder(), "bm_" + folder, "run_benchmark.py")
    sys.path.insert(0, os.path.dirname(script))
    spec = importlib.util.spec_from_file_location("bm_" + folder, script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def richards(m: Any) -> object:
    # Tasks of an earlier run stay in the list and would be scheduled again.
    m.taskWorkArea.__init__()
    done = m.Richards().run(1)
    return done, m.taskWorkArea.holdCount, m.taskWorkArea.qpktCount


def deltablue(m: Any) -> object:
    m.delta_blue(40)
    return len(gc.get_referents(m.planner)), m.planner.current_mark


def nbody(m: Any) -> object:
    bodies = copy.deepcopy(list(m.BODIES.values()))
    m.offset_momentum(bodies[0], bodies)
    pairs = m.combinations(bodies)
    before = m.report_energy(bodies, pairs)
    m.advance(0.01, 300, bodies, pairs)
    return before, m.report_energy(bodies, pairs), bodies


def spectral_norm(m: Any) -> object:
    vector: list[Any] = [1] * 24
    for _ in range(3):
        vector = m.eval_AtA_times_u(m.eval_AtA_times_u(vector))
    return vector


def fannkuch(m: Any) -> object:
    return [m.fannkuch(size) for size in (3, 5, 6, 7)]


def float_(m: Any) -> object:
    point = m.benchmark(2000)
    return point.x, point.y, point.z


def chaos(m: Any) -> object:
    pictures: list[Any] = []
    m.write_ppm = lambda picture, name: pictures.append(picture)

    def run(runner: object, args: object) -> None:
        m.main(runner, args)

    class Runner:
        metadata: dict[str, object] = {}  # noqa: RUF012

        @staticmethod
        def bench_func(_name: str, function: Callable[..., object], *args: object) -> None:
            function(*args)

    sizes = argparse.Namespace(thickness=0.25, width=64, height=64, iterations=1500, filename="x", rng_seed=1234)
    run(Runner, sizes)
    return pictures


def go(m: Any) -> object:
    m.GAMES = 20
    m.TIMESTAMP = m.MOVES = 0
    return m.versus_cpu(), m.MOVES, random.random()


def hexiom(m: Any) -> object:
    output = io.StringIO()
    for level in (2, 10):
        m.solve_file(m.LEVELS[level][0].strip(), m.Done.FIRST_STRATEGY, m.DESCENDING, output)
    return output.getvalue()


def raytrace(m: Any) -> object:
    pictures = []
    real = m.Canvas.write_ppm
    m.Canvas.write_ppm = lambda canvas, name: pictures.append(canvas.bytes.tobytes())
    try:
        m.bench_raytrace(1, 24, 24, "x")
    finally:
        m.Canvas.write_ppm = real
    return pictures


def nqueens(m: Any) -> object:
    return list(m.n_queens(6))


def pyflate(m: Any) -> object:
    import bz2
    import gzip

    text = b"".join(b"%d bottles of beer on the wall, " % (number * number) for number in range(60))
    field = m.RBitfield(io.BytesIO(bz2.compress(text)))
    magic = field.readbits(16)
    unpacked = m.bzip2_main(field)
    zipped = m.RBitfield(io.BytesIO(gzip.compress(text, mtime=0)))
    return magic, unpacked, zipped.readbits(16), zipped.readbits(8)


def crypto_pyaes(m: Any) -> object:
    cipher = m.pyaes.AESModeOfOperationCTR(m.KEY).encrypt(m.CLEARTEXT[:700])
    return cipher, m.pyaes.AESModeOfOperationCTR(m.KEY).decrypt(cipher)


def scimark(m: Any) -> object:
    grid = m.Array2D(12, 12)
    for index in range(144):
        grid[index % 12, index // 12] = index * 0.37
    m.SOR_execute(1.25, grid, 4, m.Array2D)
    matrix = m.Random(7).RandomMatrix(m.ArrayList(16, 16))
    factors = m.ArrayList(16, 16)
    pivot = m.array("i", [0]) * 16
    m.LU(factors, matrix, pivot)
    signal = m.Random(7).RandomVector(128)
    m.FFT_transform(128, signal)
    spectrum = list(signal)
    m.FFT_inverse(128, signal)
    y = m.array("d", [0]) * 8
    ones = m.array("d", [1.5]) * 8
    m.SparseCompRow_matmult(8, y, ones, m.array("i", range(9)), m.array("i", range(8)), ones, 3)
    cells = [grid[x, y] for x in range(12) for y in range(12)]
    return cells, factors.data, pivot, spectrum, signal, y, m.MonteCarlo(3000)


def generators(m: Any) -> object:
    return list(m.tree(range(2000)))


def comprehensions(m: Any) -> object:
    return [repr(widget) for owner in range(3) for widget in m.WidgetTray(owner, m.make_some_widgets()).sorted_widgets]


def coroutines(m: Any) -> object:
    coroutine = m.fibonacci(14)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    return "did not stop"


def deepcopy(m: Any) -> object:
    value = {"a": [m.A("x", [1, [2]], True)] * 2, "t": (1, (2.5, "y")), "s": {1}, "d": {"e": {}}}
    value["self"] = value
    for _ in range(20):
        copied = m.copy.deepcopy(value)
    for function in (m.benchmark, m.benchmark_reduce, m.benchmark_memo):
        function(3)
    return repr(copied), copied["self"] is copied, copied["a"][0] is copied["a"][1], copied is not value


def unpack_sequence(m: Any) -> object:
    return isinstance(m.bench_all(3), float)


def mdp(m: Any) -> object:
    battle = m.Battle()
    value = battle.evaluate(0.9)
    return value, len(battle.successors), sum(battle.max.values()), sum(battle.min.values())


def meteor_contest(m: Any) -> object:
    board, cti, pieces = m.get_puzzle(m.WIDTH, m.HEIGHT)
    footprints = m.get_footprints(board, cti, pieces)
    hoods = m.get_senh(board, cti)
    solutions: list[str] = []
    pieces_left = list(range(len(pieces)))
    m.solve(4, 0, frozenset(range(len(board))), [-1] * len(board), pieces_left, solutions, footprints, hoods)
    return solutions


def barnes_hut(m: Any) -> object:
    particles = m.create_deterministic_galaxy(30, 500, 400)
    for _ in range(3):
        m.advance_system(particles, 0.5, m.TIME_STEP, 1000, 800)
    places = [(p.position.x, p.position.y, p.velocity.x, p.velocity.y) for p in particles]
    return m.calculate_system_energy(particles), places


def bpe_tokeniser(m: Any) -> object:
    text = "the whale swam; the whales swim, don't they? " * 20
    pattern = r"'s|'t| ?[a-zA-Z]+| ?[^\sa-zA-Z\d]+|\s+"
    encoder = m.SimpleBytePairEncoding.train(text, vocab_size=272, pat_str=pattern)
    return encoder.encode(text), encoder.decode(encoder.encode("hello whale")), sorted(encoder.mergeable_ranks.items())


def tomli_loads(m: Any) -> object:
    text = m.DATA_FILE.read_text("utf-8")
    return m.tomli.loads(text[: text.index("\n[", 20_000)])


def logging(m: Any) -> object:
    stream = io.StringIO()
    logger = m.logging.Logger("results")
    logger.addHandler(m.logging.StreamHandler(stream=stream))
    logger.setLevel(m.logging.WARNING)
    for number in range(60):
        logger.debug(m.MESSAGE)
        logger.warning(m.MESSAGE)
        logger.warning(m.FORMAT, number)
    return stream.getvalue()


def pidigits(m: Any) -> object:
    return m.calc_ndigits(150)


def regex_compile(m: Any) -> object:
    patterns = [r"(\w+)\s*=\s*(?P<value>'[^']*'|\d{1,3})", r"(?i)^a(b|c)*?d$", r"[^\W\d_]+(?=x)|y(?!z)"]
    found = []
    for pattern in patterns:
        re.purge()
        compiled = m.re.compile(pattern)
        found.append((compiled.groups, compiled.groupindex, compiled.findall("key = 'word' n=12 abcbd wax y")))
    return repr(found)


def typing_runtime_protocols(m: Any) -> object:
    m.bench_protocols(1)
    protocols = [m.HasX, m.HasManyAttributes, m.SupportsInt, m.SupportsManyMethods, m.SupportsIntAndX]
    instances = [m.Empty(), m.PropertyX(), m.HasIntMethod(), m.HasManyMethods(), m.PropertyXWithInt(), m.NominalX()]
    return [[isinstance(instance, protocol) for protocol in protocols] for instance in instances]


def pprint(m: Any) -> object:
    items = m.printable[:60]
    return m.p.pformat(items), m.p._safe_repr(items, {}, None, 0)


def telco(m: Any) -> object:
    printed = io.StringIO()
    kept = []

    class Kept(io.StringIO):
        def truncate(self, size: int | None = None) -> int:
            kept.append(self.getvalue())
            return super().truncate(size)

    m.io = type("io", (), {"BytesIO": io.BytesIO, "StringIO": Kept})
    m.bench_telco(1, m.rel_path("data", "telco-bench.b"))
    return kept, printed.getvalue()


CHECKS: dict[str, Callable[[Any], object]] = {
    "richards": richards,
    "richards_super": richards,
    "deltablue": deltablue,
    "nbody": nbody,
    "spectral_norm": spectral_norm,
    "fannkuch": fannkuch,
    "float": float_,
    "chaos": chaos,
    "go": go,
    "hexiom": hexiom,
    "raytrace": raytrace,
    "nqueens": nqueens,
    "pyflate": pyflate,
    "crypto_pyaes": crypto_pyaes,
    "scimark": scimark,
    "generators": generators,
    "comprehensions": comprehensions,
    "coroutines": coroutines,
    "deepcopy": deepcopy,
    "unpack_sequence": unpack_sequence,
    "mdp": mdp,
    "meteor_contest": meteor_contest,
    "barnes_hut": barnes_hut,
    "bpe_tokeniser": bpe_tokeniser,
    "tomli_loads": tomli_loads,
    "logging": logging,
    "pidigits": pidigits,
    "regex_compile": regex_compile,
    "typing_runtime_protocols": typing_runtime_protocols,
    "pprint": pprint,
    "telco": telco,
}
"""A function for each program, by its folder."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", choices=CHECKS)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the value itself")
    options = parser.parse_args()
    module = load(options.folder)
    check = CHECKS[options.folder]
    for _ in range(options.times):
        text = repr(check(module))
        line = {"digest": hashlib.sha256(text.encode()).hexdigest()[:16], "length": len(text)}
        if options.show:
            line["value"] = text
        del text
        gc.collect()
        compiler = sys.modules.get("whipsnake")
        # The memory of dead instances that new ones will get: no growth, and never more than a certain number.
        kept = compiler.stats().get("instances_kept", 0) if compiler else 0
        print(json.dumps({**line, "blocks": sys.getallocatedblocks() - kept}), flush=True)


if __name__ == "__main__":
    main()
