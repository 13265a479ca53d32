//! Built-in functions that go through a generator whose body a region has inlined: what they do with each item, and in the end.
//!
//! Nothing here runs Python code, so that the generator need not be suspended while its item is looked at. An item for which that is not sure leaves the region
//! at the `yield`.

use whipsnake_cpython::layout::{list, unicode};
use whipsnake_ir::{BinaryOp, Builder, Condition, FloatCondition, Global, Helper, MissReason, Type, UnaryOp, Value};

/// A built-in function or type, called with one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// `any`.
    Any,
    /// `all`.
    All,
    /// `sum`.
    Sum,
    /// `list`.
    List,
    /// `tuple`.
    Tuple,
    /// `set`.
    Set,
    /// `sorted`, which makes a list before it looks at any item.
    Sorted,
    /// The method `join` of strings, likewise.
    Join,
}

/// What a consumer has so far: an object, and, of a sum of floats, what was lost of it by rounding. Both are objects, with a reference each.
pub type Gathered = [Option<Value>; 2];

impl Consumer {
    /// The built-in function of that name.
    pub fn builtin(name: &[u8]) -> Option<Consumer> {
        Some(match name {
            b"any" => Consumer::Any,
            b"all" => Consumer::All,
            b"sum" => Consumer::Sum,
            b"sorted" => Consumer::Sorted,
            _ => return None,
        })
    }

    /// Whether the list of all items takes the place of the generator in the end, and what is called goes on with that.
    pub fn goes_on_with_list(self) -> bool {
        matches!(self, Consumer::Sorted | Consumer::Join)
    }

    /// Whether it is known here for items of this type; `None` is any.
    pub fn takes(self, class: Option<Global>) -> bool {
        match self {
            Consumer::Any | Consumer::All => matches!(
                class,
                Some(Global::BoolType | Global::IntType | Global::FloatType | Global::StrType | Global::ListType)
            ),
            Consumer::Sum => matches!(class, Some(Global::BoolType | Global::IntType | Global::FloatType)),
            _ => true,
        }
    }

    /// The type that items have as a rule.
    pub fn usual_class(self) -> Option<Global> {
        match self {
            Consumer::Any | Consumer::All => Some(Global::BoolType),
            Consumer::Sum => Some(Global::IntType),
            _ => None,
        }
    }

    /// What it has before the first item.
    pub fn start(self, b: &mut Builder<'_>) -> Gathered {
        match self {
            Consumer::Any | Consumer::All => [None, None],
            Consumer::Sum => {
                let (zero, nothing) = (b.iconst(Type::I64, 0), b.fconst(0.0));
                [Some(b.new_int(zero, &[])), Some(b.new_float(nothing, &[]))]
            }
            Consumer::Set => {
                let set = b.call_checked(Helper::NewSet, &[]);
                b.learn_class(set, Global::SetType);
                [Some(set), None]
            }
            _ => {
                let hidden = b.iconst(Type::I32, matches!(self, Consumer::Tuple | Consumer::Join).into());
                let list = b.call_checked(Helper::NewList, &[hidden]);
                b.learn_class(list, Global::ListType);
                [Some(list), None]
            }
        }
    }

    /// Whether an item, which is exactly of a type that it takes, makes `any` or `all` go on, as a condition.
    pub fn goes_on(self, b: &mut Builder<'_>, class: Global, item: Value) -> Value {
        let stops_at_true = self == Consumer::Any;
        match class {
            Global::BoolType => {
                let other = b.global(if stops_at_true { Global::False } else { Global::True });
                b.compare(Condition::Eq, item, other)
            }
            Global::FloatType => {
                let (number, zero) = (b.float_value(item), b.fconst(0.0));
                let condition = if stops_at_true { FloatCondition::Eq } else { FloatCondition::Ne };
                b.float_compare(condition, number, zero)
            }
            _ => {
                let number = match class {
                    Global::StrType => b.load(Type::I64, item, unicode::LENGTH),
                    Global::ListType => b.load(Type::I64, item, list::OB_SIZE),
                    _ => b.unbox_int(item),
                };
                b.compare_const(if stops_at_true { Condition::Eq } else { Condition::Ne }, number, 0)
            }
        }
    }

    /// What it has with one item more, which is borrowed and exactly of a type that it takes; `of` is the type that the sum so far has. References to
    /// what it had are not dropped.
    pub fn add(
        self,
        b: &mut Builder<'_>,
        gathered: Gathered,
        of: Global,
        item: Value,
        class: Option<Global>,
    ) -> Gathered {
        match (self, gathered) {
            (Consumer::Set, [Some(set), _]) => {
                let added = b.call(Helper::CollectInSet, &[set, item]);
                let added = b.compare_const(Condition::Eq, added, 0);
                b.guard(added, MissReason::Value);
                gathered
            }
            (Consumer::Sum, [Some(sum), Some(lost)]) => {
                let number = match class {
                    Some(Global::FloatType) => b.float_value(item),
                    Some(Global::BoolType) => {
                        let yes = b.global(Global::True);
                        let is_true = b.compare(Condition::Eq, item, yes);
                        b.unary(UnaryOp::ExtendU, is_true)
                    }
                    _ => b.unbox_int(item),
                };
                add_number(b, (sum, lost), of == Global::FloatType, number, class == Some(Global::FloatType))
            }
            _ => gathered,
        }
    }

