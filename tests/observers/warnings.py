"""Stack levels of `warnings`."""

import warnings


def warns(level):
    warnings.warn("careful", stacklevel=level)


def middle(level):
    warns(level)


def outer(level):
    middle(level)


for level in (1, 2, 3, 4):
    for i in range(100):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            outer(level)
    print([(w.lineno, str(w.message), w.filename == __file__) for w in caught])
