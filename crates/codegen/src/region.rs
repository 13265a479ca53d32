//! Compiling a region: a C function `(thread state, frame, activation) -> (address, frame)` that runs until it is left, and says where
//! native code goes on. Recursive bodies have [a form of their own](crate::recursion).
//!
//! An exit stores the values that it needs in a buffer on the stack and calls [`Helper::LeaveRegion`] with its number; what is in which word is
//! told by its [`Exit`]. So exits cost a store for each value, and what is seldom done is written in Rust.

use crate::exits::Exit;
use crate::lower::{Form, Lowering, Region, alias_regions, clif_type};
use crate::raw::RawCode;
use crate::recursion::{self, Recursion};
use crate::stencil::{CodegenError, Compiler};
use crate::twins::{self, Twins};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, StackSlot, StackSlotData, StackSlotKind, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use rustc_hash::FxHashMap;
use whipsnake_ir::{Continuation, FrameState, Function, Helper, StateId, Value};

/// What is fixed when a region is compiled.
#[derive(Clone, Debug)]
pub struct RegionForm {
    /// The address that [`Helper::LeaveRegion`] is given.
    pub region: u64,
    /// Where native code goes on when the region's frame is done, with the result in the activation.
    pub returns: u64,
    /// Where in the activation that is.
    pub value: i32,
    /// The number of the first exit: those of its recursive body come before.
    pub first_exit: usize,
    /// How much of the stack a call of the recursive body takes.
    pub body_bytes: u32,
    /// Code units at which native code goes on without the run time's help when the region is left there as it should be.
    pub ways_on: Vec<WayOn>,
}

impl RegionForm {
    /// What opens this recursive body comes after it.
    pub fn opens(&mut self, body: &RegionCode) {
        self.first_exit = body.exits.len();
        self.body_bytes = body.code.stack_bytes;
    }
}

/// Where native code goes on at a code unit of the region's own code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WayOn {
    /// The code unit.
    pub unit: u32,
    /// Machine code for it.
    pub address: u64,
    /// How many values on top of the stack that does not read from their slots, since it knows them to be borrowed.
    pub pending: u32,
}

/// A compiled region.
#[derive(Clone, Debug)]
pub struct RegionCode {
    /// Machine code.
    pub code: RawCode,
    /// Its exits, by number.
    pub exits: Vec<Exit>,
}

/// What lowering a region keeps beside the rest.
pub(crate) struct RegionLowering<'a> {
    form: &'a RegionForm,
    pub(crate) thread: ir::Value,
    pub(crate) frame: ir::Value,
    pub(crate) activation: ir::Value,
    /// What a recursive body, or what opens one, has beside that.
    pub(crate) recursion: Option<Recursion>,
    buffer: StackSlot,
    buffer_words: u32,
    /// Where all exits meet, with the exit's number.
    leave: ir::Block,
    exits: Vec<Exit>,
    /// Exits that write the frame themselves.
    quick: Vec<(ir::Block, StateId, WayOn)>,
    /// Values to store for each exit, and the block that does.
    pending: Vec<(ir::Block, Vec<Value>)>,
    blocks: FxHashMap<(StateId, Continuation), ir::Block>,
    /// Numbers that may be one object, once somebody has asked.
    twins: Option<Twins>,
}

impl Compiler {
    /// The machine code of `func` as a region.
    pub fn region(&mut self, func: &Function, form: &RegionForm) -> Result<RegionCode, CodegenError> {
        self.clear();
        let (context, builder_context, config) = self.parts();
        let out = &mut context.func;
        out.signature = match &func.signature {
            Some(signature) => recursion::signature(signature),
            None => {
                let mut signature = ir::Signature::new(CallConv::SystemV);
                signature.params.extend([types::I64; 3].map(AbiParam::new));
                signature.returns.extend([types::I64; 2].map(AbiParam::new));
                signature
            }
        };
        let regions = alias_regions(out);
        let buffer = out.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3));
        let record = recursion::is_in(func)
            .then(|| out.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 16, 3)));
        let mut b = FunctionBuilder::new(out, builder_context);
        let blocks: Vec<ir::Block> = func.block_ids().map(|_| b.create_block()).collect();
        b.append_block_params_for_function_params(blocks[0]);
        let leave = b.create_block();
        b.set_cold_block(leave);
        b.append_block_param(leave, types::I32);
        let params = b.block_params(blocks[0]);
        // In the place of the frame a body has the record of the call, in that of the activation how deep it may still go.
        let (thread, frame, activation) = (params[0], params[1], params[2]);
        let recursion = record.map(|record| Recursion::new(record, params[2..].to_vec()));
        let state = RegionLowering {
            form,
            thread,
            frame,
            activation,
            recursion,
            buffer,
            buffer_words: 1,
            leave,
            exits: vec![],
            quick: vec![],
            pending: vec![],
            blocks: FxHashMap::default(),
            twins: None,
        };
        let mut lowering = Lowering::new(func, Form::Region(Box::new(state)), b, regions, blocks);
        lowering.blocks();
        let exits = lowering.exits();
        lowering.b.seal_all_blocks();
        lowering.b.finalize(config);
        self.finish(func, exits)
    }

    fn finish(&mut self, func: &Function, exits: Vec<Exit>) -> Result<RegionCode, CodegenError> {
        let code = self.compile(func)?;
        Ok(RegionCode { code, exits })
    }
}

