//! The gates of regions: machine code that calls of a function go to in place of the baseline code's first instruction, and jumps back in place of a loop's header.
//!
//! A function's gate looks whether the region can run, and else goes on to the baseline code, where nothing has happened yet. A jump back has just looked; but
//! a region that would leave because somebody has the frame is not for an activation of which that is so.

use crate::native::trampoline::VALUE;
use whipsnake_cpython::layout::{frame, thread_state};
use whipsnake_ir::abi::{ACTIVATION_THREAD_STATE, compiled};

/// Room for a gate.
pub(super) const BYTES: usize = 160;

/// Levels of Python recursion that must be left: calls that the region inlines don't look.
const LEVELS: i32 = 16;

/// What must be left of the C recursion: calls from regions to functions that are not inlined use the C stack. The rest of the way down is the baseline tier's.
const C_LEVELS: i32 = thread_state::C_RECURSION_LIMIT / 100 * 97;

/// What a gate has to know.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gate {
    /// That of a loop.
    Loop {
        /// Where the loop starts in the baseline tier, if the region is only for frames that nobody has got hold of.
        baseline_if_seen: Option<u64>,
    },
    /// That of a function.
    Function {
        /// The address of the compiled code's data.
        code_data: u64,
        /// Where the function starts in the baseline tier.
        baseline: u64,
    },
}

impl Gate {
    /// The machine code, for a region at `region`; the 32-bit word at `entered` counts.
    pub fn code(&self, region: u64, entered: u64) -> Vec<u8> {
        let mut code = Assembler::default();
        // mov rdi, [rsp + thread state]
        code.bytes(&[0x48, 0x8b, 0x7c, 0x24, ACTIVATION_THREAD_STATE as u8]);
        let (code_data, baseline) = match *self {
            Gate::Function { code_data, baseline } => (code_data, baseline),
            Gate::Loop { baseline_if_seen } => {
                code.looped(region, baseline_if_seen);
                return code.code;
            }
        };
        code.load_rax(code_data);
        // mov rcx, [rax + valid version]
        code.bytes(&[0x48, 0x8b, 0x48, compiled::VALID_VERSION as u8]);
        // cmp rcx, [rdi + eval breaker]
        code.bytes(&[0x48, 0x3b, 0x8f]).word(thread_state::EVAL_BREAKER);
        // jne, jle: to the baseline code
        code.bytes(&[0x0f, 0x85]).lead_to_baseline();
        for (counter, limit) in
            [(thread_state::PY_RECURSION_REMAINING, LEVELS), (thread_state::C_RECURSION_REMAINING, C_LEVELS)]
        {
            // cmp dword [rdi + counter], limit
            code.bytes(&[0x81, 0xbf]).word(counter).word(limit);
            code.bytes(&[0x0f, 0x8e]).lead_to_baseline();
        }
        code.load_rax(entered);
        // add dword [rax], 1
        code.bytes(&[0x83, 0x00, 0x01]);
        code.call(region);
        // mov rdi, [rsp + value]; jmp rax
        code.bytes(&[0x48, 0x8b, 0x7c, 0x24, VALUE as u8]).bytes(&[0xff, 0xe0]);
        code.resolve();
        code.load_rax(baseline);
        // jmp rax
        code.bytes(&[0xff, 0xe0]);
        assert!(code.code.len() <= BYTES);
        code.code
    }
}

#[derive(Default)]
struct Assembler {
    code: Vec<u8>,
    jumps: Vec<usize>,
}

