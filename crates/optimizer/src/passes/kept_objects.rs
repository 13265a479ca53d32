//! Block parameters that go on as objects although numbers would do, since the program may ask which object they are.
//!
//! In `best = INF`, then `if y < best: best = y` in a loop, and `best is INF` after it, the loop may hand on the object that it was given: an exit that made one of the
//! number would make another. Such parameters are found by what they are given: nothing but objects that are there already; or one of these, themselves on some way around the loop, and
//! else numbers that were not computed from them. What is computed from its own last value (`total += x`) goes on as a number: there it is
//! unchanged in no round or in few, and nobody asks.

use super::uses::given;
use rustc_hash::{FxHashMap, FxHashSet};
use whipsnake_ir::{Function, InstData, Value, ValueDef};

/// Parameters that have to stay objects.
#[derive(Default)]
pub(super) struct Kept {
    /// Given objects only.
    pub(super) never_made: Vec<Value>,
    /// Given fresh numbers, too, of which a jump makes objects.
    pub(super) chosen: FxHashSet<Value>,
}

/// How many groups of parameters are looked at: each costs a walk over the graph.
const MAX_GROUPS: usize = 16;

/// Finds them among the parameters that could be numbers.
pub(super) fn kept(function: &Function, is_number: impl Fn(Value) -> bool) -> Kept {
    let given: Vec<(Value, Value)> = given(function).into_iter().filter(|&(param, _)| is_number(param)).collect();
    let is_param = |value: Value| matches!(function.def(value), ValueDef::Param(..));
    // Of each parameter: whether what it may get was made by an operation here, and whether it was there before.
    let made = reached(&given, |arg| is_number(arg) && !is_param(arg));
    let found = reached(&given, |arg| !is_number(arg));
    let mut kept = Kept::default();
    let params: FxHashSet<Value> = given.iter().map(|&(param, _)| param).collect();
    kept.never_made = params.iter().copied().filter(|param| !made.contains(param)).collect();
    let mut inner: FxHashMap<Value, Vec<Value>> = FxHashMap::default();
    for &(param, arg) in given.iter().filter(|(_, arg)| params.contains(arg)) {
        inner.entry(arg).or_default().push(param);
    }
    let mut groups = 0;
    let mut seen: FxHashSet<Value> = FxHashSet::default();
    let mut candidates: Vec<Value> =
        params.into_iter().filter(|param| made.contains(param) && found.contains(param)).collect();
    candidates.sort_unstable_by_key(|param| param.index());
    for param in candidates {
        if seen.contains(&param) {
            continue;
        }
        let behind = closure(&inner, param);
        if !behind.contains(&param) {
            continue;
        }
        let group: FxHashSet<Value> =
            behind.iter().copied().filter(|&other| closure(&inner, other).contains(&param)).collect();
        seen.extend(&group);
        groups += 1;
        if groups > MAX_GROUPS {
            break;
        }
        let computed = computed_from(function, &group);
        let is_chosen =
            given.iter().all(|(to, arg)| !group.contains(to) || group.contains(arg) || !computed.contains(arg));
        if is_chosen {
            kept.chosen.extend(group);
        }
    }
    // What hands an object on to them has to have it.
    loop {
        let before = kept.chosen.len();
        let hands_on = |&&(param, arg): &&(Value, Value)| kept.chosen.contains(&param) && found.contains(&arg);
        let more: Vec<Value> = given.iter().filter(hands_on).map(|&(_, arg)| arg).collect();
        kept.chosen.extend(more);
        if kept.chosen.len() == before {
            return kept;
        }
    }
}

/// The parameters that something of a kind may reach.
fn reached(given: &[(Value, Value)], is_source: impl Fn(Value) -> bool) -> FxHashSet<Value> {
    let mut reached: FxHashSet<Value> = FxHashSet::default();
    loop {
        let before = reached.len();
        for &(param, arg) in given {
            if is_source(arg) || reached.contains(&arg) {
                reached.insert(param);
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

/// The parameters that a parameter is handed on to, by one or more jumps.
fn closure(inner: &FxHashMap<Value, Vec<Value>>, from: Value) -> FxHashSet<Value> {
    let mut found = FxHashSet::default();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(inner.get(&next).into_iter().flatten().copied().filter(|&param| found.insert(param)));
    }
    found
}

/// Values that are computed from those of a group, the group left out.
fn computed_from(function: &Function, group: &FxHashSet<Value>) -> FxHashSet<Value> {
    let mut computed: FxHashSet<Value> = FxHashSet::default();
    let handed_on = given(function);
    loop {
        let before = computed.len();
        for block in function.block_ids() {
            for &inst in &function.blocks[block.index()].insts {
                let data = function.inst(inst);
                if matches!(data, InstData::Compare { .. } | InstData::FloatCompare { .. }) {
                    continue;
                }
                let mut uses = false;
                data.for_each_use(|value| uses |= group.contains(&value) || computed.contains(&value));
                if uses {
                    computed.extend(function.results(inst));
                }
            }
        }
        for &(param, arg) in &handed_on {
            if !group.contains(&param) && (computed.contains(&arg) || group.contains(&arg)) {
                computed.insert(param);
            }
        }
        if computed.len() == before {
            return computed;
        }
    }
}
