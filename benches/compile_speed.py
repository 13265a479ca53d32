"""How fast the baseline compiler compiles: every function of a good part of the standard library, cold, once."""

import gc
import importlib
import sys
import types

import whipsnake
from figures import MODULES

MORE = """_pydatetime _pydecimal _pyio _strptime ctypes curses filecmp fileinput ftplib gettext idlelib.editor lib2to3 locale
mimetypes multiprocessing.pool nntplib numbers opcode pydoc pydoc_data.topics pyclbr quopri rlcompleter runpy sre_parse symtable
sysconfig tabnanny telnetlib test.support test.test_dict test.test_list timeit tokenize trace tracemalloc turtle wave webbrowser
wsgiref.handlers xml.dom.minidom xml.sax xmlrpc.client xmlrpc.server zipapp zoneinfo""".split()  # noqa: SIM905


def functions() -> list[types.FunctionType]:
    """One function for each code object."""
    for name in [*MODULES, *MORE]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    found = {}
    for function in gc.get_objects():
        if type(function) is types.FunctionType and not (function.__module__ or "").startswith("whipsnake"):
            found.setdefault(function.__code__, function)
    return list(found.values())


def main() -> None:
    """Compiles and prints."""
    whipsnake.enable(call_threshold=1 << 30, loop_threshold=1 << 30)
    every = functions()
    before = dict(whipsnake.stats())
    refused = 0
    for function in every:
        try:
            whipsnake.compile_now(function)
        except Exception as error:  # noqa: BLE001
            refused += 1
            if refused < 3:
                print(error, file=sys.stderr)
    after = whipsnake.stats()
    print(len(every), "functions", refused, "refused")
    for key, value in after.items():
        print(" ", key, value)
    del before


if __name__ == "__main__":
    main()
