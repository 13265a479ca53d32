//! Where the feedback cells are that the optimizing tier reads.

use super::Planner;
use whipsnake_cpython::opcode as op;

/// Feedback cells of some instructions: code unit and first word.
#[derive(Default)]
pub(crate) struct Cells {
    /// Those of the hot pieces, and in the end all.
    hot: Vec<(u32, u32)>,
    /// Those of the cold pieces, whose words come after those of the hot ones.
    cold: Vec<(u32, u32)>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.hot.clear();
        self.cold.clear();
    }

    /// Brings them in order, once it is known how many words the hot pieces have.
    pub(super) fn finish(&mut self, hot_words: u32) {
        if !self.cold.is_empty() {
            self.hot.extend(self.cold.iter().map(|&(unit, word)| (unit, hot_words + word)));
            self.hot.sort_unstable();
        }
    }

    /// All, in order of the code unit.
    pub fn all(&self) -> &[(u32, u32)] {
        &self.hot
    }
}

impl Planner<'_, '_> {
    /// Gives the next piece of an instruction a cell of so many words.
    pub(super) fn add_cell(&mut self, instr: u32, words: u8, hot: bool) {
        let plan = &mut *self.plan;
        let end = if hot { &mut plan.hot_feedback } else { &mut plan.cold_feedback };
        let word = *end;
        *end += u32::from(words);
        if !plan.optimizing {
            return;
        }
        let instr = &self.code.instrs()[instr as usize];
        let cells = match instr.base {
            op::LOAD_ATTR | op::STORE_ATTR => &mut plan.attribute_cells,
            op::JUMP_BACKWARD | op::RESUME => &mut plan.counting_cells,
            _ => return,
        };
        let list = if hot { &mut cells.hot } else { &mut cells.cold };
        list.push((instr.index, word));
    }
}
