//! Block parameters that are always given the same: after `a = b = x` in a loop, its header has one for `a` and one for `b`.
//!
//! Found by refining a partition, as in Alpern, Wegman and Zadeck's value numbering: parameters of a block are taken for one until some jump gives them
//! what is not.

use rustc_hash::FxHashMap;
use whipsnake_ir::{Function, Value, ValueDef};

/// For those among the parameters `numbers` stands for, the first of the same block that is always given the same. `numbers` tells
/// which value takes the place of another, of a parameter it is itself.
pub(super) fn congruent(function: &Function, numbers: &FxHashMap<Value, Value>) -> FxHashMap<Value, Value> {
    let mut given: FxHashMap<Value, Vec<Value>> = FxHashMap::default();
    for (param, arg) in super::uses::given(function).into_iter().filter(|(param, _)| numbers.contains_key(param)) {
        given.entry(param).or_default().push(numbers.get(&arg).copied().unwrap_or(arg));
    }
    let params: Vec<Value> = function
        .block_ids()
        .flat_map(|block| &function.blocks[block.index()].params)
        .copied()
        .filter(|param| given.contains_key(param))
        .collect();
    // The first of its class stands for a parameter; at first a class is what is of one block and one type.
    let mut first: FxHashMap<Value, Value> = FxHashMap::default();
    let mut known = FxHashMap::default();
    for &param in &params {
        let ValueDef::Param(block, _) = function.def(param) else { unreachable!("{param} is no parameter") };
        first.insert(param, *known.entry((block, function.ty(param))).or_insert(param));
    }
    let mut classes = known.len();
    loop {
        let class = |value: &Value| first.get(value).copied().unwrap_or(*value);
        let mut known = FxHashMap::default();
        let mut refined = FxHashMap::default();
        for &param in &params {
            let args: Vec<Value> = given[&param].iter().map(class).collect();
            refined.insert(param, *known.entry((class(&param), args)).or_insert(param));
        }
        first = refined;
        if known.len() == classes {
            break;
        }
        classes = known.len();
    }
    first.retain(|param, first| param != first);
    first
}
