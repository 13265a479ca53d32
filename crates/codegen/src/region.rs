//! Compiling a region: a C function `(thread state, frame, activation) -> (address, frame)` that runs until it is left, and says where
//! native code goes on.
//!
//! An exit stores the values that it needs in a buffer on the stack and calls [`Helper::LeaveRegion`] with its number; what is in which word is
//! told by its [`Exit`]. So exits cost a store for each value, and what is seldom done is written in Rust.

use crate::lower::{Form, Lowering, Region, alias_regions, clif_type};
use crate::raw::RawCode;
use crate::stencil::{CodegenError, Compiler};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, StackSlot, StackSlotData, StackSlotKind, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use rustc_hash::FxHashMap;
use whipsnake_ir::{Continuation, FrameState, Function, Global, Helper, InstData, StateId, Type, Value, ValueDef};

/// What is fixed when a region is compiled.
#[derive(Clone, Debug)]
pub struct RegionForm {
    /// The address that [`Helper::LeaveRegion`] is given.
    pub region: u64,
    /// Where native code goes on when the region's frame is done, with the result in the activation.
    pub returns: u64,
    /// Where in the activation that is.
    pub value: i32,
    /// Code units at which native code goes on without the run time's help when the region is left there as it should be.
    pub ways_on: Vec<WayOn>,
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

/// Where an exit finds a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// NULL.
    Null,
    /// A known address.
    Address(u64),
    /// A named object.
    Global(Global),
    /// An instance that the exit makes, by its number.
    Instance(u16),
    /// A word of the buffer, of this type: an object, or a number that needs one.
    Buffer(u16, Type),
    /// A tuple that the exit makes, by its number.
    Tuple(u16),
}

/// An item of a tuple that an exit makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitItem {
    /// What it is.
    pub place: Place,
    /// Whether there is a reference to it that the tuple takes.
    pub owned: bool,
}

/// A slot that an exit writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitSlot {
    /// Its number among the frame's slots, locals first.
    pub slot: u32,
    /// What it holds.
    pub place: Place,
    /// Whether it has a reference of its own already.
    pub owned: bool,
}

/// A field that an exit writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitField {
    /// The object.
    pub object: Place,
    /// Byte offset of the field.
    pub offset: i32,
    /// What it holds: a word as it is, or an object that takes the reference along.
    pub value: Place,
    /// Whether it is an attribute that an instance did not have before.
    pub attribute: bool,
}

/// The frame of an inlined call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitCall {
    /// The function; NULL for the frame below an `__init__`.
    pub function: Place,
    /// Whether there is a reference to it that the frame takes.
    pub owned: bool,
    /// Whether the frame counts as a level of recursion.
    pub counted: bool,
    /// Where it was pushed already.
    pub memory: Option<Place>,
}

/// A frame that an exit restores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExitFrame {
    /// What an inlined call has beside the rest; none for the region's own frame.
    pub call: Option<ExitCall>,
    /// The address of its code's first unit.
    pub first_unit: u64,
    /// The code unit where it goes on.
    pub unit: u32,
    /// How many values are on its stack.
    pub depth: u32,
    /// The slots that memory does not have yet.
    pub slots: Vec<ExitSlot>,
}

/// A way out of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// Where it leads.
    pub to: Continuation,
    /// The frames, the innermost last.
    pub frames: Vec<ExitFrame>,
    /// The addresses of the classes of instances that it makes.
    pub instances: Vec<u64>,
    /// Fields whose stores were put off.
    pub fields: Vec<ExitField>,
    /// Tuples that are made only here.
    pub tuples: Vec<Vec<ExitItem>>,
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
}

/// What an exit needs: values to store, and what it makes of them.
#[derive(Default)]
struct Needs {
    values: Vec<Value>,
    instances: Vec<Value>,
    /// Of each instance, the address.
    classes: Vec<u64>,
    tuples: Vec<(Value, Vec<ExitItem>)>,
}

