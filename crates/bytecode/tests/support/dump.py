"""Prints one JSON line per code object: of the standard library, plain, as far as it has run, and instrumented.

With an argument, prints instead the code objects of the functions in that source text, after its `main()` has run.

Fields: name, mode, code (hex), exception table (hex), nlocalsplus, stacksize, flags, first traceable unit, arguments,
instructions as dis gives them: [offset, opcode, name, oparg, jump target or null, effect of falling through or null,
effect of jumping or null], exception entries as dis gives them: [start, end, target, depth, lasti].
"""

import dis
import importlib
import json
import opcode
import sys
import types

MODULES = [
    "abc",
    "argparse",
    "ast",
    "asyncio.base_events",
    "asyncio.tasks",
    "bdb",
    "calendar",
    "cmd",
    "codecs",
    "collections",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "_pydatetime",
    "decimal",
    "_pydecimal",
    "difflib",
    "dis",
    "email.message",
    "enum",
    "fractions",
    "functools",
    "gettext",
    "heapq",
    "html.parser",
    "http.client",
    "inspect",
    "ipaddress",
    "json.decoder",
    "json.encoder",
    "locale",
    "logging",
    "optparse",
    "os",
    "pathlib._local",
    "pdb",
    "pickle",
    "pickletools",
    "platform",
    "pprint",
    "queue",
    "random",
    "re._compiler",
    "re._parser",
    "shutil",
    "statistics",
    "string",
    "subprocess",
    "tarfile",
    "tempfile",
    "textwrap",
    "threading",
    "tokenize",
    "traceback",
    "types",
    "typing",
    "unittest.case",
    "unittest.mock",
    "urllib.parse",
    "uuid",
    "warnings",
    "weakref",
    "zipfile",
]


def code_objects(module):
    with open(module.__file__, "rb") as file:
        compiled = compile(file.read(), module.__name__, "exec")
    todo = [compiled]
    while todo:
        code = todo.pop()
        yield code
        todo.extend(c for c in code.co_consts if isinstance(c, types.CodeType))


def live_code_objects(module):
    """Code objects that may have run, so that some are specialised."""
    seen = set()
    todo = list(vars(module).values())
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, type) and value.__module__ == module.__name__:
            todo.extend(vars(value).values())
        elif isinstance(value, (staticmethod, classmethod)):
            todo.append(value.__func__)
        elif isinstance(value, types.FunctionType):
            todo.append(value.__code__)
        elif isinstance(value, types.CodeType):
            yield value
            todo.extend(c for c in value.co_consts if isinstance(c, types.CodeType))


def first_traceable(code):
    """_co_firsttraceable: the first RESUME."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RESUME":
            return instruction.offset // 2
    return 0


def effects(instruction):
    op, arg = instruction.baseopcode, instruction.arg
    return dis.stack_effect(op, arg, jump=False), dis.stack_effect(op, arg, jump=True)


def entry(code, mode):
    adaptive = mode != "plain"
    raw = code._co_code_adaptive if adaptive else code.co_code
    instructions = []
    if mode != "instrumented":
        for i in dis.get_instructions(code, adaptive=adaptive):
            if i.opname != "EXTENDED_ARG":
                op = opcode._specialized_opmap.get(i.opname, i.opcode) if adaptive else i.opcode
                instructions.append([i.offset, op, i.opname, i.arg, i.jump_target, *effects(i)])
    else:
        # dis does not know the instrumented opcodes; the plain code has the same shape.
        for i in dis.get_instructions(code):
            if i.opname != "EXTENDED_ARG":
                instructions.append([i.offset, i.opcode, i.opname, i.arg, i.jump_target, *effects(i)])
    cells = len(set(code.co_cellvars) - set(code.co_varnames))
    return {
        "name": code.co_qualname,
        "mode": mode,
        "code": raw.hex(),
        "table": code.co_exceptiontable.hex(),
        "nlocalsplus": code.co_nlocals + cells + len(code.co_freevars),
        "stacksize": code.co_stacksize,
        "flags": code.co_flags,
        "first_traceable": first_traceable(code),
        "arguments": code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8),
        "instructions": instructions,
        "entries": [[e.start, e.end, e.target, e.depth, e.lasti] for e in dis._parse_exception_table(code)],
    }


def instrument(code):
    events = sys.monitoring.events
    sys.monitoring.set_local_events(
        5,
        code,
        events.PY_START
        | events.PY_RESUME
        | events.PY_RETURN
        | events.PY_YIELD
        | events.CALL
        | events.JUMP
        | events.BRANCH
        | events.STOP_ITERATION,
    )


def emit(code, mode):
    print(json.dumps(entry(code, mode)))


def library():
    modules = [importlib.import_module(name) for name in MODULES]
    for module in modules:
        for code in code_objects(module):
            emit(code, "plain")
    for module in modules:
        for code in live_code_objects(module):
            emit(code, "adaptive")
    sys.monitoring.use_tool_id(5, "test")
    for module in modules[:12]:
        for code in code_objects(module):
            instrument(code)
            emit(code, "instrumented")


def source(text):
    module = types.ModuleType("source")
    exec(compile(text, "<source>", "exec"), vars(module))
    module.main()
    for value in vars(module).values():
        if isinstance(value, types.FunctionType) and value is not module.main:
            emit(value.__code__, "adaptive")


if len(sys.argv) > 1:
    source(sys.argv[1])
else:
    library()
