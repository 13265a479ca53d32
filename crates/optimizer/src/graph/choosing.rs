//! Which operation an instruction becomes: by what is known of its inputs, by what the interpreter and compiled code have seen, and by what has failed.

use super::blocks::Walk;
use crate::operands;
use crate::select::{named, operation, whole};
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::opcode::binary::{ADD, INPLACE_ADD, MULTIPLY, SUBTRACT};
use whipsnake_cpython::{layout, opcode as op};
use whipsnake_ir::{Condition, Global, MissReason, Slot, Type, Value};
use whipsnake_ops::{Operation, is_among};

impl Walk<'_, '_> {
    pub(super) fn general(&mut self, number: u32, instr: &Instr) {
        let chosen = self.choose(number, instr).filter(|(operation, _)| operands::fit(operation));
        let depth = self.knowledge().depth;
        let is_call = chosen.is_some_and(|(operation, _)| operation.name.ends_with(".whole"));
        self.cost.add(depth, is_call);
        if is_call && self.body.usual.is_seldom(&self.body.code, number) {
            self.cost.add_seldom(depth);
        }
        if instr.opcode == op::FOR_ITER_GEN {
            self.cost.add_resumed(depth);
        }
        let made = self.generator_made(instr);
        let enumeration = self.enumeration_made(instr);
        let view = self.view_made(instr);
        match chosen {
            Some((operation, seen)) => self.apply(number, instr, operation, seen),
            // Nothing is lost: the attempt goes on elsewhere.
            None => self.leave_at(number),
        }
        if self.b.is_ended() {
            return;
        }
        if let Some(made) = made {
            self.note_made(made);
        }
        if let Some(view) = view {
            self.note_view(view);
        }
        if let Some(inner) = enumeration {
            self.note_enumeration(inner);
        }
    }

    /// The operation for an instruction: by what is known of its inputs, else by what the interpreter found.
    /// With it comes what the operation is told about the object that was seen.
    fn choose(&mut self, number: u32, instr: &Instr) -> Option<(&'static Operation, u64)> {
        if (instr.base, instr.oparg) == (op::DICT_MERGE, 1) {
            return named("DICT_MERGE.quiet").map(|operation| (operation, 0)).filter(|_| !self.is_general(number));
        }
        let failures = self.failures(number, instr);
        if failures == 0 {
            let name = self
                .combines_large_ints(instr)
                .or_else(|| self.appends_to_derived(instr))
                .or_else(|| self.of_sets(instr));
            if let Some(name) = name.or_else(|| self.character_of_wide_text(instr)) {
                return named(name).map(|operation| (operation, 0));
            }
            self.count_bools(instr);
            self.guard_likely_numbers(instr);
            if let Some((name, seen)) = self.subscript(instr) {
                return named(name).map(|operation| (operation, seen));
            }
            let name = self.known_method(instr).or_else(|| self.enumeration(instr)).or_else(|| self.joins_lists(instr));
            if let Some(name) = name.or_else(|| self.membership(instr)) {
                return named(name).map(|operation| (operation, 0));
            }
            if matches!(instr.base, op::BINARY_SLICE | op::STORE_SLICE) {
                self.guard_likely_slice(number);
            }
            if instr.base == op::TO_BOOL && (instr.opcode == instr.base || self.body.world.is_polymorphic(instr)) {
                return named("TO_BOOL.quiet").map(|operation| (operation, 0));
            }
        } else if let Some(name) =
            self.by_either_end_again(number, instr).or_else(|| if failures == 1 { self.again(instr) } else { None })
        {
            return named(name).map(|operation| (operation, 0));
        }
        self.choose_by_feedback(failures, instr).map(|operation| (operation, 0))
    }

    /// The operation for a test for being contained in a string, list or tuple.
    fn membership(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::CONTAINS_OP {
            return None;
        }
        let &container = self.knowledge().state.frame().stack.last()?;
        let class = self.likely_class(container.value?);
        matches!(class, Some(Global::StrType | Global::ListType | Global::TupleType)).then_some("CONTAINS_OP.items")
    }

