"""An interpreter that walks a tree of nodes: a small Lisp with closures, run on a few textbook programs."""

import operator

from checking import checked

FULL, SMALL = 17, 5
EXPECTED = {FULL: [1597, 107134, 137, 25825], SMALL: [5, 2870, 10, 25825]}


class Symbol(str):
    __slots__ = ()


class Environment(dict):
    """Names and values of one scope; what is not found here is looked up outside."""

    def __init__(self, names=(), values=(), outer=None):
        super().__init__(zip(names, values, strict=True))
        self.outer = outer

    def find(self, name):
        scope = self
        while scope is not None:
            if name in scope:
                return scope
            scope = scope.outer
        raise NameError(name)


class Procedure:
    def __init__(self, parameters, body, environment):
        self.parameters = parameters
        self.body = body
        self.environment = environment

    def __call__(self, *arguments):
        return evaluate(self.body, Environment(self.parameters, arguments, self.environment))


def tokenize(text):
    return text.replace("(", " ( ").replace(")", " ) ").split()


def read(tokens):
    token = tokens.pop(0)
    if token == "(":
        form = []
        while tokens[0] != ")":
            form.append(read(tokens))
        tokens.pop(0)
        return form
    return atom(token)


def atom(token):
    for convert in (int, float):
        try:
            return convert(token)
        except ValueError:
            continue
    return Symbol(token)


def evaluate(form, environment):
    if isinstance(form, Symbol):
        return environment.find(form)[form]
    if not isinstance(form, list):
        return form
    head, *rest = form
    if head == "if":
        condition, then, otherwise = rest
        return evaluate(then if evaluate(condition, environment) else otherwise, environment)
    if head == "define":
        name, value = rest
        environment[name] = evaluate(value, environment)
        return None
    if head == "set!":
        name, value = rest
        environment.find(name)[name] = evaluate(value, environment)
        return None
    if head == "lambda":
        parameters, body = rest
        return Procedure(parameters, body, environment)
    if head == "begin":
        result = None
        for part in rest:
            result = evaluate(part, environment)
        return result
    if head == "while":
        condition, *body = rest
        while evaluate(condition, environment):
            for part in body:
                evaluate(part, environment)
        return None
    function = evaluate(head, environment)
    return function(*[evaluate(argument, environment) for argument in rest])


def standard_environment():
    environment = Environment()
    environment.update(
        {
            "+": operator.add,
            "-": operator.sub,
            "*": operator.mul,
            "/": operator.truediv,
            "%": operator.mod,
            "<": operator.lt,
            "=": operator.eq,
            "cons": lambda head, tail: [head, *tail],
            "head": lambda items: items[0],
            "tail": lambda items: items[1:],
            "list": lambda *items: list(items),
            "null?": lambda items: items == [],
        }
    )
    return environment


PROGRAM = """
(begin
    (define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))
    (define map (lambda (f items) (if (null? items) (list) (cons (f (head items)) (map f (tail items))))))
    (define sum (lambda (items) (if (null? items) 0 (+ (head items) (sum (tail items))))))
    (define range (lambda (low high) (if (< low high) (cons low (range (+ low 1) high)) (list))))
    (define compose (lambda (f g) (lambda (x) (f (g x)))))
    (define counter (lambda (start) (lambda (step) (begin (set! start (+ start step)) start))))
    (define collatz (lambda (n steps)
        (begin
            (while (< 1 n)
                (set! n (if (= 0 (% n 2)) (/ n 2) (+ 1 (* 3 n))))
                (set! steps (+ steps 1)))
            steps)))
    (define tick (counter 100))
    (list
        (fib SIZE)
        (sum (map (compose (lambda (x) (* x x)) (lambda (x) (+ x 1))) (range 0 (* 4 SIZE))))
        (sum (map (lambda (n) (collatz n 0)) (range 1 SIZE)))
        (sum (map tick (range 0 50)))))
"""


def run(size=FULL):
    program = read(tokenize(PROGRAM.replace("SIZE", str(size))))
    return checked(evaluate(program, standard_environment()), EXPECTED[size])
