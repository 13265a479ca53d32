"""Makes a failing program smaller: statements go, blocks replace statements, expressions become parts of themselves."""

import ast
import copy
import time
import warnings
from collections.abc import Callable, Iterator


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements in a tree."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            value = getattr(node, field, None)
            if isinstance(value, list):
                yield value


def text_of(tree: ast.Module) -> str | None:
    """Its source; None if it has none."""
    try:
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        compile(text, "x", "exec")
    except (SyntaxError, ValueError, AttributeError, TypeError):
        return None
    return text


def without(tree: ast.Module, block: int, start: int, size: int) -> ast.Module | None:
    """A copy in which some statements of a block are gone."""
    smaller = copy.deepcopy(tree)
    statements = list(blocks(smaller))[block]
    if start >= len(statements):
        return None
    removed = statements[start : start + size]
    if removed == [node for node in removed if isinstance(node, ast.Pass)]:
        return None
    needs = len(removed) == len(statements) and block > 0 and isinstance(removed[0], ast.stmt)
    statements[start : start + size] = [ast.Pass()] if needs else []
    return smaller


def unwrapped(tree: ast.Module) -> Iterator[ast.Module]:
    """Copies in which one compound statement is replaced by one of its blocks."""
    count = len(list(blocks(tree)))
    for block in range(count):
        for place in range(len(list(blocks(tree))[block])):
            node = list(blocks(tree))[block][place]
            if not isinstance(node, (ast.If, ast.For, ast.While, ast.Try, ast.With)):
                continue
            for field in ("body", "orelse", "finalbody"):
                if getattr(node, field, None):
                    smaller = copy.deepcopy(tree)
                    statements = list(blocks(smaller))[block]
                    statements[place : place + 1] = getattr(statements[place], field)
                    yield smaller


def simpler_expressions(tree: ast.Module) -> Iterator[ast.Module]:
    """Copies in which one expression is a part of itself, or a constant."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    for index, node in enumerate(nodes):
        if isinstance(node, (ast.Constant, ast.Name)) or isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            continue
        parts: list[ast.expr] = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        for number in range(-1, len(parts)):
            smaller = copy.deepcopy(tree)
            target = [other for other in ast.walk(smaller) if isinstance(other, ast.expr)][index]
            children = [child for child in ast.iter_child_nodes(target) if isinstance(child, ast.expr)]
            new = ast.Constant(1) if number < 0 else children[number]
            if replace(smaller, target, new):
                yield smaller


def replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> bool:
    """Puts a node in another's place."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if value is old:
                setattr(node, field, new)
                return True
            if isinstance(value, list):
                for place, item in enumerate(value):
                    if item is old:
                        value[place] = new
                        return True
    return False


def shrink(source: str, fails: Callable[[str], bool], seconds: float = 120) -> str:
    """A smaller program that still fails in the same way."""
    warnings.simplefilter("ignore")
    end = time.monotonic() + seconds
    tree = ast.parse(source)
    best = text_of(tree)
    if best is None or not fails(best):
        return source

    def tried(candidate: ast.Module | None) -> bool:
        nonlocal tree, best
        text = None if candidate is None else text_of(candidate)
        if candidate is None or text is None or text == best or time.monotonic() > end or not fails(text):
            return False
        tree, best = ast.parse(text), text
        return True

    changed = True
    while changed and time.monotonic() < end:
        changed = False
        for size in (8, 4, 2, 1):
            block = 0
            while block < len(list(blocks(tree))) and time.monotonic() < end:
                start = 0
                while (
                    start < len(all_blocks[block])
                    if (all_blocks := list(blocks(tree))) and block < len(all_blocks)
                    else False
                ):
                    if tried(without(tree, block, start, size)):
                        changed = True
                    else:
                        start += size
                block += 1
        for candidates in (unwrapped, simpler_expressions):
            progress = True
            while progress and time.monotonic() < end:
                progress = any(tried(candidate) for candidate in candidates(tree))
                changed = changed or progress
    return best
