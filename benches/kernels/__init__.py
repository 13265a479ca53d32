"""Kernels: short loops over numbers, lists and strings, where a compiler can gain most. The same form as `everyday`."""

PROGRAMS = ("sieve", "matrix_product", "mandelbrot", "levenshtein", "collatz", "dot_product")
