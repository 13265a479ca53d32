//! Operations whose failures are caught in the region: where they go on, with an exception that is set, or with one that is known without being made.

use super::blocks::Walk;
use super::handlers::Raised;
use super::unwinding::MAX_HANDLERS;
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::frame;
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::binary::{FLOOR_DIVIDE, INPLACE_ADD, REMAINDER, TRUE_DIVIDE};
use whipsnake_ir::{Block, Failure, MissReason, Slot, Type, Unwinding, Value};
use whipsnake_ops::FoundGlobal;

/// Where an instruction goes on that raises.
pub(super) struct Catch {
    /// With an exception that is set.
    set: Option<Block>,
    /// Without one.
    known: SmallVec<[(Failure, Block); 2]>,
    /// How many of its inputs are in memory, where it may have taken some.
    in_memory: usize,
}

impl Walk<'_, '_> {
    /// Has the next operation go on in the region where it fails, if there is a handler for that.
    pub(super) fn catch(&mut self, number: u32, in_memory: usize) -> Option<Catch> {
        if self.handlers_built >= MAX_HANDLERS || self.knowledge().unwinding.is_some() {
            return None;
        }
        let set = self.will_catch(number, Raised::Set).then(|| self.b.block());
        let known: SmallVec<[(Failure, Block); 2]> =
            self.known_failures(number).into_iter().map(|failure| (failure, self.b.block())).collect();
        if set.is_none() && known.is_empty() {
            return None;
        }
        let region = self.knowledge();
        (region.catch, region.failures) = (set, known.clone());
        Some(Catch { set, known, in_memory })
    }

    /// The exceptions that an instruction need not make, since a handler in the region catches them.
    fn known_failures(&self, number: u32) -> SmallVec<[Failure; 2]> {
        let instr = &self.body.code.instrs()[number as usize];
        let failures: &[Failure] = match instr.base {
            op::BINARY_SUBSCR if !self.is_general(number) => &[Failure::Key, Failure::Index],
            op::BINARY_OP if matches!(instr.oparg % INPLACE_ADD, FLOOR_DIVIDE | REMAINDER | TRUE_DIVIDE) => {
                &[Failure::ZeroDivision]
            }
            op::CALL => &[Failure::Value],
            _ => &[],
        };
        let is_caught = |failure: &Failure| {
            let class = self.request.world.class_of_failure(*failure);
            class.is_some_and(|class| self.will_catch(number, Raised::Of(class)))
        };
        failures.iter().copied().filter(is_caught).collect()
    }

    /// Whether some handler in the region is for what an item that is not there raises, and that is news: what failed may have been that.
    pub(super) fn catches_missing_items(&self, number: u32) -> bool {
        let is_caught = |failure| {
            let class = self.request.world.class_of_failure(failure);
            class.is_some_and(|class| self.will_catch(number, Raised::Of(class)))
        };
        self.body.code.instrs()[number as usize].base == op::BINARY_SUBSCR
            && (is_caught(Failure::Key) || is_caught(Failure::Index))
            && !self.had_handler(number)
    }

    /// The operation is built.
    pub(super) fn stop_catching(&mut self) {
        let region = self.knowledge();
        region.catch = None;
        region.failures.clear();
    }

    /// Builds where an operation goes on that has failed. The builder stays where it is.
    pub(super) fn caught(&mut self, number: u32, catch: Catch) {
        let is_reached = |walk: &mut Self, block: Block| walk.knowledge().is_reached(block);
        let set = catch.set.filter(|&block| is_reached(self, block));
        let mut known = catch.known;
        known.retain(|(_, block)| is_reached(self, *block));
        if set.is_none() && known.is_empty() {
            return;
        }
        let on = (!self.b.is_ended()).then(|| self.b.block());
        if let Some(on) = on {
            self.b.jump(on, &[]);
        }
        for (failure, block) in known {
            let Some(class) = self.request.world.class_of_failure(failure) else { continue };
            self.b.switch_to(block);
            let Some(pin) = self.knowledge().exit else { continue };
            self.knowledge().unwinding = Some(Unwinding::new(pin));
            self.unwind(number, number, Raised::Of(class));
        }
        if let Some(block) = set {
            self.b.switch_to(block);
            self.catch_set(number, catch.in_memory);
        }
        if let Some(on) = on {
            self.b.switch_to(on);
        }
    }

    /// An operation has failed with an exception.
    fn catch_set(&mut self, number: u32, in_memory: usize) {
        let Some(exit) = self.knowledge().exit else { return };
        let mut state = self.b.func.states[exit.index()].clone();
        state.raised = true;
        let pin = self.b.func.add_state(state);
        /// `AttributeError` has two.
        const HELD: i64 = 2;
        self.knowledge().unwinding = Some(Unwinding { held: HELD, ..Unwinding::new(pin) });
        self.knowledge().exit = Some(pin);
        if in_memory > 0 {
            let locals = self.body.code.input().nlocalsplus as usize;
            let depth = self.knowledge().state.frame().stack.len();
            let memory = self.b.frame();
            for index in depth - in_memory..depth {
                let value = self.b.load(Type::Obj, memory, frame::LOCALSPLUS + 8 * (locals + index) as i32);
                self.knowledge().state.frame().stack[index].value = Some(value);
            }
        }
        if std::mem::take(&mut self.knowledge().state.escaped) {
            self.guard_unseen();
            self.guard_quiet();
        }
        self.unwind(number, number, Raised::Set);
    }

    /// Loads a class of exceptions that the interpreter has hardly ever loaded there, or not lately. False if it is none, and then nothing was done.
    pub(super) fn load_exception(&mut self, number: u32, instr: &Instr) -> bool {
        if self.knowledge().unwinding.is_some()
            || self.is_for_any_object(number)
            || self.found_as_cached(number).is_some() && !self.is_general(number)
        {
            return false;
        }
        let Some(found) = self.body.world.global(instr) else { return false };
        if !self.body.world.is_exception_class(found.address) {
            return false;
        }
        self.mark_exit();
        let class = self.guarded_global(number, instr, found.address);
        self.knowledge().learn(class, |known| *known = found.known());
        self.b.retain(class);
        self.push(Slot::owned(class));
        if instr.oparg & 1 != 0 {
            self.push(Slot::NULL);
        }
        true
    }

    /// An object that is guarded to be what a global variable holds.
    pub(super) fn guarded_global(&mut self, load: u32, instr: &Instr, address: u64) -> Value {
        let found = self.found_as_cached(load);
        let name = self.body.world.pointer(whipsnake_ops::Ptr::Name(1), instr, instr.oparg);
        let name = self.b.iconst(Type::Obj, name as i64);
        let object = self.b.iconst(Type::Obj, address as i64);
        let still = whipsnake_ops::global_is(&mut self.b, name, object, found);
        self.b.guard(still, MissReason::Value);
        object
    }

    /// Where the interpreter has found a global variable, if it still is there.
    fn found_as_cached(&self, load: u32) -> Option<FoundGlobal> {
        let code = &self.body.code;
        let (globals, builtins) = self.body.world.keys_versions()?;
        let cache = code.cache(load).global().filter(|cache| u32::from(cache.module_keys_version) == globals)?;
        let builtins = match code.instrs()[load as usize].opcode {
            op::LOAD_GLOBAL_MODULE => None,
            op::LOAD_GLOBAL_BUILTIN if u32::from(cache.builtin_keys_version) == builtins => Some(builtins),
            _ => return None,
        };
        Some(FoundGlobal { globals, builtins, index: cache.index })
    }
}
