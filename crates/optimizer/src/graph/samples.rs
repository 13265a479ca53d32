//! Samples: objects that values had in the running program when the region was built.
//!
//! The interpreter tells the types of operands only where it has a specialised instruction for them. For the rest the builder looks at what the
//! waiting frame holds, and follows attributes and items from there, without running any code. A sample is a guess: whatever is
//! built on it is guarded.

use super::blocks::Walk;
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::binary::ADD;
use whipsnake_ir::{Global, InstData, Slot, Type, UnaryOp, Value, ValueDef};

impl Walk<'_, '_> {
    /// An object that the value had, by its address.
    pub(super) fn sample(&mut self, value: Value) -> Option<u64> {
        let value = self.origin(value);
        if let Some(&known) = self.samples.get(&value) {
            return Some(known);
        }
        let world = self.request.world;
        let frame = &self.knowledge().state.frames[0];
        let locals: SmallVec<[Option<Value>; 16]> = frame.locals.iter().map(|slot| slot.value).collect();
        let holds = |held: &Option<Value>| held.is_some_and(|held| self.origin(held) == value);
        if let Some(local) = locals.iter().position(holds) {
            return world.local(local as u32);
        }
        match self.b.func.def(value) {
            ValueDef::Result(inst, _) => match *self.b.func.inst(inst) {
                InstData::Iconst { ty: Type::Obj, value } if value != 0 => Some(value as u64),
                InstData::Global { global: name @ Global::None } => world.address(name),
                _ => None,
            },
            ValueDef::Param(..) => None,
        }
    }

    /// The value that another is, which an operation took as its input and pushed.
    pub(super) fn origin(&mut self, value: Value) -> Value {
        let mut value = self.knowledge().resolve(value);
        while let ValueDef::Result(inst, _) = self.b.func.def(value) {
            let InstData::Unary { op: UnaryOp::Hold, arg } = *self.b.func.inst(inst) else { break };
            value = self.knowledge().resolve(arg);
        }
        value
    }

    /// The exact type of a value, known or guessed.
    pub(super) fn likely_class(&mut self, value: Value) -> Option<Global> {
        if let Some(class) = self.knowledge().known(value).class {
            return Some(class);
        }
        let sample = self.sample(value)?;
        self.body.world.class(sample)
    }

    /// Samples of what an instruction pushes, the topmost last.
    pub(super) fn samples_pushed(&mut self, instr: &Instr, inputs: &[Value]) -> Vec<Option<u64>> {
        let world = self.body.world;
        let one = match (instr.base, inputs) {
            (op::LOAD_GLOBAL, _) => world.global_now(instr),
            (op::LOAD_DEREF, _) if self.body.calls.is_empty() => {
                let found = world.free_variable(None, instr.oparg).map(|found| found.address);
                found.filter(|&address| self.is_own_closure(address))
            }
            (op::LOAD_ATTR, &[owner]) if instr.oparg & 1 == 0 => {
                self.sample(owner).and_then(|owner| world.attribute(owner, instr))
            }
            (op::LOAD_ATTR, &[owner]) => {
                // To be called, without an object.
                return vec![self.sample(owner).and_then(|owner| world.attribute(owner, instr)), None];
            }
            (op::BINARY_SUBSCR, &[container, key]) => {
                let index = self.sample(key).and_then(|key| world.index(key)).unwrap_or(0);
                self.sample(container).and_then(|container| world.item(container, index))
            }
            (op::FOR_ITER, &[iterator]) => self.sample(iterator).and_then(|iterator| world.item(iterator, 0)),
            (op::UNPACK_SEQUENCE, &[sequence]) => {
                let sample = self.sample(sequence);
                let item = |index: u32| sample.and_then(|sample| world.item(sample, index.into()));
                return (0..instr.oparg).rev().map(item).collect();
            }
            _ => None,
        };
        vec![one]
    }

    /// Notes samples of the topmost elements of the stack.
    pub(super) fn note_samples(&mut self, samples: &[Option<u64>]) {
        let stack = &self.knowledge().state.frame().stack;
        let Some(below) = stack.len().checked_sub(samples.len()) else { return };
        let values: Vec<_> = stack[below..].iter().map(|slot| slot.value).collect();
        for (value, sample) in values.into_iter().zip(samples) {
            if let (Some(value), &Some(sample)) = (value, sample) {
                let value = self.origin(value);
                self.samples.insert(value, sample);
            }
        }
    }

