//! Instances that a region has made and that nobody else has seen yet: what they hold is kept in values.
//!
//! An attribute that is set is a store that is put off, and one that is read is the value that was set. Where somebody else is about to see the instance, memory
//! gets what it holds; an exit writes it; and if the instance ends before, there never was a store. Its reference count is known, so that its end is.

use crate::inst::InstData;
use crate::{BinaryOp, Builder, Function, Global, Helper, Inst, Offset, StateId, Type, UnaryOp, Value};
use smallvec::SmallVec;
use whipsnake_cpython::layout::{dict_values, object};

/// Where the values inside an instance start.
const FIRST: i32 = object::INLINE_VALUES_OFFSET + dict_values::VALUES;

/// More values are not kept: in memory, eight have their order in one word.
const MAX_VALUES: usize = 8;

/// Where an instance keeps its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Inside, behind their head.
    Inside,
    /// In slots.
    Slots,
    /// It has none: a dict, which has no items either.
    Nothing,
    /// It has none: a dict with the items that it was made of.
    Items,
}

/// An instance that nobody else has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The instance.
    pub object: Value,
    /// Its class.
    pub class: Value,
    /// Where its values are.
    pub keeps: Keeps,
    /// References to it.
    pub count: u32,
    /// What it holds, with a reference each, by offset, in the order in which it was set.
    pub values: SmallVec<[(i32, Value); 4]>,
}

impl Instance {
    /// The value at an offset.
    pub fn value(&self, offset: i32) -> Option<Value> {
        self.values.iter().find(|(at, _)| *at == offset).map(|&(_, value)| value)
    }

    /// Whether the offset is one of a value.
    fn is_value(&self, offset: i32) -> bool {
        match self.keeps {
            Keeps::Inside => offset >= FIRST,
            Keeps::Slots => offset >= object::SIZEOF,
            Keeps::Nothing | Keeps::Items => false,
        }
    }

    /// The instructions that give memory what it holds.
    pub(crate) fn stores(&self, mut push: impl FnMut(InstData, &[Type]) -> Option<Value>) {
        let object = self.object;
        for &(offset, value) in &self.values {
            push(InstData::Store { value, base: object, offset: offset.into() }, &[]);
        }
        let numbers = self.values.iter().map(|(offset, _)| (offset - FIRST) / 8);
        if self.keeps != Keeps::Inside || self.values.is_empty() {
            return;
        }
        let unary = |push: &mut dyn FnMut(InstData, &[Type]) -> Option<Value>, op, arg, ty| {
            push(InstData::Unary { op, arg }, &[ty]).expect("it has a result")
        };
        let head = object::INLINE_VALUES_OFFSET;
        // A new instance has them in the order of the class.
        if !numbers.clone().eq(0..self.values.len() as i32) {
            let order = numbers.rev().fold(0, |word, number| word << 8 | i64::from(number));
            let capacity = Offset::Known(head + dict_values::CAPACITY);
            let mut word = |data| push(data, &[Type::I64]).expect("it has a result");
            let order = word(InstData::Iconst { ty: Type::I64, value: order });
            let shift = word(InstData::Iconst { ty: Type::I64, value: 3 });
            let load = InstData::Load { ty: Type::I8, base: object, offset: capacity };
            let capacity = push(load, &[Type::I8]).expect("it has a result");
            let capacity = unary(&mut push, UnaryOp::ExtendU, capacity, Type::I64);
            let shl = InstData::Binary { op: BinaryOp::Shl, left: capacity, right: shift };
            let bytes = push(shl, &[Type::I64]).expect("it has a result");
            let start = InstData::Address { base: object, offset: FIRST.into() };
            let start = push(start, &[Type::Ptr]).expect("it has a result");
            let start = unary(&mut push, UnaryOp::AsInt, start, Type::I64);
            let sum = InstData::Binary { op: BinaryOp::Add, left: start, right: bytes };
            let sum = push(sum, &[Type::I64]).expect("it has a result");
            let at = unary(&mut push, UnaryOp::AsPtr, sum, Type::Ptr);
            push(InstData::Store { value: order, base: at, offset: Offset::Known(0) }, &[]);
        }
        let size = InstData::Iconst { ty: Type::I8, value: self.values.len() as i64 };
        let size = push(size, &[Type::I8]).expect("it has a result");
        push(InstData::Store { value: size, base: object, offset: (head + dict_values::SIZE).into() }, &[]);
    }
}

