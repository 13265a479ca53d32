"""Code objects that end while the interpreter's table of function versions has them."""

from conftest import run_python

PROGRAM = """
import gc, whipsnake

names = {}
exec("def large(x):\\n" + "    x = 1\\n" * 20_000, names)
whipsnake.enable()
del names
gc.collect()
for _ in range(5000):
    compile("0", "", "eval")
print("alive")
"""


def test_code_that_ended_is_not_read_by_its_version() -> None:
    """The compiler takes code's version away, and left the code itself in the place of the version that it had."""
    # So long a code object has pages of its own here, which the system takes back at its end.
    outcome = run_python("-c", PROGRAM, mode="on", WHIPSNAKE="", MALLOC_MMAP_THRESHOLD_="16384", MALLOC_TOP_PAD_="4096")
    assert (outcome.code, outcome.out) == (0, "alive\n"), outcome.shown
