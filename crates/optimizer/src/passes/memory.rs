//! What instructions read and write: places in memory, and which of them may be the same.

use rustc_hash::FxHashMap;
use std::hash::{Hash, Hasher};
use whipsnake_cpython::layout::{array, frame, list, object, tuple, unicode};
use whipsnake_ir::{
    BinaryOp, Block, Dominators, Function, Global, Helper, Inst, InstData, Offset, Type, UnaryOp, Value, ValueDef,
};

/// Kinds of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Space {
    /// The frame that the region runs on.
    Frame,
    /// The thread state. Others write it at any time, to ask for attention.
    Thread,
    /// At an address that the code knows.
    Fixed,
    /// A field of an object.
    Field,
    /// The array of a list's items.
    Items,
    /// The numbers of an `array.array`.
    Numbers,
    /// What no one changes: items of a tuple, characters of a string.
    Constant,
    /// Anything but what is changed by nobody.
    Other,
}

/// A place in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub space: Space,
    pub base: Value,
    pub offset: i32,
    pub ty: Type,
    /// The exact type of the object whose field it is, if that is known where the place is named. It may not be elsewhere, and does not tell places apart.
    pub class: Option<Global>,
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        (self.space, self.base, self.offset, self.ty) == (other.space, other.base, other.offset, other.ty)
    }
}

impl Eq for Place {}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.space, self.base, self.offset, self.ty).hash(state);
    }
}

impl Place {
    /// Whether what is written to one may be read from the other.
    pub fn meets(&self, other: &Place) -> bool {
        use Space::*;
        match (self.space, other.space) {
            (Constant, _) | (_, Constant) => false,
            (Field, Field) => self.overlaps(other) && !self.is_of_other_class(other),
            (Frame, Frame) | (Thread, Thread) => self.overlaps(other),
            (Items, Items) | (Numbers, Numbers) | (Fixed, Fixed) | (Other, Other) => {
                self.base != other.base || self.overlaps(other)
            }
            (Other, _) | (_, Other) | (Fixed, Field) | (Field, Fixed) => true,
            (Frame | Thread | Fixed | Field | Items | Numbers, _) => false,
        }
    }

    /// Whether they overlap if they have one base. Fields of different objects at different offsets never overlap.
    fn overlaps(&self, other: &Place) -> bool {
        let end = |place: &Place| place.offset + place.ty.bytes() as i32;
        self.offset < end(other) && other.offset < end(self)
    }

    /// Whether they are fields of objects of different exact types, which are not one object.
    fn is_of_other_class(&self, other: &Place) -> bool {
        matches!((self.class, other.class), (Some(ours), Some(others)) if ours != others)
    }

    /// Whether it is a field of a list that changes when the list gets more room, but no items.
    fn is_of_room(&self) -> bool {
        let of_list = self.class.is_none_or(|class| class == Global::ListType);
        let inside = self.offset < list::ALLOCATED + 8 && self.offset + self.ty.bytes() as i32 > list::OB_ITEM;
        self.space == Space::Other || self.space == Space::Fixed || self.space == Space::Field && of_list && inside
    }

    /// Whether it is where objects have their reference counts.
    fn is_count(&self) -> bool {
        self.offset < object::OB_REFCNT + 8 && matches!(self.space, Space::Field | Space::Fixed | Space::Other)
    }
}

/// What an instruction does to memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Effect {
    /// Nothing that could be read.
    None,
    /// Changes reference counts.
    Counts,
    /// Writes a place.
    Write(Place),
    /// Gives a list more room.
    Grow,
    /// Anything.
    All,
}

impl Effect {
    /// Whether the place may hold something else afterwards.
    pub fn changes(&self, place: &Place) -> bool {
        match self {
            Effect::None => false,
            Effect::Counts => place.is_count(),
            Effect::Write(written) => written.meets(place),
            Effect::Grow => place.is_of_room(),
            Effect::All => place.space != Space::Constant,
        }
    }
}