/// Takes instances out of a list: those, and what they hold of others in it. The holders come first.
pub(crate) fn take(list: &mut Vec<Instance>, objects: &[Value]) -> Vec<Instance> {
    let mut taken: Vec<Instance> = vec![];
    let mut wanted: SmallVec<[Value; 4]> = SmallVec::from_slice(objects);
    while let Some(object) = wanted.pop() {
        if let Some(index) = list.iter().position(|instance| instance.object == object) {
            let instance = list.remove(index);
            wanted.extend(instance.values.iter().map(|&(_, value)| value));
            taken.push(instance);
        }
    }
    taken
}

/// The state without what it says of these instances, which memory has.
pub(crate) fn without(func: &mut Function, state: StateId, objects: &[Value]) -> StateId {
    let names = |state: StateId| {
        let fields = &func.states[state.index()].fields;
        fields.iter().any(|field| field.attribute && objects.contains(&field.object))
    };
    if !names(state) {
        return state;
    }
    let mut stripped = func.states[state.index()].clone();
    stripped.fields.retain(|field| !(field.attribute && objects.contains(&field.object)));
    func.add_state(stripped)
}

impl Builder<'_> {
    /// Says that an instance was just made, by a class that makes them as `object` does and without a finalizer.
    pub fn keep_instance(&mut self, object: Value, class: Value, keeps: Keeps) {
        if let Some(region) = self.region.as_deref_mut().filter(|r| !r.dead) {
            let (object, class) = (region.resolve(object), region.resolve(class));
            let values = SmallVec::new();
            region.state.instances.push(Instance { object, class, keeps, count: 1, values });
        }
    }

    /// A new dict that nobody else has seen.
    pub fn new_dict(&mut self) -> Value {
        let dict = self.call_checked(Helper::NewDict, &[]);
        self.learn_class(dict, Global::DictType);
        let class = self.global(Global::DictType);
        self.keep_instance(dict, class, Keeps::Nothing);
        dict
    }

    /// A new dict of strings and objects, whose references it takes, in the order in which it gets them. Nobody else has seen it.
    pub fn new_named(&mut self, named: &[(Value, Value)]) -> Value {
        // Backwards, since that is how tuples drop what they hold, and dicts forwards.
        let mut items = crate::Args::new();
        for &(key, value) in named.iter().rev() {
            self.retain(key);
            let region = self.region.as_deref().expect("only regions know names");
            items.extend([region.resolve(value), region.resolve(key)]);
        }
        let dict = self.value(InstData::NewTuple { class: Global::DictType, items }, Type::Obj);
        self.learn_class(dict, Global::DictType);
        let class = self.global(Global::DictType);
        self.keep_instance(dict, class, Keeps::Items);
        dict
    }

    /// The keys and values of a dict that was made so, as long as nobody else has seen it.
    pub fn named_items(&mut self, value: Value) -> Option<Vec<(Value, Value)>> {
        let region = self.region.as_deref_mut()?;
        let value = region.resolve(value);
        region.instance(value).filter(|instance| instance.keeps == Keeps::Items)?;
        let crate::ValueDef::Result(inst, _) = self.func.def(value) else { return None };
        match self.func.inst(inst) {
            InstData::NewTuple { class: Global::DictType, items } => {
                Some(items.chunks(2).rev().map(|item| (item[1], item[0])).collect())
            }
            _ => None,
        }
    }

    /// Whether a value is a dict without items that nobody else has seen.
    pub fn is_empty_dict(&mut self, value: Value) -> bool {
        let Some(region) = self.region.as_deref_mut() else { return false };
        let value = region.resolve(value);
        region.instance(value).is_some_and(|instance| instance.keeps == Keeps::Nothing)
    }

    /// Sets an attribute of an instance that nobody else has seen; false if it is no such instance, or has the attribute already. Takes a reference to the value.
    pub fn put_attribute(&mut self, owner: Value, place: Offset, value: Value) -> bool {
        let place = self.known_offset(place);
        let Some(region) = self.region.as_deref_mut() else { return false };
        let owner = region.resolve(owner);
        let Offset::Known(offset) = place else { return false };
        let Some(instance) = region.instance(owner) else { return false };
        if instance.value(offset).is_some() || instance.values.len() == MAX_VALUES || !instance.is_value(offset) {
            self.show_instances(&[owner]);
            return false;
        }
        let value = self.take(value);
        let region = self.region.as_deref_mut().expect("as above");
        let value = region.resolve(value);
        region.learn(value, |known| known.present = true);
        region.instance(owner).expect("as above").values.push((offset, value));
        true
    }

    /// An offset as the region knows it.
    pub(crate) fn known_offset(&self, offset: Offset) -> Offset {
        match (self.region.as_deref(), offset) {
            (Some(region), Offset::Operand(operand, add)) if operand != crate::abi::operand::LOCAL => {
                Offset::Known(region.operands[operand as usize].wrapping_add(add))
            }
            _ => offset,
        }
    }

    /// What such an instance is known to hold at an offset.
    pub(crate) fn known_of_instance(&mut self, ty: Type, base: Value, offset: i32) -> Option<Value> {
        let region = self.region.as_deref_mut()?;
        let base = region.resolve(base);
        let instance = region.instance(base)?;
        let (inside, class) = (instance.keeps == Keeps::Inside, instance.class);
        const VALID: i32 = object::INLINE_VALUES_OFFSET + dict_values::VALID;
        match (ty, offset) {
            (Type::Ptr, object::OB_TYPE) => Some(class),
            (Type::Bool, VALID) if inside => Some(self.iconst(Type::Bool, 1)),
            (Type::Obj, object::MANAGED_DICT_OFFSET) if inside => Some(self.null()),
            (Type::Obj, offset) if instance.is_value(offset) => match instance.value(offset) {
                Some(value) => Some(value),
                None => Some(self.null()),
            },
            _ => None,
        }
    }

    /// Somebody else is about to see all instances.
    pub fn show_all_instances(&mut self) {
        let Some(region) = self.region.as_deref() else { return };
        let all: SmallVec<[Value; 4]> = region.state.instances.iter().map(|instance| instance.object).collect();
        self.show_instances(&all);
    }

    /// Somebody else is about to see these instances: memory gets what they hold.
    pub(crate) fn show_instances(&mut self, objects: &[Value]) {
        let Some(region) = self.region.as_deref_mut().filter(|r| !r.dead && !objects.is_empty()) else { return };
        let taken = take(&mut region.state.instances, objects);
        for instance in &taken {
            instance.stores(|data, results| {
                let inst = self.push(data, results);
                self.func.results(inst).first().copied()
            });
        }
        self.forget_in_exit(&taken);
    }

    fn forget_in_exit(&mut self, taken: &[Instance]) {
        let objects: SmallVec<[Value; 4]> = taken.iter().map(|instance| instance.object).collect();
        if let Some(region) = self.region.as_deref_mut()
            && let Some(exit) = region.exit
        {
            region.exit = Some(without(self.func, exit, &objects));
        }
    }

    /// Shows the instances that the instruction gives to somebody else.
    pub(crate) fn show_used(&mut self, data: &InstData) {
        let Some(region) = self.region.as_deref().filter(|r| !r.state.instances.is_empty()) else { return };
        let harmless = match *data {
            InstData::Retain { .. }
            | InstData::Release { .. }
            | InstData::ReleasePlain { .. }
            | InstData::Compare { .. }
            | InstData::GuardExact { .. } => true,
            InstData::Load { offset: Offset::Known(offset), .. } => offset < object::SIZEOF,
            _ => false,
        };
        if harmless {
            return;
        }
        let mut used: SmallVec<[Value; 4]> = SmallVec::new();
        data.for_each_use(|value| {
            let value = region.resolve(value);
            used.extend(region.state.instances.iter().map(|i| i.object).filter(|&object| object == value));
        });
        self.show_instances(&used);
    }

    /// A reference to such an instance is dropped; false if it is none. What it holds ends with it.
    pub(crate) fn release_instance(&mut self, object: Value) -> bool {
        let Some(region) = self.region.as_deref_mut().filter(|r| !r.dead) else { return false };
        let Some(instance) = region.instance(object) else { return false };
        instance.count -= 1;
        if instance.count > 0 {
            self.push(InstData::ReleasePlain { value: object }, &[]);
            return true;
        }
        let index = region.state.instances.iter().position(|i| i.object == object).expect("just found");
        let instance = region.state.instances.remove(index);
        if instance.keeps == Keeps::Items {
            // What it holds ends with it.
            self.push(InstData::Release { value: object }, &[]);
            return true;
        }
        self.push(InstData::ReleasePlain { value: object }, &[]);
        // Frames that are shown at the end of a value must not have the instance filled.
        let values = instance.values.clone();
        self.forget_in_exit(&[instance]);
        for (_, value) in values {
            self.release_owned(value);
        }
        true
    }
}

/// Puts instructions in front of a jump, with the state that it has.
pub(crate) fn insert_stores(func: &mut Function, from: crate::Block, jump: Inst, instance: &Instance) {
    let state = func.state_of(jump);
    instance.stores(|data, results| {
        let inst = func.insert_before_end(from, data, results);
        if let Some(state) = state {
            func.set_state(inst, state);
        }
        func.results(inst).first().copied()
    });
}
