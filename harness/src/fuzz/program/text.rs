//! Programs as text: a first line, the pool, and a line for each operation.

use super::operand::Operand;
use super::{MAX_OPS, Op, Program, Settings};
use std::fmt;
use std::str::FromStr;

/// The first line; its number is that of the text's own form.
const HEAD: &str = "sv2-program 1";

/// A text that is no program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ProgramTextError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        self.operands().iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\npool {}", self.settings.print())?;
        self.ops.iter().try_for_each(|op| writeln!(f, "{op}"))
    }
}

impl FromStr for Program {
    type Err = ProgramTextError;

    /// Reads what `Display` writes; blank lines and lines that begin with `#` may stand anywhere.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text.lines().enumerate().map(|(index, line)| (index.saturating_add(1), line.trim_end()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let error = |line, what: &str| ProgramTextError { line, what: what.to_owned() };
        let (line, head) = lines.next().unwrap_or((1, ""));
        if head != HEAD {
            return Err(error(line, &format!("a program begins with `{HEAD}`")));
        }
        let (line, pool) = lines.next().unwrap_or((line, ""));
        let settings = pool.strip_prefix("pool ").and_then(Settings::parse);
        let settings =
            settings.ok_or_else(|| error(line, "the pool's settings are expected: `pool batch=1`"))?;
        let ops = lines.map(|(line, text)| {
            op(text).ok_or_else(|| error(line, &format!("`{text}` is no operation with its operands")))
        });
        let ops: Vec<Op> = ops.collect::<Result<_, _>>()?;
        if ops.len() > MAX_OPS {
            return Err(error(line, &format!("more than {MAX_OPS} operations")));
        }
        Ok(Self { settings, ops })
    }
}

fn op(text: &str) -> Option<Op> {
    let mut words = text.split(' ');
    let word = words.next()?;
    let op =
        Op::parse(word, &mut |name| Some(words.next()?.strip_prefix(name)?.strip_prefix('=')?.to_owned()))?;
    words.next().is_none().then_some(op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_named() {
        let of = |text: &str| text.parse::<Program>().unwrap_err().to_string();
        assert_eq!(of(""), "line 1: a program begins with `sv2-program 1`");
        assert_eq!(of("sv2-program 1\n\n"), "line 1: the pool's settings are expected: `pool batch=1`");
        let text = "sv2-program 1\npool batch=2\n# so far so good\nconnect\nsetup client=0 flags=0\n";
        assert_eq!(of(text), "line 5: `setup client=0 flags=0` is no operation with its operands");
        assert!(of("sv2-program 1\npool batch=1\nconnect now").starts_with("line 3"));
        assert!(of("sv2-program 1\npool batch=9\n").starts_with("line 2"));
    }
}
