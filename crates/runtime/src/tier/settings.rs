//! What the compiler was told.

/// Settings of a running compiler, complete and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Calls of a function before it is compiled.
    pub call_threshold: u32,
    /// Back-edges of a running loop before it is compiled and entered.
    pub loop_threshold: u32,
    /// Rounds of a loop in compiled code before it is optimized; 0 for never.
    pub optimize_threshold: u32,
    /// Whether the optimizing tier works on a thread of its own, while the program goes on.
    pub background: bool,
    /// Limit for machine code, in MiB.
    pub code_mb: u32,
    /// Whether small objects come from an allocator of ours. It is installed when the compiler is first switched on, and stays.
    pub allocator: bool,
    /// Whether to count what is only worth counting when somebody looks.
    pub stats: bool,
}

impl Settings {
    /// Compiles at the first call and enters loops at the first back-edge, everything on the spot.
    pub fn eager(mut self) -> Settings {
        self.call_threshold = 1;
        self.loop_threshold = 1;
        self.optimize_threshold = self.optimize_threshold.min(1);
        self.background = false;
        self
    }

    /// Whether code is left out that has never run. With the lowest thresholds nothing has.
    pub(super) fn leaves_out(&self) -> bool {
        self.call_threshold > 1 && self.loop_threshold > 1
    }

    /// Whether code that is compiled has never run, so that the interpreter is to specialise it. Not with the optimizing tier, which then takes loops over at
    /// their first round, and polls by itself.
    pub(super) fn warms_up(&self) -> bool {
        !self.leaves_out() && self.optimize_threshold == 0
    }

    /// How often a function of so many code units is called before it is compiled.
    pub(super) fn calls_to_compile(&self, units: usize) -> u32 {
        for_length(self.call_threshold, units)
    }

    /// How many rounds loops of so many code units (with what is around them) run before they are compiled.
    pub(super) fn rounds_to_compile(&self, units: usize) -> u32 {
        for_length(self.loop_threshold, units)
    }
}

/// What compiling costs goes with the length of the code, what it gains goes with how often the code runs: long code, of which a call or a round
/// runs but a part, has to run more often.
fn for_length(threshold: u32, units: usize) -> u32 {
    /// Code units that cost nothing extra.
    const SHORT: usize = 128;
    /// As many more need as many times again.
    const UNITS: u32 = 256;
    let long = units.saturating_sub(SHORT).min(u32::MAX as usize) as u32;
    threshold.saturating_add(threshold.saturating_sub(1).saturating_mul(long) / UNITS)
}
