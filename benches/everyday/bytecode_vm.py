"""A stack machine with an if/elif chain: an assembler, the loop, and a program for it that looks for primes."""

from checking import checked

FULL, SMALL = 3500, 60
EXPECTED = {FULL: (489, 786251, 582704), SMALL: (17, 457, 3175)}

PUSH, LOAD, STORE, ADD, SUB, MUL, MOD, LT, EQ, JUMP, JUMP_IF_NOT, CALL, RETURN, PRINT, DUP, POP, HALT = range(17)
OPERATIONS = {
    "push": PUSH,
    "load": LOAD,
    "store": STORE,
    "add": ADD,
    "sub": SUB,
    "mul": MUL,
    "mod": MOD,
    "lt": LT,
    "eq": EQ,
    "jump": JUMP,
    "jump_if_not": JUMP_IF_NOT,
    "call": CALL,
    "return": RETURN,
    "print": PRINT,
    "dup": DUP,
    "pop": POP,
    "halt": HALT,
}


def assemble(source: str) -> list[int]:
    """Two words an instruction: operation and argument."""
    labels: dict[str, int] = {}
    lines: list[list[str]] = []
    for line in source.splitlines():
        line = line.partition(";")[0].strip()
        if line.endswith(":"):
            labels[line[:-1]] = len(lines) * 2
        elif line:
            lines.append(line.split())
    code = []
    for operation, *arguments in lines:
        code.append(OPERATIONS[operation])
        if not arguments:
            code.append(0)
        elif arguments[0].lstrip("-").isdigit():
            code.append(int(arguments[0]))
        else:
            code.append(labels[arguments[0]])
    return code


class Machine:
    def __init__(self, code: list[int], memory_size: int = 16) -> None:
        self.code = code
        self.stack: list[int] = []
        self.calls: list[int] = []
        self.memory = [0] * memory_size
        self.output: list[int] = []
        self.steps = 0

    def run(self) -> None:
        code = self.code
        stack = self.stack
        pc = 0
        while True:
            operation = code[pc]
            argument = code[pc + 1]
            pc += 2
            self.steps += 1
            if operation == PUSH:
                stack.append(argument)
            elif operation == LOAD:
                stack.append(self.memory[argument])
            elif operation == STORE:
                self.memory[argument] = stack.pop()
            elif operation == ADD:
                right = stack.pop()
                stack[-1] += right
            elif operation == SUB:
                right = stack.pop()
                stack[-1] -= right
            elif operation == MUL:
                right = stack.pop()
                stack[-1] *= right
            elif operation == MOD:
                right = stack.pop()
                stack[-1] %= right
            elif operation == LT:
                right = stack.pop()
                stack[-1] = int(stack[-1] < right)
            elif operation == EQ:
                right = stack.pop()
                stack[-1] = int(stack[-1] == right)
            elif operation == JUMP:
                pc = argument
            elif operation == JUMP_IF_NOT:
                if not stack.pop():
                    pc = argument
            elif operation == CALL:
                self.calls.append(pc)
                pc = argument
            elif operation == RETURN:
                pc = self.calls.pop()
            elif operation == PRINT:
                self.output.append(stack.pop())
            elif operation == DUP:
                stack.append(stack[-1])
            elif operation == POP:
                stack.pop()
            elif operation == HALT:
                return
            else:
                raise ValueError(f"bad operation {operation} at {pc - 2}")


# Memory: 0 the limit, 1 the candidate, 2 the divisor, 3 how many were found.
PROGRAM = """
    push LIMIT
    store 0
    push 2
    store 1
next_candidate:
    load 1
    load 0
    lt
    jump_if_not done
    call is_prime
    jump_if_not not_prime
    load 1
    print
    load 3
    push 1
    add
    store 3
not_prime:
    load 1
    push 1
    add
    store 1
    jump next_candidate
done:
    load 3
    print
    halt

is_prime:               ; leaves 1 or 0
    push 2
    store 2
try_divisor:
    load 2
    dup
    mul
    load 1
    push 1
    add
    lt
    jump_if_not prime
    load 1
    load 2
    mod
    push 0
    eq
    jump_if_not no_divisor
    push 0
    return
no_divisor:
    load 2
    push 1
    add
    store 2
    jump try_divisor
prime:
    push 1
    return
"""


def run(size: int = FULL) -> tuple[int, int, int]:
    machine = Machine(assemble(PROGRAM.replace("LIMIT", str(size))))
    machine.run()
    result = machine.output[-1], sum(machine.output), machine.steps
    return checked(result, EXPECTED[size])
