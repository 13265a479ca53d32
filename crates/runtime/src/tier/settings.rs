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
}
