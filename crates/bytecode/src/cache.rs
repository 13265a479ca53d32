//! Typed views on inline caches: what the adaptive interpreter has learnt at an instruction.
//!
//! The first unit of nearly every cache is a counter; `POP_JUMP_IF_*` has the branch history in its place. Which view is
//! right follows from the opcode: a view asked of the wrong instruction is `None` where the cache is too short.

/// The cache units of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache<'a> {
    units: &'a [u16],
}

/// The countdown to the next attempt to specialise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter(pub u16);

impl Counter {
    /// Executions left.
    pub fn value(self) -> u16 {
        self.0 >> 4
    }

    /// How often it has been restarted: each time it counts from twice as high.
    pub fn backoff(self) -> u16 {
        self.0 & 15
    }
}

/// The last 16 outcomes of a conditional jump, latest in the lowest bit; 1 means that it jumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchHistory(pub u16);

impl BranchHistory {
    /// What a new code object starts with. A jump that has alternated looks the same.
    pub const INITIAL: Self = Self(0x5555);

    /// How many of the last 16 times it jumped.
    pub fn taken(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether it has probably never run.
    pub fn is_initial(self) -> bool {
        self == Self::INITIAL
    }
}

/// `LOAD_ATTR_{INSTANCE_VALUE,MODULE,WITH_HINT,SLOT}`, `STORE_ATTR_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttrCache {
    /// The type's version, or for a module its dict keys'.
    pub version: u32,
    /// Index in the values or keys, or the slot's offset, or the hint.
    pub index: u16,
}

/// `LOAD_ATTR_{METHOD_*,NONDESCRIPTOR_*,CLASS,PROPERTY,GETATTRIBUTE_OVERRIDDEN}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodCache {
    /// The type's version.
    pub type_version: u32,
    /// Version of the instance's keys; of the function for a property; unused for others.
    pub keys_version: u32,
    /// Address of the object that was found: borrowed, and valid only while `type_version` is.
    pub descr: u64,
}

impl MethodCache {
    /// For `LOAD_ATTR_METHOD_LAZY_DICT`: where the instance's dict pointer is. It shares its unit with `keys_version`.
    pub fn dict_offset(&self) -> u16 {
        let [first, _] = split(self.keys_version);
        first
    }
}

/// `LOAD_GLOBAL_{MODULE,BUILTIN}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalCache {
    /// Index in the keys of the dict the name was found in.
    pub index: u16,
    /// Version of the module's keys.
    pub module_keys_version: u16,
    /// Version of the builtins' keys; unused for `LOAD_GLOBAL_MODULE`.
    pub builtin_keys_version: u16,
}

/// `CALL_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCache {
    /// The function's version; the type's for `CALL_ALLOC_AND_ENTER_INIT`.
    pub func_version: u32,
}

/// Values of more than one unit are stored as the host stores them.
fn join(units: [u16; 2]) -> u32 {
    let ([a, b], [c, d]) = (units[0].to_ne_bytes(), units[1].to_ne_bytes());
    u32::from_ne_bytes([a, b, c, d])
}

fn split(value: u32) -> [u16; 2] {
    let [a, b, c, d] = value.to_ne_bytes();
    [u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d])]
}

impl<'a> Cache<'a> {
    pub(crate) fn new(units: &'a [u16]) -> Self {
        Self { units }
    }

    /// The raw units.
    pub fn units(&self) -> &'a [u16] {
        self.units
    }

    fn u32(&self, at: usize) -> Option<u32> {
        Some(join([*self.units.get(at)?, *self.units.get(at + 1)?]))
    }

    /// The counter, for every instruction with a cache but `POP_JUMP_IF_*`.
    pub fn counter(&self) -> Option<Counter> {
        self.units.first().copied().map(Counter)
    }

    /// `POP_JUMP_IF_*`.
    pub fn branch_history(&self) -> Option<BranchHistory> {
        self.units.first().copied().map(BranchHistory)
    }

    /// `LOAD_ATTR` (forms that find a value in the instance), `STORE_ATTR`.
    pub fn attr(&self) -> Option<AttrCache> {
        Some(AttrCache { version: self.u32(1)?, index: *self.units.get(3)? })
    }

    /// `LOAD_ATTR` (forms that find an object in the type).
    pub fn method(&self) -> Option<MethodCache> {
        let (low, high) = (split(self.u32(5)?), split(self.u32(7)?));
        let mut descr = [0; 8];
        for (bytes, unit) in descr.chunks_exact_mut(2).zip(low.into_iter().chain(high)) {
            bytes.copy_from_slice(&unit.to_ne_bytes());
        }
        Some(MethodCache { type_version: self.u32(1)?, keys_version: self.u32(3)?, descr: u64::from_ne_bytes(descr) })
    }

    /// `LOAD_GLOBAL`.
    pub fn global(&self) -> Option<GlobalCache> {
        match *self.units {
            [_, module_keys_version, builtin_keys_version, index] => {
                Some(GlobalCache { index, module_keys_version, builtin_keys_version })
            }
            _ => None,
        }
    }

    /// `CALL`.
    pub fn call(&self) -> Option<CallCache> {
        self.u32(1).map(|func_version| CallCache { func_version })
    }

    /// `TO_BOOL_ALWAYS_TRUE`: the type's version.
    pub fn to_bool_version(&self) -> Option<u32> {
        self.u32(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views() {
        let units = [0x0123, 1, 2, 3, 4, 5, 6, 7, 8];
        let cache = Cache::new(&units);
        assert_eq!(cache.counter().map(|c| (c.value(), c.backoff())), Some((0x12, 3)));
        assert_eq!(cache.attr(), Some(AttrCache { version: 0x2_0001, index: 3 }));
        let method = cache.method().unwrap();
        assert_eq!(method.type_version, 0x2_0001);
        assert_eq!(method.keys_version, 0x4_0003);
        assert_eq!(method.dict_offset(), 3);
        assert_eq!(method.descr, 0x0008_0007_0006_0005);
        assert_eq!(Cache::new(&units[..4]).global().map(|g| g.index), Some(3));
        assert_eq!(Cache::new(&units[..3]).call().map(|c| c.func_version), Some(0x2_0001));
        assert_eq!(Cache::new(&units[..1]).call(), None);
        assert_eq!(BranchHistory(0x5557).taken(), 9);
    }
}
