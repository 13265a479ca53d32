//! Functions as regions: from the first instruction to the returns.

use super::blocks::{Attempt, Walk};
use smallvec::SmallVec;
use whipsnake_cpython::layout::frame;
use whipsnake_ir::{FrameState, Frames, Slot, Type, Value};

impl Walk<'_, '_> {
    /// Builds the function; `arguments` locals have values at its start.
    pub(super) fn run_function(mut self, arguments: u32) -> Attempt {
        self.enter_function(arguments);
        let start = self.block_at(0, 0);
        self.b.jump(start, &[]);
        self.whole_function();
        self.end_of_function()
    }

    /// How an attempt to build a function ended.
    pub(super) fn end_of_function(self) -> Attempt {
        if self.again {
            Attempt::Again(self.cost)
        } else if self.returns {
            Attempt::Done(self.cost)
        } else {
            Attempt::NoWayAround(self.left_at)
        }
    }

    /// The state at the start: the arguments are in memory, and nothing else is there.
    pub(super) fn enter_function(&mut self, arguments: u32) {
        let locals = self.body.code.input().nlocalsplus;
        let memory = self.b.frame();
        let mut slots = Vec::with_capacity(locals as usize);
        for index in 0..arguments.min(locals) {
            let value = self.b.load(Type::Obj, memory, frame::LOCALSPLUS + 8 * index as i32);
            self.knowledge().learn(value, |known| known.present = true);
            slots.push(Slot { value: Some(value), owned: true, dirty: false });
        }
        slots.resize(locals as usize, Slot { dirty: false, ..Slot::NULL });
        let first_unit = self.body.world.first_unit();
        let state = FrameState { first_unit, unit: 0, locals: slots, stack: vec![], inlined: None };
        self.knowledge().state.frames = Frames::from_iter([state]);
        self.mark_exit();
    }

    /// Whether the interpreter has never run the instruction, as far as can be seen, and the region may be left there.
    pub(super) fn is_pruned(&self, number: u32) -> bool {
        self.request.prunes && self.body.code.is_untouched(number)
    }

    /// Whether a return here is one from the region.
    pub(super) fn returns_from_function(&self) -> bool {
        self.body.is_whole && self.body.after.is_none()
    }

    /// Returns `constant` from the region's own frame, or the value on top of the stack.
    ///
    /// The stub that ends the frame drops what memory holds. What memory does not have is stored for it, or, where the end of the object runs no code,
    /// dropped here.
    pub(super) fn return_from_function(&mut self, constant: Option<u32>) {
        self.mark_exit();
        self.guard_unseen();
        if let Some(constant) = constant {
            self.load_constant(constant);
        }
        self.returns = true;
        let result = self.pop();
        let value = self.result(result);
        let memory = self.b.region_frame();
        let locals = std::mem::take(&mut self.knowledge().state.frame().locals);
        let dirty = locals.iter().enumerate().filter(|(_, slot)| slot.dirty);
        let mut dropped: SmallVec<[Value; 8]> = SmallVec::new();
        for (index, slot) in dirty {
            let offset = frame::LOCALSPLUS + 8 * index as i32;
            let left = match slot.value.filter(|_| slot.owned) {
                Some(value) if self.knowledge().known(value).is_plain() => {
                    dropped.push(value);
                    None
                }
                other => other,
            };
            let left = left.unwrap_or_else(|| self.b.null());
            self.b.expose_value(left);
            self.b.store(left, memory, offset);
        }
        self.knowledge().state.frame().locals = vec![Slot { dirty: false, ..Slot::NULL }; locals.len()];
        self.mark_exit();
        for value in dropped {
            self.b.release_or_null(value);
        }
        self.b.save_instr();
        self.b.return_from_region(value);
    }

    /// The reference that goes to the caller. A local that lends it gives its own away.
    fn result(&mut self, slot: Slot) -> Value {
        let Some(value) = slot.value else { return self.b.null() };
        if slot.owned {
            return value;
        }
        let locals = &mut self.knowledge().state.frame().locals;
        match locals.iter_mut().find(|local| local.owned && local.value == Some(value)) {
            Some(local) => *local = Slot::NULL,
            None => self.b.retain(value),
        }
        value
    }
}