/// Where the exact types of values are established.
pub(super) struct Guards {
    at: FxHashMap<Value, Vec<(Block, Inst, Global)>>,
    /// The order of instructions in their blocks, at first, from 1 on; 0 for those that were in none.
    positions: Vec<u32>,
}

impl Guards {
    /// Those of lists, tuples, arrays, and of what else has fields that are read.
    pub fn of(function: &Function) -> Guards {
        let mut guards = Guards { at: FxHashMap::default(), positions: vec![0; function.inst_count()] };
        for block in function.block_ids() {
            for (position, &inst) in (1..).zip(&function.blocks[block.index()].insts) {
                guards.positions[inst.index()] = position;
                if let InstData::GuardExact {
                    value,
                    class:
                        class @ (Global::ListType
                        | Global::TupleType
                        | Global::ArrayType
                        | Global::StrType
                        | Global::DictType
                        | Global::RangeIteratorType
                        | Global::ListIteratorType
                        | Global::TupleIteratorType
                        | Global::AsciiIteratorType),
                } = *function.inst(inst)
                {
                    guards.at.entry(value).or_default().push((block, inst, class));
                }
            }
        }
        guards
    }

    fn position(&self, inst: Inst) -> u32 {
        self.positions.get(inst.index()).copied().unwrap_or(0)
    }

    /// Whether the value is known to be of that exact type at the instruction.
    fn holds(&self, view: &View<'_>, value: Value, class: Global) -> bool {
        self.class(view, value) == Some(class)
    }

    /// The exact type that the value is known to be of at the instruction.
    fn class(&self, view: &View<'_>, value: Value) -> Option<Global> {
        let before = |&&(block, inst, _): &&(Block, Inst, Global)| {
            if block == view.block {
                self.position(inst) < self.position(view.inst)
            } else {
                view.dominators.dominates(block, view.block)
            }
        };
        let guarded = || self.at.get(&value)?.iter().find(before).map(|&(_, _, class)| class);
        view.function.class(value).or_else(|| made(view.data(value)?)).or_else(guarded)
    }
}

/// The exact type of the object that an instruction makes.
fn made(data: &InstData) -> Option<Global> {
    match data {
        InstData::NewTuple { class, .. } => Some(*class),
        InstData::Call { helper, .. } => match helper {
            Helper::NewList | Helper::NewListOf | Helper::ListSlice | Helper::ListStrided | Helper::JoinLists => {
                Some(Global::ListType)
            }
            Helper::NewRangeIterator => Some(Global::RangeIteratorType),
            Helper::NewDict => Some(Global::DictType),
            _ => None,
        },
        _ => None,
    }
}

/// A function, seen from one of its instructions.
#[derive(Clone, Copy)]
pub(super) struct View<'f> {
    pub function: &'f Function,
    pub dominators: &'f Dominators,
    pub guards: &'f Guards,
    pub block: Block,
    pub inst: Inst,
}

