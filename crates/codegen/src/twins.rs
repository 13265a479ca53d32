//! Numbers without boxes that may stand for one object. After `a = b = x` in a loop, its header has a parameter for `a` and one for `b`; coming from the
//! assignment they are one number, and a program that boxes them, by leaving there, must find one object. Coming from elsewhere they are two,
//! even where they are equal.
//!
//! Which way was taken is not recorded: two such numbers are taken for one if some way makes them one and their bits are the same.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use whipsnake_ir::{Args, Block, Dominators, Function, InstData, Type, Value, ValueDef};

/// Whether exits make objects of values of a type.
pub(crate) fn is_number(ty: Type) -> bool {
    matches!(ty, Type::F64 | Type::I64)
}

/// Which numbers of a function may be one.
pub(crate) struct Twins {
    dominators: Dominators,
    /// What each way to a block gives its parameters.
    given: Vec<SmallVec<[Args; 2]>>,
    /// The block that each value is from.
    homes: Vec<Block>,
    known: FxHashMap<(Value, Value), bool>,
}

impl Twins {
    /// Those of a function.
    pub(crate) fn of(func: &Function) -> Twins {
        let mut given = vec![SmallVec::new(); func.blocks.len()];
        let mut homes = vec![Block(0); func.value_count()];
        for block in func.block_ids() {
            let data = &func.blocks[block.index()];
            let results = data.insts.iter().flat_map(|&inst| func.results(inst));
            for value in data.params.iter().chain(results) {
                homes[value.index()] = block;
            }
            match data.insts.last().map(|&last| func.inst(last)) {
                Some(InstData::Jump { to, args }) => given[to.index()].push(args.clone()),
                Some(InstData::Branch { then, then_args, otherwise, otherwise_args, .. }) => {
                    given[then.index()].push(then_args.clone());
                    given[otherwise.index()].push(otherwise_args.clone());
                }
                _ => {}
            }
        }
        Twins { dominators: Dominators::of(func), given, homes, known: FxHashMap::default() }
    }

    /// The indexes of those among `values` that may be one, the lower ones first.
    pub(crate) fn among(&mut self, func: &Function, values: &[Value]) -> Vec<(u16, u16)> {
        let mut pairs = vec![];
        for (index, &b) in values.iter().enumerate() {
            let earlier = values[..index].iter().enumerate();
            pairs.extend(earlier.filter(|&(_, &a)| self.may_be_one(func, a, b)).map(|(a, _)| (a as u16, index as u16)));
        }
        pairs
    }

    /// Whether two values are numbers that may be one. Both must be live somewhere.
    pub(crate) fn may_be_one(&mut self, func: &Function, a: Value, b: Value) -> bool {
        let is_param = |value| matches!(func.def(value), ValueDef::Param(..));
        if !is_number(func.ty(a)) || func.ty(a) != func.ty(b) || !(is_param(a) || is_param(b)) {
            return a == b;
        }
        if let Some(&known) = self.known.get(&(a, b)) {
            return known;
        }
        // A search in the graph whose nodes are pairs, and whose edges lead from what parameters are to what they were given.
        let mut seen = FxHashSet::from_iter([(a, b)]);
        let mut stack = vec![(a, b)];
        while let Some((one, other)) = stack.pop() {
            if one == other {
                self.known.insert((a, b), true);
                return true;
            }
            for pair in self.before(func, one, other) {
                if seen.insert(pair) {
                    stack.push(pair);
                }
            }
        }
        self.known.extend(seen.into_iter().map(|pair| (pair, false)));
        false
    }

    /// What two values were, if they are one because that was.
    fn before(&self, func: &Function, a: Value, b: Value) -> SmallVec<[(Value, Value); 4]> {
        let param = |value| match func.def(value) {
            ValueDef::Param(_, index) => Some(usize::from(index)),
            ValueDef::Result(..) => None,
        };
        let (at, other) = (self.homes[a.index()], self.homes[b.index()]);
        let mut pairs = SmallVec::new();
        // What is newer than a parameter is another number than the one that its block was given, though it may have had the same name.
        if let Some(index) = param(a)
            && self.is_before(other, at)
        {
            pairs.extend(self.given[at.index()].iter().map(|args| (args[index], b)));
        }
        if let Some(index) = param(b)
            && self.is_before(at, other)
        {
            pairs.extend(self.given[other.index()].iter().map(|args| (a, args[index])));
        }
        if let (Some(first), Some(second)) = (param(a), param(b))
            && at == other
        {
            pairs.extend(self.given[at.index()].iter().map(|args| (args[first], args[second])));
        }
        pairs
    }

    fn is_before(&self, over: Block, block: Block) -> bool {
        over != block && self.dominators.is_reachable(block) && self.dominators.dominates(over, block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twins(text: &str, pairs: &[(u32, u32)]) -> Vec<bool> {
        let func = whipsnake_ir::parse(text).unwrap();
        let mut twins = Twins::of(&func);
        pairs.iter().map(|&(a, b)| twins.may_be_one(&func, Value(a), Value(b))).collect()
    }

    #[test]
    fn what_some_way_makes_one_may_be_one() {
        let text = "function \"f\" {
block0:
v0: ptr = frame
v1: f64 = load v0[80]
v2: f64 = load v0[88]
v3: f64 = load v0[96]
v4: bool = flt v1, v2
jump block1(v1, v2, v3)
block1(v5: f64, v6: f64, v7: f64):
v8: f64 = fadd v5, v7
branch v4, block1(v8, v8, v7), block2
block2:
leave next
}
";
        // The first two are one after a round; the third never changes, and is what it came as. What is made anew is neither.
        let pairs = [(5, 6), (6, 5), (5, 7), (7, 3), (1, 2), (8, 5), (8, 6), (8, 8)];
        assert_eq!(twins(text, &pairs), [true, true, false, true, false, false, false, true]);
    }
}