impl Compiler {
    /// The machine code of `func` as a region.
    pub fn region(&mut self, func: &Function, form: &RegionForm) -> Result<RegionCode, CodegenError> {
        self.clear();
        let (context, builder_context, config) = self.parts();
        let out = &mut context.func;
        out.signature = ir::Signature::new(CallConv::SystemV);
        out.signature.params.extend([types::I64; 3].map(AbiParam::new));
        out.signature.returns.extend([types::I64; 2].map(AbiParam::new));
        let regions = alias_regions(out);
        let buffer = out.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3));
        let mut b = FunctionBuilder::new(out, builder_context);
        let blocks: Vec<ir::Block> = func.block_ids().map(|_| b.create_block()).collect();
        b.append_block_params_for_function_params(blocks[0]);
        let leave = b.create_block();
        b.set_cold_block(leave);
        b.append_block_param(leave, types::I32);
        let params = b.block_params(blocks[0]);
        let (thread, frame, activation) = (params[0], params[1], params[2]);
        let state = RegionLowering {
            form,
            thread,
            frame,
            activation,
            buffer,
            buffer_words: 1,
            leave,
            exits: vec![],
            quick: vec![],
            pending: vec![],
            blocks: FxHashMap::default(),
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

impl<'a> Lowering<'a, '_> {
    fn region_state(&mut self) -> &mut RegionLowering<'a> {
        match &mut self.form {
            Form::Region(region) => region,
            Form::Stencil { .. } => unreachable!("only regions have exits"),
        }
    }

    /// What is fixed of the region that is being lowered.
    pub(crate) fn region_form(&mut self) -> &'a RegionForm {
        self.region_state().form
    }

    fn current_state(&self) -> StateId {
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
        frame.is_some_and(|frame| frame.inlined.is_some() && frame.memory().is_none())
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
        let (exit, values) = self.describe(self.current_state(), Continuation::Exit);
        let region = self.region_state();
        let number = region.exits.len();
        region.exits.push(exit);
        region.pending.push((region.leave, vec![]));
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
    pub(crate) fn new_tuple(&mut self, items: &[Value]) -> ir::Value {
        self.store_exit_values(items);
        let buffer = self.region_state().buffer;
        let items_at = self.b.ins().stack_addr(types::I64, buffer, 0);
        let count = self.b.ins().iconst(types::I32, items.len() as i64);
        let tuple = self.call(Helper::BuildTuple, &[items_at, count])[0];
        let null = self.b.ins().icmp_imm_s(IntCC::Equal, tuple, 0);
        self.leave_if(null, Continuation::Error);
        tuple
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
        for (index, &value) in values.iter().enumerate() {
            let mut word = self.use_value(value);
            if clif_type(self.func.ty(value)).bytes() < 8 {
                word = self.b.ins().uextend(types::I64, word);
            }
            self.b.ins().stack_store(types::I64, word, buffer, 8 * index as i32);
        }
    }

    /// What an exit with a state restores, and which values it stores for that.
    fn describe(&self, state: StateId, to: Continuation) -> (Exit, Vec<Value>) {
        let state = &self.func.states[state.index()];
        let mut needs = Needs::default();
        let mut place = |value: Value| self.place(value, &mut needs);
        let frames = state
            .frames
            .iter()
            .map(|frame| ExitFrame {
                call: frame.inlined.map(|inlined| ExitCall {
                    function: inlined.function.value.map_or(Place::Null, &mut place),
                    owned: inlined.function.owned,
                    counted: inlined.counted,
                    memory: inlined.memory.map(&mut place),
                }),
                first_unit: frame.first_unit,
                unit: frame.unit,
                depth: frame.stack.len() as u32,
                slots: frame
                    .locals
                    .iter()
                    .chain(&frame.stack)
                    .enumerate()
                    .filter(|(_, slot)| slot.dirty)
                    .map(|(index, slot)| ExitSlot {
                        slot: index as u32,
                        place: slot.value.map_or(Place::Null, &mut place),
                        owned: slot.owned,
                    })
                    .collect(),
            })
            .collect();
        let fields = state
            .fields
            .iter()
            .map(|f| ExitField {
                object: place(f.object),
                offset: f.offset,
                value: place(f.value),
                attribute: f.attribute,
            })
            .collect();
        let Needs { values, tuples, classes, .. } = needs;
        let tuples = tuples.into_iter().map(|(_, items)| items).collect();
        (Exit { to, frames, instances: classes, fields, tuples }, values)
    }

    /// The address that a constant object has.
    fn known_address(&self, value: Value) -> u64 {
        match self.func.def(value) {
            ValueDef::Result(inst, _) => match *self.func.inst(inst) {
                InstData::Iconst { value, .. } => value as u64,
                ref other => unreachable!("{other:?} is no constant"),
            },
            ValueDef::Param(..) => unreachable!("a parameter is no constant"),
        }
    }

    /// Where an exit finds a value, which is noted among what it needs.
    fn place(&self, value: Value, needs: &mut Needs) -> Place {
        if let ValueDef::Result(inst, _) = self.func.def(value) {
            match self.func.inst(inst) {
                InstData::Iconst { ty: Type::Obj, value: 0 } => return Place::Null,
                &InstData::Iconst { ty: Type::Obj, value } => return Place::Address(value as u64),
                &InstData::Global { global } => return Place::Global(global),
                &InstData::Instance { class } => {
                    let known = needs.instances.iter().position(|&v| v == value).unwrap_or_else(|| {
                        needs.instances.push(value);
                        needs.classes.push(self.known_address(class));
                        needs.instances.len() - 1
                    });
                    return Place::Instance(known as u16);
                }
                InstData::LateTuple { items, lent } => {
                    if let Some(known) = needs.tuples.iter().position(|(tuple, _)| *tuple == value) {
                        return Place::Tuple(known as u16);
                    }
                    let item = |(index, &item): (usize, &Value)| ExitItem {
                        place: self.place(item, needs),
                        owned: lent & (1 << index) == 0,
                    };
                    let items = items.iter().enumerate().map(item).collect();
                    needs.tuples.push((value, items));
                    return Place::Tuple(needs.tuples.len() as u16 - 1);
                }
                _ => {}
            }
        }
        let index = needs.values.iter().position(|&v| v == value).unwrap_or_else(|| {
            needs.values.push(value);
            needs.values.len() - 1
        });
        Place::Buffer(index as u16, self.func.ty(value))
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
        for (number, (block, values)) in pending.iter().enumerate().filter(|(_, (block, _))| *block != leave) {
            self.b.switch_to_block(*block);
            let number = self.b.ins().iconst(types::I32, number as i64);
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
        let exits = std::mem::take(&mut region.exits);
        self.b.func.sized_stack_slots[slot].size = bytes;
        exits
    }
}
