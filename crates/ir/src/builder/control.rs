//! Blocks, branches, loops, and where an operation goes on.

use crate::inst::Args;
use crate::{Block, Builder, Continuation, InstData, LoopPlan, OpenLoop, Type, Value};

impl Builder<'_> {
    /// A new block.
    pub fn block(&mut self) -> Block {
        self.func.add_block()
    }

    /// Continues in `block`. What is known about `instr_ptr` is forgotten.
    pub fn switch_to(&mut self, block: Block) {
        self.current = block;
        self.ended = false;
        self.saved = false;
        if let Some(region) = self.region.as_deref_mut() {
            region.start_block(self.func, block);
            if let Some(unwinding) = &region.unwinding {
                region.exit = Some(unwinding.pin);
            }
        }
    }

    /// Starts another instruction of a region.
    pub fn next_instruction(&mut self) {
        self.saved = false;
    }

    /// Starts a loop at `header`, to which the current block has just jumped.
    pub fn open_loop(&mut self, header: Block, plan: &LoopPlan) -> Option<OpenLoop> {
        self.current = header;
        self.ended = false;
        self.saved = false;
        self.region.as_deref_mut()?.open_loop(self.func, header, plan)
    }

    /// Jumps back to a loop's header; whether the loop turned out as planned.
    pub fn close_loop(&mut self, open: &OpenLoop, plan: &mut LoopPlan) -> bool {
        self.show_all_instances();
        let block = self.current;
        let jump = self.push(InstData::Jump { to: open.header, args: Args::new() }, &[]);
        let region = self.region.as_deref_mut().expect("loops are of regions");
        region.dead || region.close_loop(self.func, open, jump, block, plan)
    }

    /// Whether the current block has its terminator.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Marks a block as seldom run.
    pub fn set_cold(&mut self, block: Block) {
        self.func.blocks[block.index()].cold = true;
    }

    /// Jumps to a block.
    pub fn jump(&mut self, to: Block, args: &[Value]) {
        let inst = self.push(InstData::Jump { to, args: args.iter().copied().collect() }, &[]);
        let from = self.current;
        if let Some(region) = self.region.as_deref_mut().filter(|r| !r.dead) {
            let state = region.state.clone();
            region.add_edge(to, from, inst, false, state);
        }
    }

    /// Branches to one of two blocks.
    pub fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        if let Some(known) = self.constant(condition) {
            self.jump(if known != 0 { then } else { otherwise }, &[]);
            return;
        }
        let (then_args, otherwise_args) = (Args::new(), Args::new());
        let inst = self.push(InstData::Branch { condition, then, then_args, otherwise, otherwise_args }, &[]);
        let from = self.current;
        if self.region.as_ref().is_some_and(|r| !r.dead) {
            for (to, holds) in [(then, true), (otherwise, false)] {
                let state = self.region.as_deref().expect("just seen").state.clone();
                self.learn_condition(condition, holds);
                let region = self.region.as_deref_mut().expect("just seen");
                let learnt = std::mem::replace(&mut region.state, state);
                region.add_edge(to, from, inst, !holds, learnt);
            }
        }
    }

    /// A new block, as seldom run as the current one.
    pub(crate) fn like_current(&mut self) -> Block {
        let cold = self.func.blocks[self.current.index()].cold;
        let block = self.block();
        self.func.blocks[block.index()].cold = cold;
        block
    }

    fn conditional(&mut self, condition: Value, cold: bool, body: impl FnOnce(&mut Self)) {
        let (then, after) = (self.like_current(), self.like_current());
        if cold {
            self.set_cold(then);
        }
        let saved = self.saved;
        self.branch(condition, then, after);
        self.switch_to(then);
        self.saved = saved;
        body(self);
        if !self.ended {
            self.jump(after, &[]);
        }
        self.switch_to(after);
        self.saved = saved;
    }

    /// Runs `body` if the condition holds.
    pub fn when(&mut self, condition: Value, body: impl FnOnce(&mut Self)) {
        self.conditional(condition, false, body);
    }

    /// Runs `body` if the condition holds, which is seldom.
    pub fn when_cold(&mut self, condition: Value, body: impl FnOnce(&mut Self)) {
        self.conditional(condition, true, body);
    }

    /// One of two computations of a value; `cold` says that the second is seldom run.
    pub fn choose(
        &mut self,
        condition: Value,
        ty: Type,
        cold: bool,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let (yes, no, after) = (self.like_current(), self.like_current(), self.like_current());
        if cold {
            self.set_cold(no);
        }
        let result = self.func.add_param(after, ty);
        let saved = self.saved;
        self.branch(condition, yes, no);
        self.switch_to(yes);
        self.saved = saved;
        let value = then(self);
        if !self.ended {
            self.jump(after, &[value]);
        }
        self.switch_to(no);
        self.saved = saved;
        let value = otherwise(self);
        if !self.ended {
            self.jump(after, &[value]);
        }
        self.switch_to(after);
        self.saved = saved;
        // Where one computation is known to be the one, it is its result that states are to name.
        self.region.as_deref().map_or(result, |region| region.resolve(result))
    }

    /// Leaves the operation.
    pub fn leave(&mut self, to: Continuation) {
        if matches!(to, Continuation::Exit | Continuation::Unreached | Continuation::Error) {
            self.save_instr();
        }
        self.leave_saved(to);
    }

    /// Notes the frames as they are now as what exits restore.
    pub fn mark_exit(&mut self) {
        if let Some(region) = self.region.as_deref_mut() {
            region.mark_exit(self.func);
        }
    }

    /// Leaves the operation when `instr_ptr` is already what it should be.
    pub fn leave_saved(&mut self, to: Continuation) {
        if let Some(block) = self.successor(to) {
            return self.jump(block, &[]);
        }
        self.push(InstData::Leave { to, arg: None }, &[]);
    }

    /// Leaves the operation with a value.
    pub fn leave_with(&mut self, to: Continuation, arg: Value) {
        if let Some(region) = self.region.as_deref_mut() {
            match region.next_with.filter(|_| to == Continuation::Next) {
                Some(block) => return self.jump(block, &[arg]),
                None => region.unsupported = true,
            }
        }
        self.push(InstData::Leave { to, arg: Some(arg) }, &[]);
    }

    /// Returns from the frame of a region.
    pub fn return_from_region(&mut self, value: Value) {
        self.push(InstData::Leave { to: Continuation::Return, arg: Some(value) }, &[]);
    }

    /// Goes on at a code address with another frame.
    pub fn enter(&mut self, address: Value, frame: Value, arg: Option<Value>) {
        if let Some(region) = self.region.as_deref_mut() {
            region.unsupported = true;
        }
        self.push(InstData::Enter { address, frame, arg }, &[]);
    }
}