    /// Builds the test whether a character is in an ASCII string that is written there; false if that is not what is there, and then nothing was built.
    pub(super) fn is_among_characters(&mut self, number: u32, inverted: u32) -> bool {
        let before = number.checked_sub(1).map(|before| self.body.code.instrs()[before as usize].base);
        let &[.., Slot { value: Some(value), .. }, Slot { value: Some(container), .. }] =
            self.knowledge().state.frame().stack.as_slice()
        else {
            return false;
        };
        if before != Some(op::LOAD_CONST) || !self.knowledge().known(value).character {
            return false;
        }
        let written = self.constant_address(container).and_then(|address| self.body.world.characters(address));
        let Some(characters) = written else { return false };
        let mut among = is_among(&mut self.b, value, characters);
        if inverted != 0 {
            among = self.b.compare_const(Condition::Eq, among, 0);
        }
        let answer = self.b.bool_object(among);
        let slots = vec![self.pop(), self.pop()];
        self.push(Slot::owned(answer));
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        self.drop_slots(slots);
        true
    }

    fn choose_by_feedback(&mut self, failures: u8, instr: &Instr) -> Option<&'static Operation> {
        let opcode = if instr.is_instrumented() { instr.base } else { instr.opcode };
        let plain = named(op::NAMES[instr.base as usize]);
        if is_number_arithmetic(instr) && self.is_of_instances() {
            return plain;
        }
        let floats =
            matches!(opcode, op::BINARY_OP_ADD_FLOAT | op::BINARY_OP_SUBTRACT_FLOAT | op::BINARY_OP_MULTIPLY_FLOAT);
        if floats && self.by_known_types(instr).is_none() && self.has_mixed_numbers() {
            return operation(instr.base, instr.oparg);
        }
        if failures == 1 && is_number_arithmetic(instr) && self.may_be_mixed_numbers(instr) {
            return operation(instr.base, instr.oparg);
        }
        if failures > 0 || self.body.world.is_polymorphic(instr) || self.body.world.is_outdated(instr) {
            return plain
                .filter(|_| instr.base == op::BINARY_OP)
                .or_else(|| whole(instr.base))
                .or_else(|| operation(instr.base, instr.oparg));
        }
        if let Some(known) = self.by_known_types(instr) {
            return operation(known, instr.oparg);
        }
        if opcode == op::BINARY_OP_INPLACE_ADD_UNICODE {
            return operation(op::BINARY_OP_ADD_UNICODE, instr.oparg);
        }
        let found = operation(opcode, instr.oparg).filter(|found| operands::fit(found));
        found.or_else(|| whole(instr.base)).or_else(|| operation(instr.base, instr.oparg))
    }

    /// Whether arithmetic of this code has met other types than the interpreter: then it seldom was the only one.
    pub(super) fn has_mixed_numbers(&self) -> bool {
        if self.body.world.has_mixed_numbers() {
            return true;
        }
        let calls = self.site_in_machine_code(0);
        let around = calls.len() - 1;
        let code = &self.body.code;
        let is_arithmetic =
            |unit: u32| code.at_unit(unit).is_some_and(|number| code.instrs()[number as usize].base == op::BINARY_OP);
        self.request
            .general
            .iter()
            .any(|site| site.len() == calls.len() && site[..around] == calls[..around] && is_arithmetic(site[around]))
    }

    /// The specialised opcode that fits what is known of the operands.
    fn by_known_types(&mut self, instr: &Instr) -> Option<u8> {
        let stack = &self.knowledge().state.frame().stack;
        let [.., left, right] = stack.as_slice() else { return None };
        let (left, right) = (left.value?, right.value?);
        let region = self.knowledge();
        let (left, right) = (region.known(left).class, region.known(right).class);
        use Global::{FloatType, IntType, ListType, StrType, TupleType};
        Some(match (instr.base, left, right) {
            (op::BINARY_OP, Some(IntType), Some(IntType)) => match instr.oparg % INPLACE_ADD {
                ADD => op::BINARY_OP_ADD_INT,
                MULTIPLY => op::BINARY_OP_MULTIPLY_INT,
                SUBTRACT => op::BINARY_OP_SUBTRACT_INT,
                _ => op::BINARY_OP,
            },
            (op::BINARY_OP, Some(FloatType), Some(FloatType)) => match instr.oparg % INPLACE_ADD {
                ADD => op::BINARY_OP_ADD_FLOAT,
                MULTIPLY => op::BINARY_OP_MULTIPLY_FLOAT,
                SUBTRACT => op::BINARY_OP_SUBTRACT_FLOAT,
                _ => op::BINARY_OP,
            },
            (op::BINARY_OP, Some(IntType), Some(FloatType)) | (op::BINARY_OP, Some(FloatType), Some(IntType)) => {
                op::BINARY_OP
            }
            (op::BINARY_OP, Some(StrType), Some(StrType)) if instr.oparg % INPLACE_ADD == ADD => {
                op::BINARY_OP_ADD_UNICODE
            }
            (op::COMPARE_OP, Some(IntType), Some(IntType)) => op::COMPARE_OP_INT,
            (op::COMPARE_OP, Some(FloatType), Some(FloatType)) => op::COMPARE_OP_FLOAT,
            (op::BINARY_SUBSCR, Some(ListType), Some(IntType)) => op::BINARY_SUBSCR_LIST_INT,
            (op::BINARY_SUBSCR, Some(TupleType), Some(IntType)) => op::BINARY_SUBSCR_TUPLE_INT,
            (op::STORE_SUBSCR, Some(ListType), Some(IntType)) => op::STORE_SUBSCR_LIST_INT,
            _ => return None,
        })
    }

    /// The instruction can't be part of a region: the next attempt leaves there.
    pub(super) fn refuse(&mut self, number: u32) {
        let site = self.site(number);
        self.choices.exits.insert(site);
        self.again = true;
        self.leave_at(number);
    }

    /// An iterator that only the stack knows keeps its position in registers.
    pub(super) fn own_iterator(&mut self, operation: &Operation) {
        let frame = self.knowledge().state.frame();
        let Some(&Slot { value: Some(iterator), owned: true, .. }) = frame.stack.last() else { return };
        if self.b.is_private(iterator) {
            return;
        }
        let Some(class) = self.iterator_class(operation).filter(|_| !self.is_in_local(iterator)) else { return };
        self.mark_exit();
        self.b.guard_exact(iterator, class);
        let count = self.b.load(Type::I32, iterator, object::OB_REFCNT);
        let alone = self.b.compare_const(Condition::Eq, count, 1);
        self.b.guard(alone, MissReason::Iterator);
        let (ty, offset) = match class {
            Global::RangeIteratorType => (Type::I64, layout::range_iterator::LEN),
            Global::ListIteratorType => (Type::I64, layout::list_iterator::IT_INDEX),
            _ => (Type::I64, layout::tuple_iterator::IT_INDEX),
        };
        self.b.make_private(iterator, ty, offset);
    }

    /// Whether a local variable has the iterator, too: that of a generator expression has what it goes over, and `iter` of that is the same.
    fn is_in_local(&mut self, iterator: Value) -> bool {
        let iterator = self.origin(iterator);
        let sample = self.sample(iterator).filter(|&sample| {
            matches!(
                self.body.world.class(sample),
                Some(Global::RangeIteratorType | Global::ListIteratorType | Global::TupleIteratorType)
            )
        });
        let locals: SmallVec<[Value; 16]> =
            self.knowledge().state.frame().locals.iter().filter_map(|slot| slot.value).collect();
        locals
            .into_iter()
            .any(|local| self.origin(local) == iterator || sample.is_some() && self.sample(local) == sample)
    }

    fn iterator_class(&mut self, operation: &Operation) -> Option<Global> {
        let unit = self.knowledge().state.frame().unit;
        let number = self.body.code.at_unit(unit)?;
        let before = number.checked_sub(1).map(|before| self.body.code.instrs()[before as usize].base);
        if before == Some(op::LOAD_FAST) {
            // A generator expression: its argument holds the iterator, too.
            return None;
        }
        if operation.name == "FOR_ITER.text" {
            return Some(Global::AsciiIteratorType);
        }
        Some(match self.body.code.instrs()[number as usize].opcode {
            op::FOR_ITER_RANGE => Global::RangeIteratorType,
            op::FOR_ITER_LIST => Global::ListIteratorType,
            op::FOR_ITER_TUPLE => Global::TupleIteratorType,
            _ => return None,
        })
    }
}

/// Whether the instruction is `+`, `-` or `*`, whose operands are numbers of several types more often than other objects where they are not always of one.
fn is_number_arithmetic(instr: &Instr) -> bool {
    // Operators that work in place follow in the same order.
    instr.base == op::BINARY_OP && matches!(instr.oparg % INPLACE_ADD, ADD | MULTIPLY | SUBTRACT)
}
