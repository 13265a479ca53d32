//! Whether a region is worth it.

/// What a region does, by the number of instructions. Those in inner loops count more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    instructions: u64,
    /// Calls that are neither inlined nor of C functions by their own convention.
    calls: u64,
    /// Those of them where no one of the last jumps has led.
    seldom: u64,
    /// Calls that are inlined.
    inlined: u64,
    /// Instructions after which the region looks whether anything has happened, since what they call may run Python code.
    escaping: u64,
    /// Inlined calls whose frames are in memory when they return, since something in them may have looked.
    pushed: u64,
    /// Generators that are resumed by a call.
    resumed: u64,
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

    /// Notes that a call in so many loops is where the last jumps have not led.
    pub(super) fn add_seldom(&mut self, depth: u32) {
        self.seldom += 1 << (3 * depth.min(8));
    }

    /// Notes an inlined call in so many loops.
    pub(super) fn add_inlined(&mut self, depth: u32) {
        self.inlined += 1 << (3 * depth.min(8));
    }

    /// Notes that an instruction in so many loops calls what may run Python code.
    pub(super) fn add_escaping(&mut self, depth: u32) {
        self.escaping += 1 << (3 * depth.min(8));
    }

    /// Notes that the frame of an inlined call in so many loops is pushed.
    pub(super) fn add_pushed(&mut self, depth: u32) {
        self.pushed += 1 << (3 * depth.min(8));
    }

    /// Notes that a generator is resumed by a call in so many loops.
    pub(super) fn add_resumed(&mut self, depth: u32) {
        self.resumed += 1 << (3 * depth.min(8));
    }

    /// A call from a region costs more than one from baseline code; what is gained on so many other instructions makes up for it. A function is entered
    /// for each call of it, a loop seldom.
    pub(super) fn is_too_high(self, function: bool) -> bool {
        if function {
            return !self.gains_more_than(ENTRY_COST);
        }
        (self.calls - self.seldom) * 14 > self.instructions
    }

    /// Whether a loop gains that is left in each round, in which an instruction counts for so much.
    pub(super) fn gains_in_one_round(self, weight: u64) -> bool {
        self.gains_more_than(ROUND_COST * weight)
    }

    fn gains_more_than(self, entered: u64) -> bool {
        let gain = INSTRUCTION_GAIN * self.instructions + INLINED_GAIN * self.inlined;
        let lost = INSTRUCTION_GAIN * self.escaping
            + WHOLE_COST * self.calls
            + PUSHED_COST * self.pushed
            + RESUMED_COST * self.resumed;
        entered + lost < gain
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
const WHOLE_COST: u64 = 60;
/// What it takes to push and pop the frame of an inlined call, with its locals.
const PUSHED_COST: u64 = 80;
/// What resuming a generator by a call costs over going to its code.
const RESUMED_COST: u64 = 60;
/// What is gained on an instruction that calls nothing which may run Python code.
const INSTRUCTION_GAIN: u64 = 5;
/// What is gained on a call that is inlined.
const INLINED_GAIN: u64 = 100;
