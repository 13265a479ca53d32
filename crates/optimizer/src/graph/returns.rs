//! Returns from inlined calls, and the guards that nobody has got hold of frames which are about to end.

use super::blocks::Walk;
use super::body::{Entered, Wanted};
use whipsnake_cpython::layout::frame;
use whipsnake_ir::{Condition, FrameState, Global, MissReason, Slot, Type, Value};

impl Walk<'_, '_> {
    /// Returns the value on top of the stack from an inlined call.
    pub(super) fn return_inlined(&mut self) {
        self.mark_exit();
        self.guard_unseen_innermost();
        let is_init = matches!(self.body.entered, Entered::Init(_));
        if let Entered::Method { wanted, .. } = self.body.entered {
            self.guard_wanted(wanted);
        }
        if is_init {
            // Anything else than None is an error, which the baseline tier raises.
            let value = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value);
            let value = value.unwrap_or_else(|| self.b.null());
            let none = self.b.global(Global::None);
            let is_none = self.b.compare(Condition::Eq, value, none);
            self.b.guard(is_none, MissReason::Value);
        }
        let mut result = self.pop();
        let frame = self.b.pop_inlined();
        if frame.memory().is_some() {
            let depth = self.knowledge().depth;
            self.cost.add_pushed(depth);
        }
        let inlined = frame.inlined.expect("an inlined call");
        let mut ending: Vec<Slot> = frame.locals;
        // What was lent to the result goes along with it, unless the caller owns it anyway.
        if !result.owned
            && let Some(owner) = ending.iter_mut().find(|slot| slot.owned && slot.value == result.value)
        {
            *owner = Slot::NULL;
            result.owned = true;
        }
        result.dirty = true;
        if !result.owned {
            // Results of other ways through the callee may meet this one.
            result.owned = true;
            self.own(result);
        }
        ending.push(inlined.function);
        let mut pushes = true;
        if let Entered::Method { operands, wanted } = self.body.entered {
            self.b.pop_inlined();
            pushes = wanted != Wanted::Nothing;
            result = self.make_wanted(wanted, result, &mut ending);
            ending.extend(self.operands_done(operands));
        }
        if is_init {
            // What is on the stack of the frame below is the result.
            ending.push(result);
            result = Slot { dirty: true, ..self.b.pop_inlined().stack[0] };
        }
        if pushes {
            self.push(result);
        }
        self.mark_exit();
        for slot in ending.into_iter().filter(|slot| slot.owned) {
            if let Some(value) = slot.value {
                self.b.release_or_null(value);
            }
        }
        let after = self.body.after.expect("only inlined calls return");
        self.knowledge().state.frame().unit = self.body.next;
        self.mark_exit();
        self.b.jump(after, &[]);
    }

    fn own(&mut self, slot: Slot) {
        if let Some(value) = slot.value {
            self.b.retain(value);
        }
    }

    /// Leaves if somebody has got hold of the innermost frame, which was pushed.
    pub(super) fn guard_unseen_innermost(&mut self) {
        if let Some(memory) = self.knowledge().state.frame().memory() {
            self.guard_frame_unseen(memory);
        }
    }

    /// Leaves if somebody has got hold of one of the frames.
    pub(super) fn guard_unseen(&mut self) {
        let pushed: Vec<Value> = self.knowledge().state.frames.iter().filter_map(FrameState::memory).collect();
        let own = self.b.region_frame();
        self.guard_frame_unseen(own);
        for memory in pushed {
            self.guard_frame_unseen(memory);
        }
    }

    fn guard_frame_unseen(&mut self, memory: Value) {
        let seen = self.b.load(Type::Obj, memory, frame::FRAME_OBJ);
        let unseen = self.b.is_null(seen);
        self.b.guard(unseen, MissReason::Value);
    }
}
