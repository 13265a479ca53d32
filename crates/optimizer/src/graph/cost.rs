//! Whether a region is worth it.

/// What a region does, by the number of instructions. Those in inner loops count more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    instructions: u64,
    /// Calls that are neither inlined nor of C functions by their own convention.
    calls: u64,
    /// Calls that are inlined.
    inlined: u64,
}

impl Cost {
    /// How much more what is in a loop counts.
    pub(super) const LOOP: u64 = 8;

    /// Notes an instruction in so many loops.
    pub(super) fn add(&mut self, depth: u32, call: bool) {
        let weight = 1 << (3 * depth.min(8));
        self.instructions += weight;
        self.calls += if call { weight } else { 0 };
    }

    /// Notes an inlined call in so many loops.
    pub(super) fn add_inlined(&mut self, depth: u32) {
        self.inlined += 1 << (3 * depth.min(8));
    }

    /// A call from a region costs more than one from baseline code; what is gained on so many other instructions makes up for it. A function is entered
    /// for each call of it, a loop seldom.
    pub(super) fn is_too_high(self, function: bool) -> bool {
        if function {
            let gain = INSTRUCTION_GAIN * self.instructions + INLINED_GAIN * self.inlined;
            return ENTRY_COST + WHOLE_COST * self.calls > gain;
        }
        self.calls * 14 > self.instructions
    }

    /// Whether a loop gains that is left in each round, in which an instruction counts for so much.
    pub(super) fn gains_in_one_round(self, weight: u64) -> bool {
        let gain = INSTRUCTION_GAIN * self.instructions + INLINED_GAIN * self.inlined;
        ROUND_COST * weight + WHOLE_COST * self.calls < gain
    }

    /// Whether another attempt, which may leave at fewer instructions, will hardly change that it is.
    pub(super) fn is_far_too_high(self, function: bool) -> bool {
        let more = Cost { instructions: self.instructions * 3 / 2, inlined: self.inlined * 3 / 2, ..self };
        more.is_too_high(function)
    }
}

/// What entering and leaving a function's region costs over baseline code, in machine instructions; as those that follow.
const ENTRY_COST: u64 = 30;
/// What entering a loop's region and leaving it with an item costs: locals are looked at, and those that hold other numbers now are stored.
const ROUND_COST: u64 = 25;
/// What a call from a region costs over one from baseline code.
const WHOLE_COST: u64 = 40;
/// What is gained on an instruction that is no call.
const INSTRUCTION_GAIN: u64 = 5;
/// What is gained on a call that is inlined.
const INLINED_GAIN: u64 = 90;
