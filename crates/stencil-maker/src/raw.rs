//! The input: machine code as a compiler left it, with relocations, and the operand values it was compiled with.

/// The result of one compilation of one operation with one set of [`Operands`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawCode {
    /// Machine code.
    pub bytes: Vec<u8>,
    /// Its relocations.
    pub relocs: Vec<RawReloc>,
}

/// One relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawReloc {
    /// Where, in bytes from the start of the code.
    pub offset: u32,
    /// How the address is written.
    pub kind: RelocKind,
    /// Whose address.
    pub symbol: Symbol,
    /// Added to the address.
    pub addend: i64,
}

/// How a relocation writes an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocKind {
    /// 64 bits, absolute.
    Abs8,
    /// 32 bits in an x86-64 call or jump, relative to the end of the field.
    X86CallPCRel4,
    /// 26 bits of words in an aarch64 `b` or `bl`.
    Arm64Call,
    /// Any other kind: refused.
    Other,
}

/// What a relocation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbol {
    /// A continuation or shared stub; [`NEXT`] is where the code goes on by falling through.
    Cont(u8),
    /// A function of the run time.
    Helper(u16),
    /// A 64-bit pointer operand.
    Pointer(u8),
    /// The 64-bit address of a named global of the process.
    Global(u16),
}

/// The number of the continuation `next`.
pub const NEXT: u8 = 0;

/// How many 32-bit operands a stencil can have.
pub const OPERANDS: usize = 16;

/// The values of the 32-bit operands (frame and field displacements, immediates) of one compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operands {
    /// By operand number.
    pub values: [i32; OPERANDS],
}

/// Magnitudes of magic values: too big for a short encoding, too small to overflow with an addend.
const MAGIC_LOW: u32 = 0x1000_0000;
const MAGIC_MASK: u32 = 0x2fff_ffff;

impl Operands {
    /// Positive values that differ in every bit that could matter, the same for the same seed.
    ///
    /// The lowest four bits count through all patterns over consecutive seeds, so that code which depends on the
    /// alignment or parity of an operand can't look like a constant by accident.
    pub fn magic(seed: u64) -> Operands {
        let mut random = Random::new(seed);
        let values = std::array::from_fn(|k| {
            let low = (seed as u32).wrapping_mul(7).wrapping_add(k as u32) & 15;
            ((random.next() & MAGIC_MASK & !15) | low | MAGIC_LOW) as i32
        });
        Operands { values }
    }

    /// The same with the operands in `mask` negative.
    pub fn negated(mut self, mask: u16) -> Operands {
        for (k, value) in self.values.iter_mut().enumerate() {
            if mask >> k & 1 == 1 {
                *value = -*value;
            }
        }
        self
    }
}

/// A small generator of deterministic values (SplitMix64).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(0x5851_f42d_4c95_7f2d))
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_are_deterministic_distinct_and_wide() {
        let a = Operands::magic(1);
        assert_eq!(a, Operands::magic(1));
        assert_ne!(a, Operands::magic(2));
        for (k, v) in a.values.iter().enumerate() {
            assert!(*v >= MAGIC_LOW as i32 && *v < 0x4000_0000);
            assert!(!a.values[..k].contains(v));
        }
        assert_eq!(a.negated(1).values[0], -a.values[0]);
        assert_eq!(a.negated(1).values[1], a.values[1]);
    }
}