    /// Guards that the operands of an instruction that the interpreter has not specialised are numbers, if they were.
    pub(super) fn guard_likely_numbers(&mut self, instr: &Instr) {
        if instr.base == op::UNARY_NEGATIVE {
            let Some(&Slot { value: Some(value), .. }) = self.knowledge().state.frame().stack.last() else { return };
            if let Some(class @ (Global::IntType | Global::FloatType)) = self.likely_class(value) {
                self.mark_exit();
                self.b.guard_exact(value, class);
            }
            return;
        }
        if !matches!(instr.base, op::BINARY_OP | op::COMPARE_OP) || instr.opcode != instr.base {
            return;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(left), .. }, Slot { value: Some(right), .. }] = stack.as_slice() else { return };
        let classes = [left, right].map(|value| self.likely_class(value));
        let number = |class| matches!(class, Some(Global::IntType | Global::FloatType));
        if let [Some(of_left), Some(of_right)] = classes
            && classes.into_iter().all(number)
        {
            self.mark_exit();
            self.b.guard_exact(left, of_left);
            self.b.guard_exact(right, of_right);
        }
    }

    /// The operation for an item of a sequence by a number that may count from the end. Of a constant, which is negative then, that is known.
    pub(super) fn by_either_end(&mut self, sequence: Global, stores: bool) -> Option<&'static str> {
        let stack = &self.knowledge().state.frame().stack;
        let key = stack.last()?.value?;
        let constant = self.knowledge().known(key).raw.and_then(|raw| self.b.constant(raw)).is_some();
        Some(match (sequence, stores, constant) {
            (Global::ListType, false, true) => "BINARY_SUBSCR_LIST_INT",
            (Global::ListType, true, true) => "STORE_SUBSCR_LIST_INT",
            (Global::TupleType, false, true) => "BINARY_SUBSCR_TUPLE_INT",
            (Global::StrType, false, true) => "BINARY_SUBSCR_STR_INT",
            (Global::ListType, false, false) => "BINARY_SUBSCR.list",
            (Global::ListType, true, false) => "STORE_SUBSCR.list",
            (Global::TupleType, false, false) => "BINARY_SUBSCR.tuple",
            (Global::StrType, false, false) => "BINARY_SUBSCR.str",
            _ => return None,
        })
    }

    /// The same where an operation for numbers that are not negative has failed, if it is not the types that did.
    pub(super) fn by_either_end_again(&mut self, number: u32, instr: &Instr) -> Option<&'static str> {
        let stores = instr.base == op::STORE_SUBSCR;
        if !stores && instr.base != op::BINARY_SUBSCR || !self.is_general(number) || self.is_for_any_object(number) {
            return None;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(container), .. }, Slot { value: Some(key), .. }] = stack.as_slice() else {
            return None;
        };
        let [class, key] = [container, key].map(|value| self.likely_class(value));
        if key != Some(Global::IntType) { None } else { self.by_either_end(class?, stores) }
    }

    /// The operation for `+` of what are lists here, or, where the interpreter found nothing to specialise, were.
    pub(super) fn joins_lists(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::BINARY_OP || !matches!(instr.oparg, ADD) {
            return None;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(left), .. }, Slot { value: Some(right), .. }] = stack.as_slice() else {
            return None;
        };
        let known = [left, right].map(|value| self.knowledge().known(value).class);
        let unspecialised = instr.opcode == instr.base;
        let classes = if unspecialised { [left, right].map(|value| self.likely_class(value)) } else { known };
        (classes == [Some(Global::ListType); 2]).then_some("BINARY_OP.lists")
    }

    /// Guards that the sequence and the bounds of a slice are what they were, where that is a list and numbers: of those it is known what a slice does.
    pub(super) fn guard_likely_slice(&mut self, number: u32) {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(container), .. }, Slot { value: Some(start), .. }, Slot { value: Some(stop), .. }] =
            stack.as_slice()
        else {
            return;
        };
        if self.is_general(number) || self.likely_class(container) != Some(Global::ListType) {
            return;
        }
        let bounds: Vec<Value> = [start, stop].into_iter().filter(|&bound| !self.b.is_none(bound)).collect();
        if bounds.iter().any(|&bound| self.likely_class(bound) != Some(Global::IntType)) {
            return;
        }
        self.mark_exit();
        self.b.guard_exact(container, Global::ListType);
        for bound in bounds {
            self.b.guard_exact(bound, Global::IntType);
        }
    }

    /// The name of the operation for a subscript, by what the container was; and what the container says of its items.
    pub(super) fn subscript(&mut self, instr: &Instr) -> Option<(&'static str, u64)> {
        let depth = match instr.base {
            op::BINARY_SUBSCR if instr.opcode == instr.base => 1,
            op::STORE_SUBSCR if instr.opcode == instr.base => 1,
            _ => return None,
        };
        let stack = &self.knowledge().state.frame().stack;
        let container = stack[stack.len() - 1 - depth].value?;
        let key = stack[stack.len() - depth].value?;
        let key = self.likely_class(key)?;
        let stores = instr.base == op::STORE_SUBSCR;
        let class = self.likely_class(container)?;
        let world = self.body.world;
        let name = match (class, key, stores) {
            (Global::ArrayType, Global::IntType, _) => {
                let array = self.sample(container)?;
                let (code, description) = world.array(array)?;
                let name = match (code, stores) {
                    (b'd', false) => "BINARY_SUBSCR.array_f64",
                    (b'l' | b'q', false) => "BINARY_SUBSCR.array_i64",
                    (b'i', false) => "BINARY_SUBSCR.array_i32",
                    (b'B', false) => "BINARY_SUBSCR.array_u8",
                    (b'd', true) => "STORE_SUBSCR.array_f64",
                    (b'l' | b'q', true) => "STORE_SUBSCR.array_i64",
                    (b'i', true) => "STORE_SUBSCR.array_i32",
                    _ => return None,
                };
                return Some((name, description));
            }
            (Global::BytesType, Global::IntType, false) => "BINARY_SUBSCR.bytes",
            (Global::ByteArrayType, Global::IntType, false) => "BINARY_SUBSCR.bytearray",
            (sequence, Global::IntType, _) if self.by_either_end(sequence, stores).is_some() => {
                self.by_either_end(sequence, stores)?
            }
            (Global::DictType, _, false) => "BINARY_SUBSCR_DICT",
            (Global::DictType, _, true) => "STORE_SUBSCR_DICT",
            _ => return None,
        };
        Some((name, 0))
    }
}
