//! Generators that the region makes, and functions that make them: which code these run is known before there is a sample.

use super::blocks::Walk;
use crate::{Callee, Suspended};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Helper, Slot, Value};
use whipsnake_ops::guard_iterates_itself;

/// What an instruction makes.
pub(super) enum Made<'a> {
    /// A function that makes generators.
    Maker(Callee<'a>),
    /// A generator, and objects that its parameters are like.
    Generator(Callee<'a>, Vec<Option<u64>>),
}

impl<'a> Walk<'a, '_> {
    /// What a value was, or is about to be, if that is a generator.
    pub(super) fn likely_generator(&mut self, value: Value) -> Option<Suspended<'a>> {
        let origin = self.origin(value);
        if let Some(callee) = self.generators.get(&origin) {
            return Some(Suspended { callee: callee.clone(), unit: u32::MAX });
        }
        let world = self.body.world;
        self.sample(value).and_then(|sample| world.generator(sample))
    }

    /// What the instruction makes a generator of, or a function that makes generators.
    pub(super) fn generator_made(&mut self, instr: &Instr) -> Option<Made<'a>> {
        let world = self.body.world;
        let stack = &self.knowledge().state.frame().stack;
        let depth = stack.len();
        let from_top = match instr.base {
            op::MAKE_FUNCTION | op::SET_FUNCTION_ATTRIBUTE => 1,
            op::CALL => instr.oparg as usize + 2,
            _ => return None,
        };
        let called = depth.checked_sub(from_top)?;
        let value = stack[called].value?;
        let arguments: Vec<Option<Value>> = stack[called + 1..].iter().map(|slot| slot.value).collect();
        let origin = self.origin(value);
        let maker = self.makers.get(&origin).cloned();
        match instr.base {
            op::SET_FUNCTION_ATTRIBUTE => maker.map(Made::Maker),
            op::CALL => {
                let callee = match maker {
                    Some(maker) => maker,
                    None => self.constant_address(value).and_then(|address| world.generator_function(address))?,
                };
                let mut arguments = arguments.into_iter().flatten().collect::<Vec<_>>();
                arguments.retain(|&argument| self.constant_address(argument) != Some(0));
                let samples = arguments.into_iter().map(|argument| self.sample(argument)).collect();
                Some(Made::Generator(callee, samples))
            }
            _ => self.constant_address(value).and_then(|code| world.generator_code(code)).map(Made::Maker),
        }
    }

    /// The call of a function that was just made for a generator expression, without the call; false if it is none, and then nothing was done.
    pub(super) fn make_generator(&mut self, number: u32, instr: &Instr) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., called, argument] = stack.as_slice() else { return false };
        let (Some(function), Some(iterator)) = (called.value, argument.value) else { return false };
        if instr.oparg != 0 || self.is_general(number) || !called.owned || self.is_there(argument) != Some(true) {
            return false;
        }
        let origin = self.origin(function);
        if !self.makers.contains_key(&origin) {
            return false;
        }
        let Some(Made::Generator(callee, samples)) = self.generator_made(instr) else { return false };
        let instrs = callee.code.instrs();
        let first = usize::from(instrs[0].base == op::COPY_FREE_VARS);
        if callee.parameters != 1 || instrs.get(first).is_none_or(|instr| instr.base != op::RETURN_GENERATOR) {
            return false;
        }
        self.own_stack();
        self.mark_exit();
        self.guard_callee(function, &callee);
        let thread = self.b.thread_state();
        let generator = self.b.call_checked(Helper::NewGenerator, &[thread, function, iterator]);
        self.b.learn_class(generator, Global::GeneratorType);
        self.knowledge().learn(generator, |known| known.runs = Some(callee.executable));
        self.pop();
        self.pop();
        self.push(Slot::owned(generator));
        self.note_made(Made::Generator(callee, samples));
        let class = self.knowledge().known(iterator).class;
        let made = self.origin(generator);
        self.iterators.insert(made, class);
        // The generator holds both.
        self.mark_exit();
        self.b.release(iterator);
        self.b.release(function);
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        true
    }

    /// Notes what the top of the stack is.
    pub(super) fn note_made(&mut self, made: Made<'a>) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        let value = self.origin(value);
        match made {
            Made::Maker(callee) => {
                self.makers.insert(value, callee);
            }
            Made::Generator(callee, samples) => {
                self.generators.insert(value, callee);
                self.parameters.insert(value, samples);
            }
        }
    }

    /// Whether the top of the stack is its own iterator: an `enumerate`, a `zip`, or a generator, which is guarded, as is what a generator expression goes
    /// over. That is an iterator already, but later versions of the interpreter ask for one of that once more.
    pub(super) fn is_iterator_itself(&mut self, number: u32) -> bool {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return false };
        if matches!(self.b.known_class(value), Some(Global::EnumerateType | Global::ZipType)) {
            return true;
        }
        let origin = self.origin(value);
        if let Some(&class) = self.iterators.get(&origin).filter(|_| !self.is_general(number)) {
            self.mark_exit();
            match class {
                Some(class) => self.b.guard_exact(value, class),
                None => guard_iterates_itself(&mut self.b, value),
            }
            return true;
        }
        if self.likely_generator(value).is_none() {
            return false;
        }
        self.mark_exit();
        self.b.guard_exact(value, Global::GeneratorType);
        true
    }
}