    /// The result, with a reference of its own, where there is no item more. Takes the references to what it has.
    pub fn end(self, b: &mut Builder<'_>, gathered: Gathered, of: Option<Global>) -> Value {
        match (self, gathered) {
            (Consumer::Any, _) => b.global(Global::False),
            (Consumer::All, _) => b.global(Global::True),
            (Consumer::List | Consumer::Sorted, [Some(list), _]) => {
                b.call_void(Helper::CutList, &[list]);
                list
            }
            (Consumer::Tuple, [Some(list), _]) => {
                let tuple = b.call_checked(Helper::TupleOfList, &[list]);
                b.learn_class(tuple, Global::TupleType);
                tuple
            }
            (Consumer::Sum, [Some(sum), Some(lost)]) => match of {
                Some(Global::FloatType) => corrected(b, sum, lost),
                Some(_) => {
                    b.release(lost);
                    sum
                }
                // Without items it is an int.
                None => {
                    let class = b.type_of(sum);
                    let floats = b.global(Global::FloatType);
                    let floats = b.unary(UnaryOp::AsPtr, floats);
                    let is_float = b.compare(Condition::Eq, class, floats);
                    let (float, int, done) = (b.block(), b.block(), b.block());
                    let result = b.func.add_param(done, Type::Obj);
                    b.branch(is_float, float, int);
                    b.switch_to(float);
                    b.learn_class(sum, Global::FloatType);
                    let made = corrected(b, sum, lost);
                    b.jump(done, &[made]);
                    b.switch_to(int);
                    b.release(lost);
                    b.jump(done, &[sum]);
                    b.switch_to(done);
                    result
                }
            },
            (_, [Some(result), _]) => result,
            (_, [None, _]) => b.global(Global::None),
        }
    }
}

/// A sum of floats with what was lost of it. Takes the references to both.
fn corrected(b: &mut Builder<'_>, sum: Value, lost: Value) -> Value {
    let (total, rest) = (b.float_value(sum), b.float_value(lost));
    let size = b.unary(UnaryOp::FAbs, rest);
    let (zero, most) = (b.fconst(0.0), b.fconst(f64::MAX));
    let whole = b.binary(BinaryOp::FAdd, total, rest);
    let finite = b.float_compare(FloatCondition::Le, size, most);
    let corrected = b.select(finite, whole, total);
    // The sign of a zero stays.
    let something = b.float_compare(FloatCondition::Ne, rest, zero);
    let corrected = b.select(something, corrected, total);
    let result = b.new_float(corrected, &[]);
    b.release_all(&[sum, lost]);
    result
}

/// A sum with one number more, as `sum` computes it: of floats, what is lost by rounding is summed up by itself (Neumaier). The first float makes it
/// a sum of floats.
fn add_number(
    b: &mut Builder<'_>,
    (sum, lost): (Value, Value),
    of_floats: bool,
    number: Value,
    is_float: bool,
) -> Gathered {
    if !of_floats && !is_float {
        let total = b.unbox_int(sum);
        let (total, overflow) = b.overflowing(BinaryOp::Add, total, number);
        let fits = b.compare_const(Condition::Eq, overflow, 0);
        b.guard(fits, MissReason::Int);
        return [Some(b.new_int(total, &[])), Some(lost)];
    }
    let total = if of_floats { b.float_value(sum) } else { crate::float_of_int(b, sum) };
    if !of_floats || !is_float {
        let number = if is_float { number } else { b.unary(UnaryOp::IntToFloat, number) };
        let total = b.binary(BinaryOp::FAdd, total, number);
        return [Some(b.new_float(total, &[])), Some(lost)];
    }
    let rest = b.float_value(lost);
    let next = b.binary(BinaryOp::FAdd, total, number);
    let (size, other) = (b.unary(UnaryOp::FAbs, total), b.unary(UnaryOp::FAbs, number));
    let larger = b.float_compare(FloatCondition::Ge, size, other);
    let [first, second] = [(total, number), (number, total)].map(|(large, small)| {
        let difference = b.binary(BinaryOp::FSub, large, next);
        b.binary(BinaryOp::FAdd, difference, small)
    });
    let difference = b.select(larger, first, second);
    let rest = b.binary(BinaryOp::FAdd, rest, difference);
    [Some(b.new_float(next, &[])), Some(b.new_float(rest, &[]))]
}

/// Appends an item, whose reference it takes if it has one, to a list. Nothing is called that anybody may notice, and the list is changed only when there
/// is room: so the region has no frames to store for it, and no number needs its object but the one that the list gets.
pub fn collect(b: &mut Builder<'_>, into: Value, item: Value) {
    let size = b.load(Type::I64, into, list::OB_SIZE);
    let allocated = b.load(Type::I64, into, list::ALLOCATED);
    let has_room = b.compare(Condition::Lt, size, allocated);
    let (room, full, done) = (b.block(), b.block(), b.block());
    b.set_cold(full);
    b.branch(has_room, room, full);

    b.switch_to(full);
    let grown = b.call(Helper::MakeRoom, &[into]);
    let grown = b.compare_const(Condition::Eq, grown, 0);
    b.guard(grown, MissReason::Value);
    b.jump(done, &[]);

    b.switch_to(room);
    b.jump(done, &[]);
    b.switch_to(done);
    let items = b.load(Type::Ptr, into, list::OB_ITEM);
    let slot = b.element(items, size, 3);
    let item = b.take(item);
    b.store(item, slot, 0);
    let size = b.binary_const(BinaryOp::Add, size, 1);
    b.store(size, into, list::OB_SIZE);
}
