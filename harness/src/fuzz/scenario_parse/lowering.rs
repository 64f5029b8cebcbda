//! Scenarios as programs, and the way back.

use super::{LOWERING, Language};
use crate::fuzz::lower::{Lowered, normal};
use crate::fuzz::program::{MAX_CHANNELS, MAX_CLIENTS, MAX_OPS, Op, Program};
use crate::scenario::syntax::File;
use sv2_wire::fuzz::Finding;

/// Judges what a text is lowered to. Where the printer says that a program cannot be said in full, it need not come back.
pub(super) fn judge(language: &impl Language, file: &File, text: &str) -> Result<(), Finding> {
    let lowered = language.lower(file, text);
    judge_bounds(&lowered, text)?;
    let printed = language.print(&lowered.program);
    let again = match language.parse(&printed.text) {
        Ok(again) => again,
        Err(error) => return Err(LOWERING.found(format!("{error} in:\n{}", printed.text))),
    };
    let back = language.lower(&again, &printed.text);
    judge_bounds(&back, &printed.text)?;
    if !printed.unsaid.is_empty() {
        return Ok(());
    }
    let normal = normal(&lowered.program);
    if back.program != normal {
        return Err(
            LOWERING.found(format!("\n{normal}comes back as\n{}from\n{}", back.program, printed.text))
        );
    }
    match back.lost.first() {
        Some(lost) => Err(LOWERING.found(format!("{lost} is lost from\n{}", printed.text))),
        None => Ok(()),
    }
}

fn judge_bounds(lowered: &Lowered, text: &str) -> Result<(), Finding> {
    let Lowered { program, lost } = lowered;
    let count = |which: fn(&Op) -> bool| program.ops.iter().filter(|op| which(op)).count();
    let clients = count(|op| matches!(op, Op::Connect {}));
    let channels = count(|op| matches!(op, Op::OpenStandard { .. } | Op::OpenExtended { .. }));
    if program.ops.len() > MAX_OPS || clients > MAX_CLIENTS || channels > MAX_CHANNELS {
        return Err(LOWERING.found(format!("beyond the bounds of programs:\n{program}")));
    }
    if Program::from_bytes(&program.to_bytes()).as_ref() != Ok(program) {
        return Err(LOWERING.found(format!("no program of bytes:\n{program}")));
    }
    let lines = text.matches('\n').count().saturating_add(1);
    match lost.iter().find(|lost| !(1..=lines).contains(&lost.line)) {
        Some(lost) => Err(LOWERING.found(format!("{lost}, of {lines} lines"))),
        None => Ok(()),
    }
}
