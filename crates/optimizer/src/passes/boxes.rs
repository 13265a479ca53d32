//! Box elimination: numbers that need no object.
//!
//! A `new_float` or `new_int` whose object is only counted, unboxed, handed to loops and merges, or needed by exits is dropped, and its number used
//! in its place; a block parameter that only ever gets such objects becomes a number itself. An exit makes the object if it is taken.
//! Where an object is needed in earnest, but in fewer rounds than it would be made in, it is made there.

use super::congruent::congruent;
use super::kept_objects::kept;
use super::merged_numbers::make_behind_merges;
use super::mixed_numbers::put_off_numbers;
use super::uses::{in_memory, used_after};
use rustc_hash::{FxHashMap, FxHashSet};
use whipsnake_ir::{
    Args, Block, Effects, Function, Global, Helper, Inst, InstData, Type, Value, ValueDef, rename_in_states,
};

/// What an instruction wants of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing that a number doesn't do.
    None,
    /// To keep the reference.
    Keep,
    /// To look at the object while it runs.
    Look,
    /// The object itself: its identity, or an address in it.
    Identity,
}

/// Which numbers need no object.
pub(super) struct Boxes {
    /// The type of the number that stands for a value, for those whose object can be dropped.
    number: Vec<Option<Type>>,
    /// How often the block is run that defines a value.
    depth: Vec<u32>,
    /// Parameters that are numbers, and of which the block makes an object first, for all who want one.
    pub(super) split: FxHashSet<Value>,
    /// Parameters that stay objects, and for which a jump makes one of a fresh number.
    chosen: FxHashSet<Value>,
}

/// Runs the pass.
pub fn unbox(function: &mut Function) {
    let mut boxes = Boxes::candidates(function);
    boxes.settle(function);
    if make_behind_merges(function, &boxes) {
        boxes = Boxes::candidates(function);
        boxes.settle(function);
    }
    boxes.rewrite(function);
    put_off_numbers(function);
}

/// How often a block is run, for comparison: as often as there are loops around it, and less if it is the seldom way.
fn frequency(function: &Function, block: Block) -> u32 {
    let data = &function.blocks[block.index()];
    2 * data.depth + u32::from(!data.cold)
}

pub(super) fn number_type(class: Option<Global>) -> Option<Type> {
    match class {
        Some(Global::FloatType) => Some(Type::F64),
        Some(Global::IntType) => Some(Type::I64),
        _ => None,
    }
}

/// What a call does with an argument that is a number's object.
fn need_of_call(helper: Helper) -> Need {
    match helper {
        Helper::NewFloatFrom | Helper::NewIntFrom => Need::Identity,
        // They take the reference along.
        Helper::ListAppendFull | Helper::GetStrided => Need::Identity,
        helper if helper.signature().effects.contains(Effects::ESCAPES) => Need::Look,
        _ => Need::Look,
    }
}

fn need(data: &InstData, value: Value) -> Need {
    use InstData::*;
    match data {
        Retain { .. }
        | Release { .. }
        | ReleasePlain { .. }
        | FloatValue { .. }
        | IntValue { .. }
        | UnboxInt { .. }
        | GuardExact { .. }
        | LateTuple { .. } => Need::None,
        Store { value: stored, base, .. } if *stored == value && *base != value => Need::Keep,
        Call { helper, .. } => need_of_call(*helper),
        CallPointer { callee, .. } if *callee != value => Need::Look,
        _ => Need::Identity,
    }
}

impl Boxes {
    /// Every value that could be a number, and the depth of every value.
    pub(super) fn candidates(function: &Function) -> Boxes {
        let count = function.value_count();
        let mut boxes = Boxes {
            number: vec![None; count],
            depth: vec![0; count],
            split: FxHashSet::default(),
            chosen: FxHashSet::default(),
        };
        for block in function.block_ids() {
            let data = &function.blocks[block.index()];
            let depth = frequency(function, block);
            for &param in &data.params {
                boxes.depth[param.index()] = depth;
                boxes.number[param.index()] = number_type(function.class(param));
            }
            for &inst in &data.insts {
                for &result in function.results(inst) {
                    boxes.depth[result.index()] = depth;
                }
                let ty = match function.inst(inst) {
                    InstData::NewFloat { reuse, .. } if reuse.is_empty() => Type::F64,
                    InstData::NewInt { reuse, .. } if reuse.is_empty() => Type::I64,
                    _ => continue,
                };
                boxes.number[function.results(inst)[0].index()] = Some(ty);
            }
        }
        for value in in_memory(function) {
            boxes.number[value.index()] = None;
        }
        boxes
    }

    pub(super) fn is_number(&self, value: Value) -> bool {
        self.number[value.index()].is_some()
    }

