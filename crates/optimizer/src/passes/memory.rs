//! What instructions read and write: places in memory, and which of them may be the same.

use rustc_hash::FxHashMap;
use whipsnake_cpython::layout::{array, frame, list, object, tuple};
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
    /// What no one changes: items of a tuple.
    Constant,
    /// Anything but what is changed by nobody.
    Other,
}

/// A place in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub space: Space,
    pub base: Value,
    pub offset: i32,
    pub ty: Type,
}

impl Place {
    /// Whether what is written to one may be read from the other.
    pub fn meets(&self, other: &Place) -> bool {
        use Space::*;
        match (self.space, other.space) {
            (Constant, _) | (_, Constant) => false,
            (Frame, Frame) | (Thread, Thread) | (Field, Field) => self.overlaps(other),
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
            Effect::All => place.space != Space::Constant,
        }
    }
}

/// Where the exact types of values are established.
pub(super) struct Guards {
    at: FxHashMap<Value, Vec<(Block, Inst, Global)>>,
    /// The order of instructions in their blocks, at first.
    position: FxHashMap<Inst, usize>,
}

impl Guards {
    /// Those of lists, tuples and arrays.
    pub fn of(function: &Function) -> Guards {
        let mut guards = Guards { at: FxHashMap::default(), position: FxHashMap::default() };
        for block in function.block_ids() {
            for (position, &inst) in function.blocks[block.index()].insts.iter().enumerate() {
                guards.position.insert(inst, position);
                if let InstData::GuardExact {
                    value,
                    class: class @ (Global::ListType | Global::TupleType | Global::ArrayType),
                } = *function.inst(inst)
                {
                    guards.at.entry(value).or_default().push((block, inst, class));
                }
            }
        }
        guards
    }

    /// Whether the value is known to be of that exact type at the instruction.
    fn holds(&self, view: &View<'_>, value: Value, class: Global) -> bool {
        let before = |&(block, inst, found): &(Block, Inst, Global)| {
            found == class
                && if block == view.block {
                    self.position.get(&inst) < self.position.get(&view.inst)
                } else {
                    view.dominators.dominates(block, view.block)
                }
        };
        view.function.class(value) == Some(class) || self.at.get(&value).is_some_and(|at| at.iter().any(before))
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
        let place = Place { space: Space::Other, base, offset, ty };
        let space = match self.data(base) {
            Some(InstData::Frame) => Space::Frame,
            Some(InstData::ThreadState) => Space::Thread,
            Some(InstData::Iconst { ty: Type::Ptr, .. } | InstData::Global { .. }) => Space::Fixed,
            Some(InstData::Unary { op: UnaryOp::AsObj, .. }) => Space::Other,
            _ if self.function.ty(base) == Type::Obj => self.field(base, offset),
            _ => self.computed(base),
        };
        Some(Place { space, ..place })
    }

    fn data(&self, value: Value) -> Option<&InstData> {
        match self.function.def(value) {
            ValueDef::Result(inst, _) => Some(self.function.inst(inst)),
            ValueDef::Param(..) => None,
        }
    }

    fn field(&self, object: Value, offset: i32) -> Space {
        let item = offset >= tuple::OB_ITEM && self.guards.holds(self, object, Global::TupleType);
        if item { Space::Constant } else { Space::Field }
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
                && self.guards.holds(self, value, Global::TupleType)
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
                Effect::Write(Place { space: Space::Frame, base: Value(0), offset: frame::INSTR_PTR, ty: Type::Ptr })
            }
            Call {
                helper:
                    Helper::StringsEqual
                    | Helper::TryIsInstance
                    | Helper::DictFind
                    | Helper::DictFindOr
                    | Helper::DictHas
                    | Helper::SetHas
                    | Helper::ItemsHave,
                ..
            } => Effect::None,
            Call {
                helper:
                    Helper::NewInstance
                    | Helper::NewRangeIterator
                    | Helper::NewDict
                    | Helper::NewSequenceIterator
                    | Helper::ListSlice
                    | Helper::ListStrided,
                ..
            } => Effect::Counts,
            Release { .. } | Call { .. } | CallPointer { .. } => Effect::All,
            _ => Effect::None,
        }
    }
}
