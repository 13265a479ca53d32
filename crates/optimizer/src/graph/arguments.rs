//! Arguments of inlined calls: which parameters they are for, and what the others get.

use super::blocks::Walk;
use crate::{Callee, Object};
use std::ops::Range;
use whipsnake_cpython::layout::{function, tuple};
use whipsnake_ir::{Condition, MissReason, Slot, Type, Value};

/// More names are not collected: an exit has a bit for each key and value.
pub(super) const MAX_NAMED: usize = 8;

/// Which parameters the arguments of a call are for.
pub(super) struct Places {
    /// For each argument, but for those.
    pub(super) given: Vec<usize>,
    /// The arguments that are for `*args`.
    pub(super) surplus: Range<usize>,
    /// The arguments that are for `**kwargs`, by their number, and the addresses of their names. They are behind those.
    pub(super) named: Vec<(usize, u64)>,
    parameters: usize,
}

impl Places {
    /// Parameters that get nothing.
    pub(super) fn missing(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.parameters).filter(|at| !self.given.contains(at))
    }

    /// How many arguments are by position, or for parameters of theirs.
    pub(super) fn count(&self) -> usize {
        self.given.len() + self.surplus.len()
    }

    /// Takes those out of the arguments that are collected.
    pub(super) fn leave<T>(&self, arguments: &mut Vec<T>) {
        for &(argument, _) in self.named.iter().rev() {
            arguments.remove(argument);
        }
        arguments.drain(self.surplus.clone());
    }

    /// The arguments in the order of the parameters, with those that are missing.
    pub(super) fn in_order(&self, arguments: Vec<Slot>, defaults: Vec<Slot>) -> Vec<Slot> {
        let given = self.given.iter().copied().zip(arguments);
        let mut all: Vec<(usize, Slot)> = given.chain(self.missing().zip(defaults)).collect();
        all.sort_by_key(|&(at, _)| at);
        all.into_iter().map(|(_, slot)| slot).collect()
    }
}

impl Walk<'_, '_> {
    /// Which parameters the arguments of a call are for, the names of the last ones in a tuple; `None` if that can't be told, or some parameter gets nothing.
    pub(super) fn places(
        &mut self,
        function: u64,
        names: Option<Slot>,
        count: usize,
        callee: &Callee<'_>,
    ) -> Option<Places> {
        let names = match names {
            Some(names) => {
                let names = self.constant_address(names.value?)?;
                self.body.world.names(names)?
            }
            None => vec![],
        };
        self.places_by_names(function, count.checked_sub(names.len())?, &names, callee)
    }

    /// The same of arguments by position and by these names.
    pub(super) fn places_by_names(
        &self,
        function: u64,
        by_position: usize,
        names: &[u64],
        callee: &Callee<'_>,
    ) -> Option<Places> {
        let parameters = callee.parameters as usize;
        let fitting = if callee.takes_more { by_position.min(parameters) } else { by_position };
        let (mut given, mut named): (Vec<usize>, _) = ((0..fitting).collect(), vec![]);
        for (&name, argument) in names.iter().zip(by_position..) {
            match self.body.world.parameter(function, name) {
                Some(parameter) => given.push(parameter),
                None if callee.takes_named && named.len() < MAX_NAMED => named.push((argument, name)),
                None => return None,
            }
        }
        let places = Places { given, surplus: fitting..by_position, named, parameters };
        let optional = places.parameters.checked_sub(callee.default_values.len())?;
        let mut seen = vec![false; places.parameters];
        let fits = places.given.iter().all(|&at| seen.get_mut(at).is_some_and(|seen| !std::mem::replace(seen, true)));
        (fits && places.missing().all(|at| at >= optional)).then_some(places)
    }

    /// Takes the names of arguments off the stack.
    pub(super) fn drop_names(&mut self, there: bool) {
        if there && let Slot { value: Some(names), owned: true, .. } = self.pop() {
            self.b.release(names);
        }
    }

    /// The default arguments of some parameters, guarded. The function may have got others since the region was built, even in a tuple at the same address.
    pub(super) fn default_arguments(
        &mut self,
        function: Value,
        callee: &Callee<'_>,
        missing: impl Iterator<Item = usize>,
    ) -> Vec<Value> {
        let mut missing = missing.peekable();
        if missing.peek().is_none() {
            return vec![];
        }
        let defaults = self.b.load(Type::Obj, function, function::DEFAULTS);
        let there = self.b.compare_const(Condition::Ne, defaults, 0);
        self.b.guard(there, MissReason::Callable);
        let values = &callee.default_values;
        let length = self.b.load(Type::I64, defaults, tuple::OB_SIZE);
        let same = self.b.compare_const(Condition::Eq, length, values.len() as i64);
        self.b.guard(same, MissReason::Callable);
        let (mut found, first) = (vec![], callee.parameters as usize - values.len());
        for parameter in missing {
            let (index, expected) = (parameter - first, &values[parameter - first]);
            let value = self.b.load(Type::Obj, defaults, tuple::OB_ITEM + 8 * index as i32);
            found.push(self.default_argument(value, expected));
        }
        found
    }

    /// Arguments with references of their own: the function may get other defaults while it runs.
    pub(super) fn owned_arguments(&mut self, values: Vec<Value>) -> Vec<Slot> {
        for &value in &values {
            self.b.retain(value);
        }
        values.into_iter().map(Slot::owned).collect()
    }

    /// A default argument that was found, guarded to be like what is expected.
    fn default_argument(&mut self, found: Value, expected: &Object) -> Value {
        if expected.immortal {
            let value = self.constant_object(expected);
            let same = self.b.compare(Condition::Eq, found, value);
            self.b.guard(same, MissReason::Value);
            return value;
        }
        self.knowledge().learn(found, |known| known.present = true);
        if let Some(class) = expected.class {
            self.b.guard_exact(found, class);
        }
        found
    }
}
