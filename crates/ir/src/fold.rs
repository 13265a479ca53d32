//! Folding: what the builder of a region needs not build.

use crate::inst::InstData;
use crate::{
    Args, BinaryOp, Builder, Condition, Continuation, Field, FloatCondition, Global, Known, Offset, Type, UnaryOp,
    Value, ValueDef,
};
use whipsnake_cpython::layout::object::OB_TYPE;
use whipsnake_cpython::layout::tuple as tuple_layout;

/// What a condition says about an object.
enum Fact {
    Present(Value, bool),
    Class(Value, Global, bool),
}

impl Builder<'_> {
    fn data(&self, value: Value) -> Option<&InstData> {
        match self.func.def(self.resolve(value)) {
            ValueDef::Result(inst, _) => Some(self.func.inst(inst)),
            ValueDef::Param(..) => None,
        }
    }

    fn resolve(&self, value: Value) -> Value {
        self.region.as_ref().map_or(value, |r| r.resolve(value))
    }

    /// The value of an integer constant, while a region is built. Narrow ones, which may be written without their sign, are read as signed.
    pub fn constant(&self, value: Value) -> Option<i64> {
        self.region.as_ref()?;
        match self.data(value)? {
            InstData::Iconst { ty: Type::I8, value } => Some((*value as i8).into()),
            InstData::Iconst { ty: Type::I32, value } => Some((*value as i32).into()),
            InstData::Iconst { value, .. } => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn named(&self, value: Value) -> Option<Global> {
        match self.data(value)? {
            InstData::Global { global } => Some(*global),
            InstData::Unary { op: UnaryOp::AsPtr | UnaryOp::AsObj | UnaryOp::AsInt, arg } => self.named(*arg),
            _ => None,
        }
    }

    fn truth(&mut self, value: bool) -> Value {
        self.iconst(Type::Bool, value.into())
    }

    /// What `base[offset]` is known to hold.
    pub(crate) fn known_load(&mut self, ty: Type, base: Value, offset: Offset) -> Option<Value> {
        let Offset::Known(offset) = offset else { return None };
        if let Some(value) = self.known_of_instance(ty, base, offset) {
            return Some(value);
        }
        let region = self.region.as_deref_mut()?;
        let base = region.resolve(base);
        if offset == OB_TYPE
            && ty == Type::Ptr
            && let Some(class) = region.known(base).class
        {
            return Some(self.global(class));
        }
        if let Some(field) = region.field(base, offset) {
            return Some(field.value);
        }
        self.known_item(base, offset)
    }

    /// The items of a tuple that was made in the region.
    pub fn tuple_items(&self, tuple: Value) -> Option<Args> {
        match self.data(tuple) {
            Some(InstData::NewTuple { class: Global::TupleType, items }) => Some(items.clone()),
            Some(InstData::Global { global: Global::EmptyTuple }) => Some(Args::new()),
            _ => None,
        }
    }

    /// What a tuple that was made here holds: its items, its size.
    fn known_item(&mut self, tuple: Value, offset: i32) -> Option<Value> {
        let Some(InstData::NewTuple { class: Global::TupleType, items }) = self.data(tuple) else { return None };
        if offset == tuple_layout::OB_SIZE {
            let size = items.len() as i64;
            return Some(self.iconst(Type::I64, size));
        }
        let index = offset.checked_sub(tuple_layout::OB_ITEM).filter(|bytes| *bytes >= 0 && bytes % 8 == 0)? / 8;
        items.get(index as usize).copied()
    }

    /// Keeps what was read from an object that nobody else sees.
    pub(crate) fn remember_load(&mut self, base: Value, offset: Offset, value: Value) {
        if let Some(region) = self.region.as_deref_mut()
            && let Offset::Known(offset) = offset
            && region.has_fields(region.resolve(base))
        {
            let object = region.resolve(base);
            region.state.fields.push(Field { object, offset, value, dirty: false, attribute: false });
        }
    }

    /// Keeps a store to an object that nobody else sees for later; false if it can't be.
    pub(crate) fn put_off_store(&mut self, value: Value, base: Value, offset: Offset) -> bool {
        let Some(region) = self.region.as_deref_mut() else { return false };
        let (object, value) = (region.resolve(base), region.resolve(value));
        let Offset::Known(offset) = offset else { return false };
        if !region.has_fields(object) {
            return false;
        }
        match region.field(object, offset) {
            Some(field) => (field.value, field.dirty) = (value, true),
            None => region.state.fields.push(Field { object, offset, value, dirty: true, attribute: false }),
        }
        true
    }

    /// Whether a value is an object whose fields are kept in values.
    pub fn is_private(&self, object: Value) -> bool {
        self.region.as_ref().is_some_and(|r| r.has_fields(r.resolve(object)))
    }

    /// Says that nobody else sees the object, whose word at `offset` is read here: from now on its fields are kept in values.
    pub fn make_private(&mut self, object: Value, ty: Type, offset: i32) {
        let value = self.load(ty, object, offset);
        if let Some(region) = self.region.as_deref_mut() {
            let object = region.resolve(object);
            region.state.fields.push(Field { object, offset, value, dirty: false, attribute: false });
        }
    }

    /// Somebody else is about to see the object: stores what was put off.
    pub fn expose_value(&mut self, value: Value) {
        self.expose(&[value], false);
    }

    /// Somebody else is about to see the arguments, and the frames too if the call escapes: stores what was put off.
    pub(crate) fn expose(&mut self, args: &[Value], escapes: bool) {
        if escapes {
            self.push_frames();
            self.show_all_instances();
        }
        let Some(region) = self.region.as_deref_mut().filter(|r| !r.dead) else { return };
        let mut stores = Vec::new();
        for &arg in args {
            let arg = region.resolve(arg);
            stores.extend(region.drop_fields(arg));
        }
        if escapes {
            region.state.escaped = true;
            for field in region.state.fields.iter_mut().filter(|f| f.dirty) {
                field.dirty = false;
                stores.push(*field);
            }
        }
        if let Some(exit) = region.exit
            && !stores.is_empty()
        {
            // Exits must not undo what a callee does to fields that memory has now.
            let mut state = self.func.states[exit.index()].clone();
            state.fields.retain(|field| !escapes && !stores.contains(field));
            region.exit = Some(self.func.add_state(state));
        }
        for field in stores {
            self.push(InstData::Store { value: field.value, base: field.object, offset: field.offset.into() }, &[]);
        }
        if escapes {
            self.write_locals();
        }
    }

    pub(crate) fn fold_unary(&mut self, op: UnaryOp, arg: Value) -> Option<Value> {
        self.region.as_ref()?;
        match op {
            // Nothing is read from its slot again. A borrowed input becomes a value that the operation may give a reference of its own.
            UnaryOp::Hold if self.is_borrowed(arg) => {
                let known = self.region.as_ref()?.known(arg);
                let held = self.value(InstData::Unary { op, arg }, self.func.ty(self.resolve(arg)));
                self.learn(held, |k| *k = known);
                return Some(held);
            }
            UnaryOp::Hold => return Some(arg),
            UnaryOp::AsPtr | UnaryOp::AsInt => self.expose(&[arg], false),
            _ => {}
        }
        let constant = self.constant(arg)?;
        let ty = self.func.ty(self.resolve(arg));
        let (ty, value) = match op {
            UnaryOp::ExtendU => (Type::I64, constant & (-1i64 as u64 >> (64 - 8 * ty.bytes())) as i64),
            UnaryOp::ExtendS => (Type::I64, constant),
            UnaryOp::Truncate => (Type::I32, i64::from(constant as i32)),
            UnaryOp::IntToFloat => return Some(self.fconst(constant as f64)),
            _ => return None,
        };
        Some(self.iconst(ty, value))
    }

    /// Shifts of constants, with which numbers are checked for how large they are.
    pub(crate) fn fold_binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Option<Value> {
        let (x, y) = (self.constant(left)?, self.constant(right)?);
        if self.func.ty(self.resolve(left)) != Type::I64 || !(0..64).contains(&y) {
            return None;
        }
        let shifted = match op {
            BinaryOp::Shl => x << y,
            BinaryOp::ShrS => x >> y,
            _ => return None,
        };
        Some(self.iconst(Type::I64, shifted))
    }

    /// Comparisons of constants.
    pub(crate) fn fold_float_compare(&mut self, condition: FloatCondition, left: Value, right: Value) -> Option<Value> {
        self.region.as_ref()?;
        let constant = |value: Value| match self.data(value)? {
            InstData::Fconst { bits } => Some(f64::from_bits(*bits)),
            _ => None,
        };
        let (x, y) = (constant(left)?, constant(right)?);
        let holds = match condition {
            FloatCondition::Eq => x == y,
            FloatCondition::Ne => x != y,
            FloatCondition::Lt => x < y,
            FloatCondition::Le => x <= y,
            FloatCondition::Gt => x > y,
            FloatCondition::Ge => x >= y,
        };
        Some(self.truth(holds))
    }

    pub(crate) fn fold_compare(&mut self, condition: Condition, left: Value, right: Value) -> Option<Value> {
        self.region.as_ref()?;
        let (left, right) = (self.resolve(left), self.resolve(right));
        if let (Some(x), Some(y)) = (self.constant(left), self.constant(right)) {
            return Some(self.truth(condition.holds(x, y)));
        }
        let equality = matches!(condition, Condition::Eq | Condition::Ne);
        if !equality {
            return None;
        }
        let equal = condition == Condition::Eq;
        if left == right {
            return Some(self.truth(equal));
        }
        if let (Some(x), Some(y)) = (self.named(left), self.named(right)) {
            return Some(self.truth((x == y) == equal));
        }
        if self.constant(right) == Some(0) {
            if self.region.as_ref()?.known(left).present {
                return Some(self.truth(!equal));
            }
            if matches!(self.data(left), Some(InstData::Compare { .. } | InstData::FloatCompare { .. })) && !equal {
                return Some(left);
            }
        }
        // `True if c else False`, compared with one of them.
        let (&InstData::Select { condition: chosen, then, otherwise }, Some(name)) =
            (self.data(left)?, self.named(right))
        else {
            return None;
        };
        let (then, otherwise) = (self.named(then)?, self.named(otherwise)?);
        match (then == name, otherwise == name) {
            (true, false) if equal => Some(chosen),
            (false, true) if !equal => Some(chosen),
            (true, false) | (false, true) => self.inverse(chosen),
            (both, _) => Some(self.truth(both == equal)),
        }
    }

    /// The opposite of a condition.
    fn inverse(&mut self, condition: Value) -> Option<Value> {
        match *self.data(condition)? {
            InstData::Compare { condition, left, right } => Some(self.compare(condition.inverse(), left, right)),
            _ => {
                let no = self.iconst(Type::Bool, 0);
                let inst = InstData::Compare { condition: Condition::Eq, left: condition, right: no };
                Some(self.value(inst, Type::Bool))
            }
        }
    }

    fn facts(&self, condition: Value, holds: bool) -> Option<Fact> {
        let &InstData::Compare { condition, left, right } = self.data(condition)? else { return None };
        let same = match condition {
            Condition::Eq => holds,
            Condition::Ne => !holds,
            _ => return None,
        };
        if self.constant(right) == Some(0) {
            return (self.func.ty(left) == Type::Obj).then_some(Fact::Present(left, !same));
        }
        let &InstData::Load { base, offset: Offset::Known(OB_TYPE), .. } = self.data(left)? else { return None };
        Some(Fact::Class(base, self.named(right)?, same))
    }

    /// Learns from a condition that holds here, or does not.
    pub(crate) fn learn_condition(&mut self, condition: Value, holds: bool) {
        if self.region.is_none() {
            return;
        }
        match self.facts(condition, holds) {
            Some(Fact::Present(value, true)) => self.learn(value, |known| known.present = true),
            Some(Fact::Class(value, class, true)) => self.learn(value, |known| *known = known.with_class(class)),
            _ => {}
        }
    }

    /// The block of a region that a continuation leads to.
    pub(crate) fn successor(&self, to: Continuation) -> Option<crate::Block> {
        let region = self.region.as_ref()?;
        match to {
            Continuation::Next => region.next,
            Continuation::Target => region.target,
            _ => None,
        }
    }
}

impl Known {
    /// The same, of a value whose exact type is now known.
    pub(crate) fn with_class(self, class: Global) -> Known {
        Known { raw: self.raw, character: self.character, ..Known::exactly(class) }
    }
}