impl View<'_> {
    /// The place that a load or store names.
    pub fn place(&self, base: Value, offset: Offset, ty: Type) -> Option<Place> {
        let Offset::Known(mut offset) = offset else { return None };
        let mut base = base;
        while let Some(&InstData::Address { base: below, offset: Offset::Known(more) }) = self.data(base) {
            base = below;
            offset = offset.checked_add(more)?;
        }
        let place = Place { space: Space::Other, base, offset, ty, class: None };
        let space = match self.data(base) {
            Some(InstData::Frame) => Space::Frame,
            Some(InstData::ThreadState) => Space::Thread,
            Some(InstData::Iconst { ty: Type::Ptr, .. } | InstData::Global { .. }) => Space::Fixed,
            Some(InstData::Unary { op: UnaryOp::AsObj, .. }) => Space::Other,
            _ if self.function.ty(base) == Type::Obj => self.field(base, offset),
            _ => self.computed(base),
        };
        let class = if space == Space::Field { self.guards.class(self, base) } else { None };
        Some(Place { space, class, ..place })
    }

    fn data(&self, value: Value) -> Option<&InstData> {
        match self.function.def(value) {
            ValueDef::Result(inst, _) => Some(self.function.inst(inst)),
            ValueDef::Param(..) => None,
        }
    }

    fn field(&self, object: Value, offset: i32) -> Space {
        match self.guards.class(self, object) {
            Some(Global::TupleType) if offset >= tuple::OB_ITEM => Space::Constant,
            // A string's hash is computed when it is wanted.
            Some(Global::StrType) if offset == unicode::LENGTH || offset >= unicode::STATE => Space::Constant,
            _ => Space::Field,
        }
    }

    /// Where a computed address leads, by what it is computed from.
    fn computed(&self, address: Value) -> Space {
        let mut value = address;
        for _ in 0..8 {
            value = match self.data(value) {
                Some(&InstData::Unary { op: UnaryOp::AsPtr | UnaryOp::AsInt, arg }) => arg,
                Some(&InstData::Address { base, .. }) => base,
                Some(&InstData::Binary { op: BinaryOp::Add, left, right }) => {
                    let is_address = |value| {
                        self.function.ty(value) != Type::I64
                            || matches!(self.data(value), Some(InstData::Unary { op: UnaryOp::AsInt, .. }))
                    };
                    match (is_address(left), is_address(right)) {
                        (true, false) => left,
                        (false, true) => right,
                        _ => return Space::Other,
                    }
                }
                Some(&InstData::Load { ty: Type::Ptr, base, offset: Offset::Known(list::OB_ITEM) })
                    if value != address
                        && self.function.ty(base) == Type::Obj
                        && self.guards.holds(self, base, Global::ListType) =>
                {
                    return Space::Items;
                }
                Some(&InstData::Load { ty: Type::Ptr, base, offset: Offset::Known(array::OB_ITEM) })
                    if value != address
                        && self.function.ty(base) == Type::Obj
                        && self.guards.holds(self, base, Global::ArrayType) =>
                {
                    return Space::Numbers;
                }
                _ => return Space::Other,
            };
            if value != address
                && self.function.ty(value) == Type::Obj
                && matches!(self.guards.class(self, value), Some(Global::TupleType | Global::StrType))
            {
                return Space::Constant;
            }
        }
        Space::Other
    }

    /// What the instruction does to memory.
    pub fn effect(&self) -> Effect {
        use InstData::*;
        match self.function.inst(self.inst) {
            Store { value, base, offset } => {
                self.place(*base, *offset, self.function.ty(*value)).map_or(Effect::All, Effect::Write)
            }
            Retain { .. } | ReleasePlain { .. } => Effect::Counts,
            NewFloat { reuse, .. } | NewInt { reuse, .. } if !reuse.is_empty() => Effect::All,
            SaveInstr => {
                let (base, offset) = (Value(0), frame::INSTR_PTR);
                Effect::Write(Place { space: Space::Frame, base, offset, ty: Type::Ptr, class: None })
            }
            Call {
                helper:
                    Helper::StringsEqual
                    | Helper::TryIsInstance
                    | Helper::CharacterAt
                    | Helper::DictFind
                    | Helper::DictFindOr
                    | Helper::DictHas
                    | Helper::SetHas
                    | Helper::CompareSets
                    | Helper::ItemsHave
                    | Helper::QuietTruth,
                ..
            } => Effect::None,
            Call {
                helper:
                    Helper::NewInstance
                    | Helper::NewRangeIterator
                    | Helper::NewDict
                    | Helper::NewListOf
                    | Helper::NewSequenceIterator
                    | Helper::JoinLists
                    | Helper::CombineInts
                    | Helper::NextOfSet
                    | Helper::ListSlice
                    | Helper::ListStrided,
                ..
            } => Effect::Counts,
            Call { helper: Helper::MakeRoom, .. } => Effect::Grow,
            Release { .. } | Call { .. } | CallPointer { .. } | Recurse { .. } => Effect::All,
            _ => Effect::None,
        }
    }
}