    /// Takes out all whose object is needed.
    pub(super) fn settle(&mut self, function: &Function) {
        let kept = kept(function, |value| self.is_number(value));
        for param in kept.never_made.into_iter().chain(kept.chosen.iter().copied()) {
            self.number[param.index()] = None;
        }
        self.chosen = kept.chosen;
        while self.drop_needed(function) {}
    }

    /// Takes out values whose object is needed; whether there was one.
    fn drop_needed(&mut self, function: &Function) -> bool {
        let mut changed = false;
        for block in function.block_ids() {
            let depth = frequency(function, block);
            for (index, &inst) in function.blocks[block.index()].insts.iter().enumerate() {
                let data = function.inst(inst);
                match data {
                    InstData::Jump { to, args } => changed |= self.check_args(function, depth, inst, false, *to, args),
                    InstData::Branch { then, then_args, otherwise, otherwise_args, .. } => {
                        changed |= self.check_args(function, depth, inst, true, *then, then_args);
                        changed |= self.check_args(function, depth, inst, true, *otherwise, otherwise_args);
                    }
                    data => data.for_each_use(|value| {
                        let need = need(data, value);
                        if !self.is_number(value) || need == Need::None || self.split.contains(&value) {
                            return;
                        }
                        let seldom = need != Need::Identity && self.depth[value.index()] > depth;
                        // A frame that the object is stored to may share the reference with who goes on using the value, and releases it.
                        if !seldom || need == Need::Keep && used_after(function, block, index, value) {
                            self.number[value.index()] = None;
                            changed = true;
                        }
                    }),
                }
            }
        }
        changed
    }

    /// Arguments and parameters agree: a number parameter takes numbers, others take objects. Before a branch nothing can be converted: what is
    /// made or released there would be on both ways.
    fn check_args(
        &mut self,
        function: &Function,
        depth: u32,
        inst: Inst,
        branch: bool,
        to: Block,
        args: &Args,
    ) -> bool {
        let mut changed = false;
        for (&param, &arg) in function.blocks[to.index()].params.iter().zip(args) {
            // What is made at the start of a block goes on from there.
            let is_number = self.is_number(arg) && (!self.split.contains(&arg) || self.split.contains(&param));
            match self.number[param.index()] {
                // Unboxing an int can fail, and there is no way out on a jump.
                Some(ty) if !is_number && (branch || ty == Type::I64 && function.raw(inst, arg).is_none()) => {
                    self.number[param.index()] = None;
                    changed = true;
                }
                Some(_) => {}
                None if is_number && (branch || self.depth[arg.index()] <= depth && !self.chosen.contains(&param)) => {
                    self.number[arg.index()] = None;
                    changed = true;
                }
                None => {}
            }
        }
        changed
    }

    fn rewrite(&self, function: &mut Function) {
        let mut numbers: FxHashMap<Value, Value> = FxHashMap::default();
        for index in 0..function.value_count() {
            let value = Value(index as u32);
            let Some(ty) = self.number[index] else { continue };
            match function.def(value) {
                ValueDef::Param(..) => {
                    function.set_ty(value, ty);
                    numbers.insert(value, value);
                }
                ValueDef::Result(inst, _) => {
                    if let InstData::NewFloat { value: raw, .. } | InstData::NewInt { value: raw, .. } =
                        *function.inst(inst)
                    {
                        numbers.insert(value, raw);
                    }
                }
            }
        }
        numbers.extend(congruent(function, &numbers));
        let mut aliases: FxHashMap<Value, Value> = FxHashMap::default();
        for block in function.block_ids() {
            self.rewrite_block(function, block, &numbers, &mut aliases);
        }
        // An unboxing of what is now a number is that number.
        let resolve = |mut value: Value| {
            while let Some(&other) = aliases.get(&value) {
                value = other;
            }
            value
        };
        for block in function.block_ids() {
            for inst in function.blocks[block.index()].insts.clone() {
                function.inst_mut(inst).for_each_use_mut(|v| *v = resolve(*v));
            }
        }
        rename_in_states(&mut function.states, |v| resolve(numbers.get(&v).copied().unwrap_or(v)));
    }

