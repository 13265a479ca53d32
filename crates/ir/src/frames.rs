//! Frames while a region is built: its own, and those of inlined calls. The latter are pushed only when somebody may look at them.

use crate::inst::InstData;
use crate::{BinaryOp, Builder, Condition, FrameState, Helper, MissReason, Resumed, Type, Value};
use whipsnake_cpython::layout::{exc_stack_item, frame as layout, generator, thread_state};

impl Builder<'_> {
    /// The current frame. That of an inlined call is pushed, if it was not yet.
    pub fn frame(&mut self) -> Value {
        match self.push_frames() {
            Some(frame) => frame,
            None => self.value(InstData::Frame, Type::Ptr),
        }
    }

    /// The frame that the region runs on.
    pub fn region_frame(&mut self) -> Value {
        self.value(InstData::Frame, Type::Ptr)
    }

    /// The globals that the current frame sees, borrowed.
    pub fn frame_globals(&mut self) -> Value {
        self.namespace(layout::GLOBALS)
    }

    /// The builtins that the current frame sees, borrowed.
    pub fn frame_builtins(&mut self) -> Value {
        self.namespace(layout::BUILTINS)
    }

    fn namespace(&mut self, offset: i32) -> Value {
        let innermost = self.region.as_deref().and_then(|r| r.state.frames.last());
        if let Some(inlined) = innermost.and_then(|frame| frame.inlined) {
            let address = if offset == layout::GLOBALS { inlined.globals } else { inlined.builtins };
            let value = self.iconst(Type::Obj, address as i64);
            self.learn(value, |known| known.present = true);
            return value;
        }
        let frame = self.frame();
        self.load(Type::Obj, frame, offset)
    }

    /// Whether the current frame is that of an inlined call, and was not pushed.
    pub(crate) fn is_virtual(&self) -> bool {
        let innermost = self.region.as_deref().and_then(|r| r.state.frames.last());
        innermost.is_some_and(|frame| frame.inlined.is_some_and(|inlined| inlined.memory.is_none()))
    }

    /// Pushes the frames of inlined calls that were not pushed yet. Gives the innermost, if there is any.
    pub(crate) fn push_frames(&mut self) -> Option<Value> {
        let region = self.region.as_deref_mut().filter(|r| !r.dead)?;
        let count = region.state.frames.len();
        // That of a recursive body is made by exits only.
        region.needs_frame |= region.state.frames.iter().next().is_some_and(|own| own.inlined.is_some());
        let mut innermost = None;
        for index in 1..count {
            let frames = &self.region.as_deref()?.state.frames;
            let (caller, inlined) = (&frames[index - 1], frames[index].inlined?);
            let first_unit = frames[index].first_unit;
            let is_below_generator = frames.is_below_generator(index);
            let instance = frames[index].stack.first().and_then(|slot| slot.value);
            let (caller, call) = (caller.memory(), caller.first_unit + 2 * u64::from(caller.unit));
            innermost = inlined.memory;
            if innermost.is_some() {
                continue;
            }
            let thread = self.thread_state();
            let below = match caller {
                Some(memory) => memory,
                None => self.value(InstData::Frame, Type::Ptr),
            };
            if let Some(resumed) = inlined.generator {
                let frame = self.link_generator(resumed, below, call);
                self.set_memory(index, frame);
                innermost = Some(frame);
                continue;
            }
            let call = self.iconst(Type::Ptr, call as i64);
            let frame = match (inlined.function.value, instance) {
                (Some(function), _) => self.call(Helper::PushInlined, &[thread, below, function, call]),
                (None, instance) => {
                    let counted = self.iconst(Type::I32, inlined.counted.into());
                    let code = self.iconst(Type::Ptr, first_unit as i64);
                    // What one below a generator has so far is for exits.
                    let instance = if is_below_generator { self.null() } else { instance? };
                    self.call(Helper::PushInit, &[thread, below, code, instance, call, counted])
                }
            };
            let pushed = self.compare_const(Condition::Ne, frame, 0);
            self.guard(pushed, MissReason::Value);
            self.set_memory(index, frame);
            innermost = Some(frame);
        }
        innermost
    }

    /// Links the frame of a generator above `below`, which waits at the instruction at `waits`. Gives the frame.
    fn link_generator(&mut self, resumed: Resumed, below: Value, waits: u64) -> Value {
        let object = resumed.object;
        let thread = self.thread_state();
        let remaining = self.load(Type::I32, thread, thread_state::PY_RECURSION_REMAINING);
        let remaining = self.binary_const(BinaryOp::Sub, remaining, 1);
        self.store(remaining, thread, thread_state::PY_RECURSION_REMAINING);
        let waits = self.iconst(Type::Ptr, waits as i64);
        self.store(waits, below, layout::INSTR_PTR);
        let back = self.iconst(Type::I32, resumed.back.into());
        self.store(back, below, layout::RETURN_OFFSET);
        let running = self.iconst(Type::I32, u32::MAX.into());
        self.store(running, object, generator::IFRAME + layout::STACKTOP);
        let executing = self.iconst(Type::I8, generator::FRAME_EXECUTING.into());
        self.store(executing, object, generator::FRAME_STATE);
        let handled = self.load(Type::Ptr, thread, thread_state::EXC_INFO);
        let own = self.address(object, generator::EXC_STATE);
        self.store(handled, object, generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM);
        self.store(own, thread, thread_state::EXC_INFO);
        let inner = self.address(object, generator::IFRAME);
        self.store(below, object, generator::IFRAME + layout::PREVIOUS);
        self.store(inner, thread, thread_state::CURRENT_FRAME);
        inner
    }

    fn set_memory(&mut self, index: usize, frame: Value) {
        let Some(region) = self.region.as_deref_mut() else { return };
        let keeps = region.state.frames.is_below_generator(index);
        pushed(&mut region.state.frames[index], frame, keeps);
        if let Some(exit) = region.exit {
            let mut state = self.func.states[exit.index()].clone();
            if let Some(state) = state.frames.get_mut(index) {
                pushed(state, frame, keeps);
            }
            region.exit = Some(self.func.add_state(state));
        }
    }

    /// Pops the innermost frame from the abstract state, and from memory if it was pushed. Nobody holds it, and what its slots hold is the
    /// caller's business.
    pub fn pop_inlined(&mut self) -> FrameState {
        let region = self.region.as_deref_mut().expect("a region is being built");
        let popped = region.state.frames.pop().expect("an inlined frame");
        if let Some(memory) = popped.memory() {
            let thread = self.thread_state();
            self.call_void(Helper::PopInlined, &[thread, memory]);
        }
        popped
    }

    /// Stores the locals that memory does not have yet, of all frames.
    pub(crate) fn write_locals(&mut self) {
        let Some(region) = self.region.as_deref_mut() else { return };
        let mut stores = Vec::new();
        let mut retained = Vec::new();
        for (number, frame) in region.state.frames.iter_mut().enumerate() {
            let memory = frame.memory();
            for (index, slot) in frame.locals.iter_mut().enumerate().filter(|(_, s)| s.dirty) {
                slot.dirty = false;
                if !slot.owned {
                    retained.extend(slot.value);
                    slot.owned = true;
                }
                stores.push((number, memory, index, slot.value));
            }
        }
        if stores.is_empty() {
            return;
        }
        // What exits restore from here on is what memory has now.
        if let Some(exit) = region.exit {
            let mut state = self.func.states[exit.index()].clone();
            for &(number, _, index, _) in &stores {
                if let Some(slot) = state.frames.get_mut(number).and_then(|frame| frame.locals.get_mut(index)) {
                    slot.dirty = false;
                }
            }
            state.fields.clear();
            region.exit = Some(self.func.add_state(state));
        }
        for value in retained {
            self.retain(value);
        }
        for (_, memory, index, value) in stores {
            let base = match memory {
                Some(memory) => memory,
                None => self.value(InstData::Frame, Type::Ptr),
            };
            let value = value.unwrap_or_else(|| self.null());
            let offset = layout::LOCALSPLUS + 8 * index as i32;
            self.push(InstData::Store { value, base, offset: offset.into() }, &[]);
        }
    }
}

/// Notes where a frame was pushed. The one below an `__init__` has its instance from the start; what one below a generator has is written by exits.
fn pushed(state: &mut FrameState, memory: Value, keeps: bool) {
    let Some(inlined) = &mut state.inlined else { return };
    inlined.memory = Some(memory);
    if inlined.function.value.is_none() && inlined.generator.is_none() && !keeps {
        state.stack.iter_mut().for_each(|slot| slot.dirty = false);
    }
}