impl RegionLowering<'_> {
    /// An exit that is not jumped to: what the region stores for it goes elsewhere. Gives its number.
    pub(crate) fn add_exit(&mut self, exit: Exit) -> usize {
        self.exits.push(exit);
        self.pending.push((self.leave, vec![]));
        self.form.first_exit + self.exits.len() - 1
    }
}

impl<'a> Lowering<'a, '_> {
    pub(crate) fn region_state(&mut self) -> &mut RegionLowering<'a> {
        match &mut self.form {
            Form::Region(region) => region,
            Form::Stencil { .. } => unreachable!("only regions have exits"),
        }
    }

    /// What is fixed of the region that is being lowered.
    pub(crate) fn region_form(&mut self) -> &'a RegionForm {
        self.region_state().form
    }

    pub(crate) fn current_state(&self) -> StateId {
        self.func.state_of(self.current).unwrap_or_else(|| {
            panic!("{:?} leaves the region without a state", self.func.inst(self.current));
        })
    }

    /// The address of the instruction that is being lowered.
    pub(crate) fn region_instr(&self) -> u64 {
        let state = &self.func.states[self.current_state().index()];
        let frame = state.frames.last().expect("a state has a frame");
        frame.first_unit + 2 * u64::from(frame.unit)
    }

    /// Whether the instruction being lowered runs on the frame of an inlined call that was not pushed.
    pub(crate) fn is_region_frame_virtual(&self) -> bool {
        let frame = self.func.states[self.current_state().index()].frames.last();
        // The body of a recursion that returns has none.
        frame.is_none_or(|frame| frame.inlined.is_some() && frame.memory().is_none())
    }

    /// The frame that the instruction being lowered runs on, which has been pushed.
    pub(crate) fn region_frame(&mut self) -> ir::Value {
        let memory = self.func.states[self.current_state().index()].frames.last().and_then(FrameState::memory);
        match memory {
            Some(memory) => self.use_value(memory),
            None => self.frame(),
        }
    }

    /// Ends a block with the return from the region's frame.
    pub(crate) fn return_from_region(&mut self, value: ir::Value) {
        if self.func.signature.is_some() {
            return self.return_from_body(value);
        }
        let region = self.region_state();
        let (frame, activation, form) = (region.frame, region.activation, region.form);
        self.store(Region::Thread, value, activation, form.value);
        let address = self.b.ins().iconst(types::I64, form.returns as i64);
        self.b.ins().return_(&[address, frame]);
    }

    /// Ends a block with an exit.
    pub(crate) fn leave_region(&mut self, to: Continuation) {
        let block = self.exit_block(to);
        self.b.ins().jump(block, &[]);
    }

    /// The block that leaves with the state of the current instruction.
    pub(crate) fn exit_block(&mut self, to: Continuation) -> ir::Block {
        let state = self.current_state();
        let to = if self.func.states[state.index()].raised { Continuation::Error } else { to };
        if let Some(&block) = self.region_state().blocks.get(&(state, to)) {
            return block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        if to == Continuation::Next
            && let Some(way) = self.way_on(state)
        {
            let region = self.region_state();
            region.blocks.insert((state, to), block);
            region.quick.push((block, state, way));
            return block;
        }
        let (exit, values) = self.describe(state, to);
        let region = self.region_state();
        region.blocks.insert((state, to), block);
        region.exits.push(exit);
        region.pending.push((block, values));
        block
    }

    /// Destroys an object whose end may look at the frames. Where nobody can, they are not shown.
    pub(crate) fn destroy_in_region(&mut self, object: ir::Value) {
        /// So many values are stored without asking whether that is necessary.
        const FEW: usize = 4;
        let state = self.current_state();
        if self.func.signature.is_none() && self.func.states[state.index()].is_in_memory() {
            self.save_instr();
            self.call(Helper::DestroyPlain, &[object]);
            return;
        }
        let (exit, values) = self.describe(state, Continuation::Exit);
        let region = self.region_state();
        let number = region.add_exit(exit);
        if values.len() <= FEW {
            self.destroy_shown(Helper::DestroyInRegion, object, number, &values);
            return;
        }
        let (noticed, done) = (self.b.create_block(), self.b.create_block());
        for block in [noticed, done] {
            self.b.set_cold_block(block);
        }
        let buffer = self.region_state().buffer;
        let answer = self.b.ins().stack_addr(types::I64, buffer, 0);
        self.call(Helper::DestroyUnnoticed, &[object, answer]);
        let answer = self.b.ins().stack_load(types::I64, types::I64, buffer, 0);
        self.b.ins().brif(answer, noticed, &[], done, &[]);
        self.b.switch_to_block(noticed);
        self.destroy_shown(Helper::DestroyNoticed, object, number, &values);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }

    fn destroy_shown(&mut self, helper: Helper, object: ir::Value, number: usize, values: &[Value]) {
        self.store_exit_values(values);
        let (thread, frame, data, buffer) = self.exit_arguments();
        let number = self.b.ins().iconst(types::I32, number as i64);
        self.call(helper, &[object, number, buffer, data, frame, thread]);
    }

    /// A tuple of objects, of which it takes the references.
    pub(crate) fn new_tuple(&mut self, class: whipsnake_ir::Global, items: &[Value]) -> ir::Value {
        self.store_exit_values(items);
        let buffer = self.region_state().buffer;
        let items_at = self.b.ins().stack_addr(types::I64, buffer, 0);
        let count = self.b.ins().iconst(types::I32, items.len() as i64);
        let helper = match class {
            whipsnake_ir::Global::MethodType => Helper::BuildMethod,
            whipsnake_ir::Global::DictType => Helper::BuildNamed,
            _ => Helper::BuildTuple,
        };
        let tuple = self.call(helper, &[items_at, count])[0];
        let null = self.b.ins().icmp_imm_s(IntCC::Equal, tuple, 0);
        self.leave_if(null, Continuation::Error);
        tuple
    }

    /// What an exit with a state restores, and which values it stores for that.
    pub(crate) fn describe(&mut self, state: StateId, to: Continuation) -> (Exit, Vec<Value>) {
        let func = self.func;
        let (mut exit, values) = Exit::of(func, state, to);
        if values.iter().filter(|&&value| twins::is_number(func.ty(value))).count() > 1 {
            exit.twins = self.region_state().twins.get_or_insert_with(|| Twins::of(func)).among(func, &values);
        }
        (exit, values)
    }

    /// Whether two values are numbers that may be one object.
    pub(crate) fn are_twins(&mut self, a: Value, b: Value) -> bool {
        let func = self.func;
        self.region_state().twins.get_or_insert_with(|| Twins::of(func)).may_be_one(func, a, b)
    }

    fn exit_arguments(&mut self) -> (ir::Value, ir::Value, ir::Value, ir::Value) {
        let region = self.region_state();
        let (thread, frame, data, buffer) = (region.thread, region.frame, region.form.region, region.buffer);
        let data = self.b.ins().iconst(types::I64, data as i64);
        let buffer = self.b.ins().stack_addr(types::I64, buffer, 0);
        (thread, frame, data, buffer)
    }

    fn store_exit_values(&mut self, values: &[Value]) {
        let words = values.len() as u32;
        let region = self.region_state();
        region.buffer_words = region.buffer_words.max(words);
        let buffer = region.buffer;
        self.store_words(buffer, 0, values);
    }

    /// Stores values as words, from one word of a stack slot on.
    pub(crate) fn store_words(&mut self, slot: StackSlot, first: u32, values: &[Value]) {
        for (index, &value) in (first..).zip(values) {
            let mut word = self.use_value(value);
            if clif_type(self.func.ty(value)).bytes() < 8 {
                word = self.b.ins().uextend(types::I64, word);
            }
            self.b.ins().stack_store(types::I64, word, slot, 8 * index as i32);
        }
    }

    /// Builds the blocks of all exits.
    fn exits(&mut self) -> Vec<Exit> {
        for (block, state, way) in std::mem::take(&mut self.region_state().quick) {
            self.b.switch_to_block(block);
            self.leave_quickly(state, way);
        }
        let pending = std::mem::take(&mut self.region_state().pending);
        let leave = self.region_state().leave;
        // Exits that store the same values share the code for that.
        let mut stores: FxHashMap<&[Value], ir::Block> = FxHashMap::default();
        let first = self.region_form().first_exit;
        for (number, (block, values)) in pending.iter().enumerate().filter(|(_, (block, _))| *block != leave) {
            self.b.switch_to_block(*block);
            let number = self.b.ins().iconst(types::I32, (first + number) as i64);
            if let Some(&shared) = stores.get(&values[..]) {
                self.b.ins().jump(shared, &[number.into()]);
                continue;
            }
            let shared = self.b.create_block();
            self.b.set_cold_block(shared);
            let param = self.b.append_block_param(shared, types::I32);
            stores.insert(values, shared);
            self.b.ins().jump(shared, &[number.into()]);
            self.b.switch_to_block(shared);
            self.store_exit_values(values);
            self.b.ins().jump(leave, &[param.into()]);
        }
        self.b.switch_to_block(leave);
        let number = self.b.block_params(leave)[0];
        let (thread, frame, data, buffer) = self.exit_arguments();
        let activation = self.region_state().activation;
        let results = self.call(Helper::LeaveRegion, &[thread, frame, activation, data, number, buffer]);
        self.b.ins().return_(&results);
        let region = self.region_state();
        let (slot, bytes) = (region.buffer, 8 * region.buffer_words);
        let record = region.recursion.as_ref().map(|recursion| (recursion.record, recursion.bytes()));
        let exits = std::mem::take(&mut region.exits);
        for (slot, bytes) in record.into_iter().chain([(slot, bytes)]) {
            self.b.func.sized_stack_slots[slot].size = bytes;
        }
        exits
    }
}
