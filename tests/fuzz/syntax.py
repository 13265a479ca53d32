"""Programs of any syntax: what `pysource-codegen` makes, with values for its names and calls of its functions.

That package makes valid but meaningless programs with six names, which would end at their first instruction. Here each
of their statements runs a few times, at module level or in a function, with an object for each name that can do
everything and says what it was asked for; what a statement defined is called; and what it raises ends that statement
only.
"""

import ast
import random
import warnings

STATEMENTS = 8
NAMES = [f"name_{number}" for number in range(6)]

PRELUDE = """\
import sys
said, steps = [], [0]
def toss():
    steps[0] += 1
    return steps[0] % 3 != 0
def answer(name):
    def method(self, *arguments, **keywords):
        steps[0] += 1
        if steps[0] % 50 == 0: said.append((name, len(arguments), sorted(keywords)))
        return self
    method.__name__ = name
    return method
class Odd:
    def __init__(self, *arguments, **keywords): self.kept = len(arguments)
    def __repr__(self): return 'Odd'
    def __hash__(self): return 3
    def __bool__(self): return toss()
    def __eq__(self, other): return toss()
    def __len__(self): return steps[0] % 4
    def __index__(self): return steps[0] % 5
    def __contains__(self, item): return toss()
    def __iter__(self): return iter([self, 1, 'ab'])
    def keys(self): return ['a', 'b']
    def __getitem__(self, key): return self if toss() else 7
    def __setitem__(self, key, value): said.append('set')
    def __delitem__(self, key): said.append('delete')
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        return self
    def __call__(self, *arguments, **keywords):
        return arguments[0] if arguments and callable(arguments[0]) else self
    def __enter__(self): return self
    def __exit__(self, *error): return toss()
    async def __aenter__(self): return self
    async def __aexit__(self, *error): return toss()
    def __await__(self): return (yield self)
    def __aiter__(self): return Rounds()
    def __mro_entries__(self, bases): return ()
    def __format__(self, how): return how[:9]
class Rounds:
    def __init__(self): self.left = 3
    def __aiter__(self): return self
    async def __anext__(self):
        self.left -= 1
        if self.left < 0: raise StopAsyncIteration
        return self
for operator in 'add sub mul matmul truediv floordiv mod pow lshift rshift and or xor'.split():
    for kind in ('', 'r', 'i'):
        setattr(Odd, f'__{kind}{operator}__', answer(kind + operator))
for name in 'neg pos invert lt le gt ge'.split():
    setattr(Odd, f'__{name}__', answer(name))
def use(thing, depth=0):
    if hasattr(thing, 'send') and hasattr(thing, 'throw'):
        value = None
        for step in range(6):
            value = thing.send(value) if step != 4 else thing.throw(ValueError, 'thrown')
            print('sent', type(value).__name__)
    elif hasattr(thing, 'asend'):
        use(thing.asend(None), 1)
        use(thing.asend(3), 1)
    elif hasattr(thing, '__code__') and depth < 2:
        code = thing.__code__
        keywords = {name: 2 for name in code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]}
        use(thing(*[Odd(), 3, 'abc', [4], {}, None][:code.co_argcount], **keywords), depth + 1)
VALUES = [Odd(), 5, [1, 2.5, 'x'], KeyError, {'a': 1}, Odd]
"""


def make(seed: str) -> str:
    """The program of a seed. Needs the package `pysource-codegen`."""
    # Only these programs need it.
    from pysource_codegen import generate

    rng = random.Random(seed)
    source = generate(rng.randrange(1 << 40), node_limit=rng.choice((60, 120, 250)), depth_limit=rng.randint(4, 8))
    parts = []
    for statement in ast.parse(source).body[:STATEMENTS]:
        text = ast.unparse(ast.fix_missing_locations(statement))
        for wrapped in rng.sample((in_function, at_module_level), 2):
            part = wrapped(text, len(parts), rng)
            if is_valid(part):
                parts.append(part)
                break
    return PRELUDE + "\n".join(parts) + "\n"


def is_valid(text: str) -> bool:
    """Whether it compiles; some statements may only be at module level."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def guarded(call: str, rng: random.Random) -> str:
    """A call some times over, each with its exception told."""
    return "\n".join(
        [
            f"for r in range({rng.choice((3, 12, 40))}):",
            "    try:",
            *("        " + line for line in call.splitlines()),
            "    except Exception as ex:",
            "        print(r, type(ex).__name__, str(ex)[:100], where(ex))",
        ]
    )


def in_function(text: str, number: int, rng: random.Random) -> str:
    """The statement as a function's body, its names the function's arguments."""
    body = "\n".join("    " + line for line in text.splitlines()) if '"""' not in text else "    pass"
    arguments = ", ".join(NAMES)
    shift = rng.randrange(6)
    return (
        f"def part{number}({arguments}):\n{body}\n"
        f"    for thing in ({arguments},): use(thing)\n"
        "    return sorted(locals())\n" + guarded(f"print(part{number}(*VALUES[{shift}:], *VALUES[:{shift}]))", rng)
    )


def at_module_level(text: str, _number: int, rng: random.Random) -> str:
    """The statement at module level, where it may define what the next use."""
    names = ", ".join(NAMES)
    shift = rng.randrange(6)
    return f"{names} = (*VALUES[{shift}:], *VALUES[:{shift}])\n" + guarded(
        f"{text}\nfor thing in ({names},): use(thing)", rng
    )
