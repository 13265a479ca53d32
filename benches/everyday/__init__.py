"""Everyday programs: twenty, as working developers write them, not as benchmarks do.

Each module has `run(size)`, which does the work and checks its result; without a size a call takes some 100 ms with the
compiler off. `SMALL` is a size for tests.
"""

PROGRAMS = (
    "tokenizer_parser",
    "tree_interpreter",
    "bytecode_vm",
    "event_simulation",
    "orm_descriptors",
    "csv_json",
    "templates",
    "text_statistics",
    "markdown",
    "graph_search",
    "dynamic_programming",
    "sets_of_tuples",
    "generator_pipelines",
    "async_queues",
    "decorators",
    "exceptions_flow",
    "big_integers",
    "byte_bits",
    "ast_visitors",
    "vectors",
)
