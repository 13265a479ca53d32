//! Functions: blocks of instructions over SSA values.

use crate::inst::InstData;
use crate::{Block, ExitState, Global, Inst, StateId, Type, Value};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueDef {
    /// Result `.1` of instruction `.0`.
    Result(Inst, u8),
    /// Parameter `.1` of block `.0`.
    Param(Block, u16),
}

/// A basic block.
#[derive(Clone, Debug, Default)]
pub struct BlockData {
    /// Parameters, given by jumps to the block.
    pub params: SmallVec<[Value; 2]>,
    /// Instructions; the last is a terminator once the block is complete.
    pub insts: Vec<Inst>,
    /// Seldom run: laid out away from the rest.
    pub cold: bool,
    /// How many loops are around it, in a region.
    pub depth: u32,
}

/// Room that a block has from its first instruction on: few have less, and to grow takes longer than all else about adding one.
const USUAL_LENGTH: usize = 12;

/// What a recursive body takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodySignature {
    /// The types of the function's arguments.
    pub params: Vec<Type>,
    /// The type of its result.
    pub result: Type,
}

/// A function. Block 0 is where it starts.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// What it is called in dumps.
    pub name: String,
    /// Blocks, in layout order.
    pub blocks: Vec<BlockData>,
    insts: Vec<(InstData, SmallVec<[Value; 2]>)>,
    values: Vec<(ValueDef, Type)>,
    /// What the host's frames hold where a region can be left; none in an operation alone.
    pub states: Vec<ExitState>,
    /// The state for each instruction of a region, by the instruction's number.
    state_of: Vec<Option<StateId>>,
    /// Exact types of objects that block parameters of a region hold.
    classes: FxHashMap<Value, Global>,
    /// The number in an object where a jump hands it on, if it is at hand.
    raws: FxHashMap<(Inst, Value), Value>,
    /// Whether it is a loop of a generator that is left at `yield`s, and does so much in one round that it gains if it is left in the first.
    pub gains_in_one_round: bool,
    /// The recursive body that it opens: a region of a function that calls itself takes the arguments from its frame, and calls this.
    pub body: Option<Box<Function>>,
    /// Of a recursive body, what it takes and gives.
    pub signature: Option<BodySignature>,
    /// Memory of blocks that there were before the function was made empty.
    spare: Vec<Vec<Inst>>,
}

impl Function {
    /// An empty function.
    pub fn new(name: impl Into<String>) -> Self {
        Function { name: name.into(), ..Default::default() }
    }

    /// Makes it empty again, but keeps its memory.
    pub fn clear(&mut self) {
        let Function {
            name: _,
            blocks,
            insts,
            values,
            states,
            state_of,
            classes,
            raws,
            gains_in_one_round,
            body,
            signature,
            spare,
        } = self;
        *gains_in_one_round = false;
        (*body, *signature) = (None, None);
        spare.extend(blocks.drain(..).map(|block| block.insts).filter(|insts| insts.capacity() > 0));
        spare.iter_mut().for_each(Vec::clear);
        insts.clear();
        values.clear();
        states.clear();
        state_of.clear();
        classes.clear();
        raws.clear();
    }

    /// Makes room for so many instructions of a region.
    pub fn reserve(&mut self, insts: usize) {
        self.insts.reserve(insts);
        self.values.reserve(insts);
        self.state_of.reserve(insts);
        self.states.reserve(insts / 4);
        self.blocks.reserve(insts / 4);
    }

    /// Adds an empty block.
    pub fn add_block(&mut self) -> Block {
        self.blocks.push(BlockData { insts: self.spare.pop().unwrap_or_default(), ..BlockData::default() });
        Block(self.blocks.len() as u32 - 1)
    }

    /// Adds a parameter to a block.
    pub fn add_param(&mut self, block: Block, ty: Type) -> Value {
        let index = self.blocks[block.index()].params.len() as u16;
        let value = self.add_value(ValueDef::Param(block, index), ty);
        self.blocks[block.index()].params.push(value);
        value
    }

    /// Appends an instruction to a block, with results of the given types.
    pub fn add_inst(&mut self, block: Block, data: InstData, results: &[Type]) -> Inst {
        let inst = Inst(self.insts.len() as u32);
        self.insts.push((data, SmallVec::new()));
        for (index, ty) in results.iter().enumerate() {
            let value = self.add_value(ValueDef::Result(inst, index as u8), *ty);
            self.insts[inst.index()].1.push(value);
        }
        let insts = &mut self.blocks[block.index()].insts;
        if insts.capacity() == 0 {
            insts.reserve(USUAL_LENGTH);
        }
        insts.push(inst);
        inst
    }

