"""What others attach works with the compiler on: frame hooks, data on code objects, sub-interpreters."""

import importlib.util

import pytest
from conftest import RunModes, has_compiler, run_python

needs_internals = pytest.mark.skipif(
    importlib.util.find_spec("_testinternalcapi") is None, reason="this Python comes without _testinternalcapi"
)

FRAME_HOOK = """
import _testinternalcapi
def inner(x=42): pass
class C:
    def __getitem__(self, key): return None
def values():
    yield 1
def plain(): inner(); inner(1)
def item(): C()[1]
def loop():
    for value in values(): inner(value)
def keep_going(): return sum(i for i in range(5))
def calls(function):
    seen = []
    _testinternalcapi.set_eval_frame_record(seen)
    function()
    _testinternalcapi.set_eval_frame_default()
    return seen
for function in (plain, item, loop, keep_going): function()
print(calls(plain), calls(item), calls(loop), calls(keep_going))
print(calls(plain))
plain()
"""


@needs_internals
def test_a_frame_evaluation_hook_sees_calls(run_modes: RunModes) -> None:
    run_modes(FRAME_HOOK, modes=("off", "on", "eager"))


EXTRA_DATA = """
import ctypes
free_type = ctypes.CFUNCTYPE(None, ctypes.c_voidp)
freed = []
@free_type
def free(pointer): freed.append(pointer)
request = ctypes.pythonapi.PyUnstable_Eval_RequestCodeExtraIndex
request.argtypes, request.restype = (free_type,), ctypes.c_ssize_t
index = request(free)
store = ctypes.pythonapi.PyUnstable_Code_SetExtra
store.argtypes, store.restype = (ctypes.py_object, ctypes.c_ssize_t, ctypes.c_voidp), ctypes.c_int
def make(): return eval("lambda: 0")
for i in range(3):
    # Not ours: their data isn't on it.
    f = make(); f(); f(); del f
print(freed)
f = make()
store(f.__code__, index, ctypes.c_voidp(7))
f(); f(); f()
del f
print(freed)
"""


def test_code_objects_hold_no_data_of_others(run_modes: RunModes) -> None:
    run_modes(EXTRA_DATA)


@pytest.mark.skipif(not has_compiler(), reason="a build without the compiler")
def test_sub_interpreters_stay_silent() -> None:
    code = (
        "import _interpreters\n"
        "for kind in ('isolated', 'legacy'):\n"
        "    one = _interpreters.create(kind)\n"
        "    print(_interpreters.run_string(one, 'print(1)'))\n"
        "    print(_interpreters.run_string(one, 'import whipsnake; print(whipsnake.status()[\"reason\"])'))\n"
    )
    outcome = run_python("-c", code, mode="on")
    reason = "this is a sub-interpreter; whipsnake works in the main interpreter"
    assert (outcome.code, outcome.err) == (0, ""), outcome.shown
    assert outcome.out.splitlines() == ["1", "None", reason, "None"] * 2


FUNCTION_WATCHER = """
import ctypes, sys
made = []
# The function that is reported may be ending: it is no object here.
Callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
@Callback
def callback(event, function, value):
    made.append(event)
    return 0
def watch():
    global watcher
    watcher = ctypes.pythonapi.PyFunction_AddWatcher(callback)
def run(n, at, off):
    for i in range(n):
        if i == at:
            off()
            watch()
        f = lambda: i
    return len(made), made.count(0)
def never(): pass
def disable():
    if "whipsnake" in sys.modules:
        sys.modules["whipsnake"].disable()
for _ in range(60): run(3, 9, never)
print(run(30, 10, never))
ctypes.pythonapi.PyFunction_ClearWatcher(watcher)
made.clear()
print(run(30, 10, disable))
ctypes.pythonapi.PyFunction_ClearWatcher(watcher)
"""


def test_who_watches_functions_is_told_of_all(run_modes: RunModes) -> None:
    run_modes(FUNCTION_WATCHER)
