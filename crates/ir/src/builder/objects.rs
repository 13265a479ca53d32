//! References, and objects around numbers.

use crate::inst::Args;
use crate::{Builder, Condition, Global, InstData, Known, PutOff, Type, UnaryOp, Value, ValueDef};

impl Builder<'_> {
    /// The object's type.
    pub fn type_of(&mut self, value: Value) -> Value {
        self.load(Type::Ptr, value, whipsnake_type_offset())
    }

    /// The exact type that a value is known to have, in a region.
    pub fn known_class(&self, value: Value) -> Option<Global> {
        self.region.as_ref().and_then(|region| region.known(value).class)
    }

    /// Says what exact type a value has.
    pub fn learn_class(&mut self, value: Value, class: Global) {
        self.learn(value, |known| *known = known.with_class(class));
    }

    /// Whether a value is known to be `None`, in a region.
    pub fn is_none(&self, value: Value) -> bool {
        self.in_region() && self.named(value) == Some(Global::None)
    }

    /// Adds a reference.
    pub fn retain(&mut self, value: Value) {
        if self.region.as_ref().is_some_and(|r| r.known(value).immortal) || self.put_off(PutOff::Retain(value)) {
            return;
        }
        if let Some(region) = self.region.as_deref_mut() {
            let value = region.resolve(value);
            if let Some(instance) = region.instance(value) {
                instance.count += 1;
            }
            // NULL has no count.
            region.learn(value, |known| known.present = true);
        }
        self.push(InstData::Retain { value }, &[]);
    }

    /// Drops a reference, unless the value is a borrowed input.
    pub fn release(&mut self, value: Value) {
        if !self.is_borrowed(value) {
            self.release_owned(value);
        }
    }

    /// Drops a reference.
    pub(crate) fn release_owned(&mut self, value: Value) {
        if let Some(region) = self.region.as_deref_mut() {
            let value = region.resolve(value);
            let known = region.known(value);
            if known.immortal || self.put_off(PutOff::Release(value)) {
                return;
            }
            if self.drop_last_retain(value) {
                return;
            }
            let region = self.region.as_deref_mut().expect("as above");
            // Nobody else sees the object: it ends here, and what its fields hold no longer matters.
            region.state.fields.retain(|f| f.object != value);
            if self.release_instance(value) {
                return;
            }
            if known.is_plain() {
                self.push(InstData::ReleasePlain { value }, &[]);
                return;
            }
        }
        self.push(InstData::Release { value }, &[]);
    }

    /// Takes back the reference that the last instruction of the block added, if it was one to this object: it was there before, and lives on.
    fn drop_last_retain(&mut self, value: Value) -> bool {
        let region = self.region.as_deref_mut().expect("only regions ask");
        if region.unwinding.is_some() || region.instance(value).is_some() {
            return false;
        }
        let insts = &self.func.blocks[self.current.index()].insts;
        if !insts.last().is_some_and(|&last| *self.func.inst(last) == InstData::Retain { value }) {
            return false;
        }
        self.func.blocks[self.current.index()].insts.pop();
        true
    }

    /// Drops a reference to a tuple or list, unless the value is a borrowed input, after references to all that it holds were added: so nothing ends with it, and its end
    /// runs no Python code.
    pub fn release_unpacked(&mut self, sequence: Value) {
        if self.is_borrowed(sequence) {
            return;
        }
        if let Some(region) = self.region.as_deref_mut() {
            let value = region.resolve(sequence);
            if !region.known(value).immortal && !self.put_off(PutOff::Release(value)) {
                let region = self.region.as_deref_mut().expect("as above");
                region.state.fields.retain(|f| f.object != value);
                self.push(InstData::ReleasePlain { value }, &[]);
            }
            return;
        }
        self.push(InstData::Release { value: sequence }, &[]);
    }

    /// Drops several references.
    pub fn release_all(&mut self, values: &[Value]) {
        for &value in values {
            self.release(value);
        }
    }

    /// Drops a reference that may be NULL.
    pub fn release_or_null(&mut self, value: Value) {
        if !self.is_borrowed(value) && !self.put_off(PutOff::ReleaseOrNull(value)) {
            let some = self.compare_const(Condition::Ne, value, 0);
            self.when(some, |b| b.release(value));
        }
    }

    /// An owned reference to `value`: adds one if it is a borrowed input, else passes the input's own on.
    pub fn take(&mut self, value: Value) -> Value {
        if self.is_borrowed(value) {
            self.retain(value);
        }
        value
    }

    /// Whether the value is a borrowed input.
    pub fn is_borrowed(&self, value: Value) -> bool {
        if let Some(region) = self.region.as_deref() {
            return region.borrowed.contains(&region.resolve(value));
        }
        match self.func.def(value) {
            ValueDef::Result(inst, 0) => match self.func.inst(inst) {
                InstData::Input { index } => self.borrowed & (1 << index) != 0,
                _ => false,
            },
            _ => false,
        }
    }

    /// The double inside an exact float.
    pub fn float_value(&mut self, value: Value) -> Value {
        if let Some(raw) = self.raw(value) {
            return raw;
        }
        if let Some((number, _)) = self.mixed(value) {
            return number;
        }
        let raw = self.value(InstData::FloatValue { value }, Type::F64);
        self.learn(value, |known| known.raw = Some(raw));
        raw
    }

    /// The number in a float or int, if it is at hand outside its object.
    pub fn raw(&self, value: Value) -> Option<Value> {
        self.region.as_ref()?.known(value).raw
    }

    /// The value of what is exactly a float or an int, as a double, and whether it is an int, if both are at hand.
    pub fn mixed(&self, value: Value) -> Option<(Value, Value)> {
        self.region.as_ref()?.known(value).mixed
    }

    /// Adds to what is known of a value, in a region.
    pub fn learn(&mut self, value: Value, learn: impl FnOnce(&mut Known)) {
        if let Some(region) = self.region.as_deref_mut() {
            region.learn(value, learn);
        }
    }

    /// A float object, built in the storage of one of `consumed` if possible; all of them are released.
    pub fn new_float(&mut self, value: Value, consumed: &[Value]) -> Value {
        if self.in_region() {
            return self.new_number(
                InstData::NewFloat { value, reuse: Args::new() },
                value,
                Global::FloatType,
                consumed,
            );
        }
        let reuse = self.owned(consumed);
        self.value(InstData::NewFloat { value, reuse }, Type::Obj)
    }

    /// The value of a compact int, as an i64. The caller has guarded that it is exact and compact.
    pub fn int_value(&mut self, value: Value) -> Value {
        if let Some(raw) = self.raw(value) {
            return raw;
        }
        if let Some((number, _)) = self.mixed(value) {
            return self.unary(UnaryOp::FloatToInt, number);
        }
        let raw = self.value(InstData::IntValue { value }, Type::I64);
        self.learn(value, |known| known.raw = Some(raw));
        raw
    }

    /// The value of an exact int in a region; up to two digits, else the region is left.
    pub fn unbox_int(&mut self, value: Value) -> Value {
        if let Some(raw) = self.raw(value) {
            return raw;
        }
        if let Some((number, _)) = self.mixed(value) {
            return self.unary(UnaryOp::FloatToInt, number);
        }
        let raw = self.value(InstData::UnboxInt { value }, Type::I64);
        self.learn(value, |known| known.raw = Some(raw));
        raw
    }

    /// An int object, built in the storage of one of `consumed` (compact ints) if possible; all of them are released.
    pub fn new_int(&mut self, value: Value, consumed: &[Value]) -> Value {
        if self.in_region() {
            return self.new_number(InstData::NewInt { value, reuse: Args::new() }, value, Global::IntType, consumed);
        }
        let reuse = self.owned(consumed);
        self.value(InstData::NewInt { value, reuse }, Type::Obj)
    }

    /// An object for a number that is a float, or an int if `is_int`; only in regions. All of `consumed` are released.
    pub fn new_mixed(&mut self, value: Value, is_int: Value, consumed: &[Value]) -> Value {
        let [value, is_int] = [value, is_int].map(|v| self.region.as_ref().map_or(v, |r| r.resolve(v)));
        let object = self.value(InstData::NewNumber { value, is_int }, Type::Obj);
        self.learn(object, |known| *known = Known { mixed: Some((value, is_int)), present: true, ..Known::default() });
        if let Some(unwinding) = self.region.as_deref_mut().and_then(|region| region.unwinding.as_mut()) {
            unwinding.made.push(object);
        }
        self.release_all(consumed);
        object
    }

    /// A tuple of objects whose references it takes; only in regions.
    pub fn new_tuple(&mut self, items: &[Value]) -> Value {
        let items = items.iter().map(|&item| self.region.as_ref().map_or(item, |r| r.resolve(item))).collect();
        let tuple = self.value(InstData::NewTuple { class: Global::TupleType, items }, Type::Obj);
        self.learn(tuple, |known| *known = Known::exactly(Global::TupleType));
        tuple
    }

    /// A bound method, which takes references to both; only in regions.
    pub fn new_method(&mut self, function: Value, this: Value) -> Value {
        // In the order in which the end of a method drops them, backwards, as with tuples.
        let items = [this, function].map(|item| self.region.as_ref().map_or(item, |r| r.resolve(item)));
        self.retain(this);
        self.retain(function);
        let method =
            self.value(InstData::NewTuple { class: Global::MethodType, items: items.into_iter().collect() }, Type::Obj);
        self.learn(method, |known| *known = Known::exactly(Global::MethodType));
        method
    }

    fn new_number(&mut self, make: InstData, raw: Value, class: Global, consumed: &[Value]) -> Value {
        let raw = self.region.as_ref().map_or(raw, |r| r.resolve(raw));
        let object = self.value(make, Type::Obj);
        self.learn(object, |known| *known = Known { raw: Some(raw), ..Known::exactly(class) });
        if let Some(unwinding) = self.region.as_deref_mut().and_then(|region| region.unwinding.as_mut()) {
            unwinding.made.push(object);
        }
        self.release_all(consumed);
        object
    }

    fn owned(&self, values: &[Value]) -> Args {
        values.iter().copied().filter(|&v| !self.is_borrowed(v)).collect()
    }
}

/// Offset of an object's type pointer: public ABI, the same in every build this project supports.
fn whipsnake_type_offset() -> i32 {
    8
}