impl Assembler {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.code.extend_from_slice(bytes);
        self
    }

    fn word(&mut self, word: i32) -> &mut Self {
        self.bytes(&word.to_le_bytes())
    }

    /// mov rax, value
    fn load_rax(&mut self, value: u64) {
        self.bytes(&[0x48, 0xb8]).bytes(&value.to_le_bytes());
    }

    /// Calls the region, which says where to go on in `rax`, with which frame.
    fn call(&mut self, region: u64) {
        // mov rsi, r15; mov rdx, rsp
        self.bytes(&[0x4c, 0x89, 0xfe]).bytes(&[0x48, 0x89, 0xe2]);
        self.load_rax(region);
        // call rax; mov r15, rdx
        self.bytes(&[0xff, 0xd0]).bytes(&[0x49, 0x89, 0xd7]);
    }

    /// The gate of a loop.
    fn looped(&mut self, region: u64, baseline_if_seen: Option<u64>) {
        if baseline_if_seen.is_some() {
            // cmp qword [r15 + frame object], 0; jne
            self.bytes(&[0x49, 0x83, 0x7f, frame::FRAME_OBJ as u8, 0]);
            self.bytes(&[0x0f, 0x85]).lead_to_baseline();
        }
        self.call(region);
        // jmp rax
        self.bytes(&[0xff, 0xe0]);
        if let Some(baseline) = baseline_if_seen {
            self.resolve();
            self.load_rax(baseline);
            self.bytes(&[0xff, 0xe0]);
        }
    }

    /// The distance of a jump to the baseline code.
    fn lead_to_baseline(&mut self) {
        self.jumps.push(self.code.len());
        self.word(0);
    }

    /// The jumps lead here.
    fn resolve(&mut self) {
        for at in std::mem::take(&mut self.jumps) {
            let distance = (self.code.len() - at - 4) as i32;
            self.code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_fits_and_its_jumps_lead_to_the_baseline_code() {
        let code = Gate::Function { code_data: 0x1111, baseline: 0x2222 }.code(0x3333, 0x4444);
        assert!(code.len() <= BYTES);
        let instructions: Vec<_> = iced_x86::Decoder::new(64, &code, iced_x86::DecoderOptions::NONE).iter().collect();
        assert!(instructions.iter().all(|instruction| !instruction.is_invalid()), "{instructions:?}");
        let [.., baseline, jump] = instructions.as_slice() else { panic!("too short") };
        assert_eq!((baseline.immediate(1), jump.mnemonic()), (0x2222, iced_x86::Mnemonic::Jmp));
        let target = baseline.ip() as usize;
        for jump in [0x85, 0x8e] {
            let at = code.windows(2).position(|pair| pair == [0x0f, jump]).expect("there is such a jump");
            let distance = i32::from_le_bytes(code[at + 2..at + 6].try_into().unwrap());
            assert_eq!(at + 6 + distance as usize, target);
        }
    }

    #[test]
    fn a_loops_gate_calls_the_region_and_goes_where_that_says() {
        let code = Gate::Loop { baseline_if_seen: None }.code(0x3333, 0x4444);
        let instructions: Vec<_> = iced_x86::Decoder::new(64, &code, iced_x86::DecoderOptions::NONE).iter().collect();
        assert!(instructions.iter().all(|instruction| !instruction.is_invalid()), "{instructions:?}");
        let [.., region, call, _, jump] = instructions.as_slice() else { panic!("too short") };
        assert_eq!((region.immediate(1), call.mnemonic()), (0x3333, iced_x86::Mnemonic::Call));
        assert_eq!(jump.mnemonic(), iced_x86::Mnemonic::Jmp);
    }
    #[test]
    fn a_loops_gate_goes_on_to_the_baseline_code_where_somebody_has_the_frame() {
        let code = Gate::Loop { baseline_if_seen: Some(0x5555) }.code(0x3333, 0x4444);
        assert!(code.len() <= BYTES);
        let instructions: Vec<_> = iced_x86::Decoder::new(64, &code, iced_x86::DecoderOptions::NONE).iter().collect();
        assert!(instructions.iter().all(|instruction| !instruction.is_invalid()), "{instructions:?}");
        let [.., baseline, jump] = instructions.as_slice() else { panic!("too short") };
        assert_eq!((baseline.immediate(1), jump.mnemonic()), (0x5555, iced_x86::Mnemonic::Jmp));
        let seen = instructions.iter().find(|i| i.mnemonic() == iced_x86::Mnemonic::Jne).expect("there is such a jump");
        assert_eq!(seen.near_branch_target(), baseline.ip());
    }
}
