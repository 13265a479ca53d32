//! What instances have themselves: whether one has an attribute of a name that its class has, too, which would come first.

use super::blocks::Walk;
use crate::Own;
use whipsnake_cpython::layout::{dict_keys, dict_values, object, type_object};
use whipsnake_ir::{Block, Builder, Condition, Helper, MissReason, Type, Value};

impl Walk<'_, '_> {
    /// Makes sure that the instance has no attribute of its own in place of that of its class; else goes elsewhere, if anywhere, or leaves.
    pub(super) fn ask_instance(&mut self, owner: Value, own: Own, otherwise: Option<Block>) {
        match own {
            Own::None => {}
            Own::KeysVersion(version) => self.ask_shared(owner, dict_keys::DK_VERSION, version, otherwise),
            Own::KeyCount(count) => self.ask_shared(owner, dict_keys::DK_NENTRIES, count, otherwise),
            Own::Unset(offset) => {
                self.must_be_inside(owner, otherwise);
                let value = self.b.load(Type::Obj, owner, offset);
                let unset = self.b.is_null(value);
                self.must_hold(unset, MissReason::Value, otherwise);
            }
            Own::Dict { offset, name, keys } => {
                let name = self.b.iconst(Type::Obj, name as i64);
                let lacks = lacks(&mut self.b, owner, offset, name, keys);
                self.must_hold(lacks, MissReason::Value, otherwise);
            }
        }
    }

    /// Asks the keys that instances share with their values inside.
    fn ask_shared(&mut self, owner: Value, offset: i32, expected: u32, otherwise: Option<Block>) {
        self.must_be_inside(owner, otherwise);
        let same = shared_is(&mut self.b, owner, offset, expected);
        self.must_hold(same, MissReason::KeysVersion, otherwise);
    }

    fn must_be_inside(&mut self, owner: Value, otherwise: Option<Block>) {
        let inside = is_inside(&mut self.b, owner);
        self.must_hold(inside, MissReason::InlineValues, otherwise);
    }

    fn must_hold(&mut self, condition: Value, reason: MissReason, otherwise: Option<Block>) {
        match otherwise {
            Some(otherwise) => {
                let holds = self.b.block();
                self.b.branch(condition, holds, otherwise);
                self.b.switch_to(holds);
            }
            None => self.b.guard(condition, reason),
        }
    }
}

/// Whether an instance has its values inside.
fn is_inside(b: &mut Builder<'_>, owner: Value) -> Value {
    b.load(Type::Bool, owner, object::INLINE_VALUES_OFFSET + dict_values::VALID)
}

/// Whether a field of the keys that instances of the class share has that value.
fn shared_is(b: &mut Builder<'_>, owner: Value, offset: i32, expected: u32) -> Value {
    let class = b.type_of(owner);
    let keys = b.load(Type::Ptr, class, type_object::HT_CACHED_KEYS);
    let found = b.load(Type::I32, keys, offset);
    b.compare_const(Condition::Eq, found, expected.into())
}

/// Whether an instance with a dict, if it has one, has no such name in it.
fn lacks(b: &mut Builder<'_>, owner: Value, offset: i32, name: Value, keys: Option<u32>) -> Value {
    let in_dict = |b: &mut Builder<'_>| {
        let dict = b.load(Type::Obj, owner, offset);
        let none = b.is_null(dict);
        b.choose(
            none,
            Type::Bool,
            false,
            |b| b.iconst(Type::Bool, 1),
            |b| {
                let has = b.call(Helper::DictHas, &[dict, name]);
                b.compare_const(Condition::Eq, has, 0)
            },
        )
    };
    let Some(count) = keys else { return in_dict(b) };
    let inside = is_inside(b, owner);
    b.choose(inside, Type::Bool, false, |b| shared_is(b, owner, dict_keys::DK_NENTRIES, count), in_dict)
}