    /// Inserts an instruction before the last one of a block, its terminator.
    pub fn insert_before_end(&mut self, block: Block, data: InstData, results: &[Type]) -> Inst {
        let inst = self.add_inst(block, data, results);
        let insts = &mut self.blocks[block.index()].insts;
        let last = insts.len() - 1;
        insts.swap(last - 1, last);
        inst
    }

    fn add_value(&mut self, def: ValueDef, ty: Type) -> Value {
        self.values.push((def, ty));
        Value(self.values.len() as u32 - 1)
    }

    /// Notes the exact type of a block parameter.
    pub fn note_class(&mut self, param: Value, class: Option<Global>) {
        if let Some(class) = class {
            self.classes.insert(param, class);
        }
    }

    /// The exact type of a block parameter, if it is known.
    pub fn class(&self, param: Value) -> Option<Global> {
        self.classes.get(&param).copied()
    }

    /// Notes the number in an object that a jump hands on.
    pub fn note_raw(&mut self, jump: Inst, object: Value, raw: Option<Value>) {
        if let Some(raw) = raw {
            self.raws.insert((jump, object), raw);
        }
    }

    /// The number in an object that a jump hands on.
    pub fn raw(&self, jump: Inst, object: Value) -> Option<Value> {
        self.raws.get(&(jump, object)).copied()
    }

    /// Changes a value's type, together with its uses.
    pub fn set_ty(&mut self, value: Value, ty: Type) {
        self.values[value.index()].1 = ty;
    }

    /// Replaces a block's parameters by some of them.
    pub fn set_params(&mut self, block: Block, params: SmallVec<[Value; 2]>) {
        for (index, param) in params.iter().enumerate() {
            self.values[param.index()].0 = ValueDef::Param(block, index as u16);
        }
        self.blocks[block.index()].params = params;
    }

    /// Makes an instruction that is in no block yet.
    pub fn detached(&mut self, data: InstData, results: &[Type]) -> Inst {
        let block = Block(0);
        let inst = self.add_inst(block, data, results);
        self.blocks[0].insts.pop();
        inst
    }

    /// Says what the frames hold when the instruction leaves the region.
    pub fn set_state(&mut self, inst: Inst, state: StateId) {
        if self.state_of.len() <= inst.index() {
            self.state_of.resize(inst.index() + 1, None);
        }
        self.state_of[inst.index()] = Some(state);
    }

    /// What the frames hold when the instruction leaves the region.
    pub fn state_of(&self, inst: Inst) -> Option<StateId> {
        self.state_of.get(inst.index()).copied().flatten()
    }

    /// Adds a state.
    pub fn add_state(&mut self, state: ExitState) -> StateId {
        self.states.push(state);
        StateId(self.states.len() as u32 - 1)
    }

    /// The instruction's operation and operands.
    pub fn inst(&self, inst: Inst) -> &InstData {
        &self.insts[inst.index()].0
    }

    /// The instruction's operation and operands, to change.
    pub fn inst_mut(&mut self, inst: Inst) -> &mut InstData {
        &mut self.insts[inst.index()].0
    }

    /// The instruction's results.
    pub fn results(&self, inst: Inst) -> &[Value] {
        &self.insts[inst.index()].1
    }

    /// Where the value is defined.
    pub fn def(&self, value: Value) -> ValueDef {
        self.values[value.index()].0
    }

    /// The value's type.
    pub fn ty(&self, value: Value) -> Type {
        self.values[value.index()].1
    }

    /// How many values there are.
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    /// How many instructions were ever added.
    pub fn inst_count(&self) -> usize {
        self.insts.len()
    }

    /// The blocks that a block can go on to.
    pub fn successors(&self, block: Block) -> SmallVec<[Block; 2]> {
        match self.blocks[block.index()].insts.last().map(|&inst| self.inst(inst)) {
            Some(&InstData::Jump { to, .. }) => SmallVec::from_slice(&[to]),
            Some(&InstData::Branch { then, otherwise, .. }) => SmallVec::from_slice(&[then, otherwise]),
            _ => SmallVec::new(),
        }
    }

    /// The blocks that can be reached, each before those it dominates.
    pub fn reverse_postorder(&self) -> Vec<Block> {
        let mut order = vec![];
        let mut seen = vec![false; self.blocks.len()];
        let mut path = vec![(Block(0), 0)];
        seen[0] = true;
        while let Some((block, next)) = path.last_mut() {
            let successors = self.successors(*block);
            match successors.get(*next) {
                Some(&to) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[to.index()], true) {
                        path.push((to, 0));
                    }
                }
                None => {
                    order.push(*block);
                    path.pop();
                }
            }
        }
        order.reverse();
        order
    }

    /// The blocks' names, in layout order.
    pub fn block_ids(&self) -> impl Iterator<Item = Block> + use<> {
        (0..self.blocks.len() as u32).map(Block)
    }
}
