//! Random loops: whatever is built must verify after each pass, and be refused rather than panic.

mod support;

use support::Line::{self, Label, Op, To};
use support::{Program, region};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::Global;
use whipsnake_optimizer::Number;

const LOCALS: u64 = 6;
const LABELS: &[&str] = &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];

struct Generator {
    state: u64,
    lines: Vec<Line>,
    labels: usize,
}

impl Generator {
    fn below(&mut self, limit: u64) -> u8 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % limit) as u8
    }

    fn local(&mut self) -> u8 {
        self.below(LOCALS)
    }

    fn label(&mut self) -> Option<&'static str> {
        self.labels += 1;
        LABELS.get(self.labels - 1).copied()
    }

    fn op(&mut self, opcode: u8, oparg: u8) {
        self.lines.push(Op(opcode, oparg));
    }

    fn operand(&mut self) {
        match self.below(4) {
            0 => {
                let number = self.below(3);
                self.op(op::LOAD_CONST, number);
            }
            _ => {
                let local = self.local();
                self.op(op::LOAD_FAST, local);
            }
        }
    }

    fn statement(&mut self, nesting: u32) {
        let (target, other) = (self.local(), self.local());
        match self.below(9) {
            0..3 => {
                self.operand();
                self.operand();
                let (opcode, oparg) = match self.below(5) {
                    0 => (op::BINARY_OP_ADD_INT, 13),
                    1 => (op::BINARY_OP_ADD_FLOAT, 0),
                    2 => (op::BINARY_OP_MULTIPLY_FLOAT, 5),
                    3 => (op::BINARY_SUBSCR_LIST_INT, 0),
                    _ => (op::BINARY_OP, 10),
                };
                self.op(opcode, oparg);
                self.op(op::STORE_FAST, target);
            }
            3 => {
                self.op(op::LOAD_FAST, other);
                self.op(op::STORE_FAST, target);
            }
            4 => {
                self.op(op::LOAD_FAST_LOAD_FAST, target << 4 | other);
                self.op(op::STORE_FAST_STORE_FAST, target << 4 | other);
            }
            5 => {
                self.operand();
                self.op(op::COPY, 1);
                self.op(op::STORE_FAST, target);
                self.op(op::STORE_FAST, other);
            }
            6 | 7 => {
                let Some(label) = self.label() else { return };
                self.op(op::LOAD_FAST_LOAD_FAST, target << 4 | other);
                let opcode = [op::COMPARE_OP_INT, op::COMPARE_OP_FLOAT, op::COMPARE_OP][usize::from(self.below(3))];
                self.op(opcode, 2 << 5 | 16 | 2);
                self.lines.push(To(op::POP_JUMP_IF_FALSE, label));
                self.statement(nesting);
                self.lines.push(Label(label));
                self.op(op::NOP, 0);
            }
            _ if nesting < 2 => {
                let (Some(start), Some(end)) = (self.label(), self.label()) else { return };
                self.op(op::LOAD_FAST, target);
                self.op(op::GET_ITER, 0);
                self.for_loop(start, end, nesting + 1);
            }
            _ => {}
        }
    }

    /// A loop over the iterator on the stack.
    fn for_loop(&mut self, start: &'static str, end: &'static str, nesting: u32) {
        let opcode =
            [op::FOR_ITER_RANGE, op::FOR_ITER_LIST, op::FOR_ITER_TUPLE, op::FOR_ITER][usize::from(self.below(4))];
        self.lines.extend([Label(start), To(opcode, end)]);
        let item = self.local();
        self.op(op::STORE_FAST, item);
        for _ in 0..=self.below(3) {
            self.statement(nesting);
        }
        self.lines.extend([To(op::JUMP_BACKWARD, start), Label(end), Op(op::END_FOR, 0), Op(op::POP_TOP, 0)]);
    }
}

#[test]
fn what_is_built_verifies() {
    let mut built = 0;
    for seed in 1..600u64 {
        let mut generator = Generator { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), lines: vec![], labels: 0 };
        generator.lines.extend([Op(op::RESUME, 0), Op(op::LOAD_FAST, 0), Op(op::GET_ITER, 0)]);
        generator.for_loop("loop", "end", 0);
        generator.op(op::RETURN_CONST, 0);
        let class = |n| match n {
            0..4 => Some(Global::IntType),
            4..7 => Some(Global::FloatType),
            7 => Some(Global::ListType),
            _ => None,
        };
        let locals = (0..LOCALS).map(|_| class(generator.below(9))).collect();
        let constants = vec![Number::Int(7), Number::Float(0.5), Number::No];
        // `region` checks what is built.
        built += u32::from(region(&Program { constants, locals, ..Program::default() }, &generator.lines).is_ok());
    }
    assert!(built > 100, "{built} regions were built");
}