    fn rewrite_block(
        &self,
        function: &mut Function,
        block: Block,
        numbers: &FxHashMap<Value, Value>,
        aliases: &mut FxHashMap<Value, Value>,
    ) {
        let insts = std::mem::take(&mut function.blocks[block.index()].insts);
        let mut out = Vec::with_capacity(insts.len());
        // Objects that were stored for several names of one number: until something else is done, their places have them.
        let mut stored: FxHashMap<Value, Value> = FxHashMap::default();
        for inst in insts {
            let data = function.inst(inst).clone();
            if !matches!(data, InstData::Store { .. } | InstData::Frame) {
                stored.clear();
            }
            match &data {
                InstData::Retain { value } | InstData::Release { value } | InstData::ReleasePlain { value }
                    if numbers.contains_key(value) =>
                {
                    continue;
                }
                InstData::NewFloat { .. } | InstData::NewInt { .. }
                    if numbers.contains_key(&function.results(inst)[0]) =>
                {
                    continue;
                }
                InstData::FloatValue { value } | InstData::IntValue { value } | InstData::UnboxInt { value }
                    if numbers.contains_key(value) =>
                {
                    aliases.insert(function.results(inst)[0], numbers[value]);
                    continue;
                }
                InstData::GuardExact { value, .. } if numbers.contains_key(value) => continue,
                InstData::LateTuple { .. } => {
                    // An exit makes the objects along with the tuple.
                    function.inst_mut(inst).for_each_use_mut(|v| *v = numbers.get(v).copied().unwrap_or(*v));
                }
                InstData::Jump { .. } | InstData::Branch { .. } => self.rewrite_jump(function, inst, numbers, &mut out),
                _ => {
                    let mut after = vec![];
                    let mut fresh = data.clone();
                    fresh.for_each_use_mut(|value| {
                        if let Some(&raw) = numbers.get(value) {
                            let need = need(&data, *value);
                            let object = match stored.get(&raw) {
                                Some(&object) => retained(function, object, &mut out),
                                None => make(function, raw, inst, &mut out),
                            };
                            *value = object;
                            match need {
                                Need::Look => {
                                    after.push(function.detached(InstData::ReleasePlain { value: object }, &[]))
                                }
                                Need::Keep => _ = stored.insert(raw, object),
                                _ => {}
                            }
                        }
                    });
                    *function.inst_mut(inst) = fresh;
                    out.push(inst);
                    out.append(&mut after);
                    continue;
                }
            }
            out.push(inst);
        }
        function.blocks[block.index()].insts = out;
    }

    /// Gives number parameters numbers, and others objects: one for what is one number, which may be one object that has several names.
    fn rewrite_jump(
        &self,
        function: &mut Function,
        inst: Inst,
        numbers: &FxHashMap<Value, Value>,
        out: &mut Vec<Inst>,
    ) {
        let mut data = function.inst(inst).clone();
        let mut made: FxHashMap<Value, Value> = FxHashMap::default();
        let mut convert = |function: &mut Function, to: Block, args: &mut Args| {
            for (index, arg) in args.iter_mut().enumerate() {
                let param = function.blocks[to.index()].params[index];
                match (self.number[param.index()], numbers.get(arg)) {
                    (Some(_), Some(&raw)) => *arg = raw,
                    (Some(ty), None) => {
                        // The parameter owned the object; nobody does now.
                        let object = *arg;
                        *arg = match function.raw(inst, object) {
                            Some(raw) => raw,
                            None => {
                                let unbox = InstData::FloatValue { value: object };
                                let unboxed = function.detached(unbox, &[ty]);
                                out.push(unboxed);
                                function.results(unboxed)[0]
                            }
                        };
                        if !is_small_constant(function, object, *arg) {
                            out.push(function.detached(InstData::ReleasePlain { value: object }, &[]));
                        }
                    }
                    (None, Some(&raw)) => {
                        *arg = match made.get(&raw) {
                            Some(&object) => retained(function, object, out),
                            None => make(function, raw, inst, out),
                        };
                        made.insert(raw, *arg);
                    }
                    (None, None) => {}
                }
            }
        };
        match &mut data {
            InstData::Jump { to, args } => convert(function, *to, args),
            InstData::Branch { then, then_args, otherwise, otherwise_args, .. } => {
                convert(function, *then, then_args);
                convert(function, *otherwise, otherwise_args);
            }
            _ => unreachable!("only jumps have arguments"),
        }
        *function.inst_mut(inst) = data;
    }
}

/// Whether an object is a small int that the code names: those live for ever, and nobody counts references to them.
fn is_small_constant(function: &Function, object: Value, number: Value) -> bool {
    let constant = |value: Value| match function.def(value) {
        ValueDef::Result(inst, _) => match *function.inst(inst) {
            InstData::Iconst { value, .. } => Some(value),
            _ => None,
        },
        ValueDef::Param(..) => None,
    };
    constant(object).is_some() && constant(number).is_some_and(|number| (-5..=256).contains(&number))
}

/// An object with a reference more.
fn retained(function: &mut Function, object: Value, out: &mut Vec<Inst>) -> Value {
    out.push(function.detached(InstData::Retain { value: object }, &[]));
    object
}

/// An object for a number, made before instruction `before`, whose state it shares.
fn make(function: &mut Function, raw: Value, before: Inst, out: &mut Vec<Inst>) -> Value {
    let value = raw;
    let reuse = Args::new();
    let data = match function.ty(raw) {
        Type::F64 => InstData::NewFloat { value, reuse },
        _ => InstData::NewInt { value, reuse },
    };
    let inst = function.detached(data, &[Type::Obj]);
    if let Some(state) = function.state_of(before) {
        function.set_state(inst, state);
    }
    out.push(inst);
    function.results(inst)[0]
}
