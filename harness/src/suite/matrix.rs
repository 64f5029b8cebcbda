//! `matrix` lines: one file, several scenarios.

use super::{Scenario, Source};
use crate::scenario::syntax::{Axis, Expr, ExprKind};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The value of one `matrix` line in one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Expr,
}

/// The scenarios of one file, in the order of the values; the last line varies the fastest.
pub(super) fn rows(path: &str, source: &Arc<Source>) -> Vec<Scenario> {
    let mut rows: Vec<Vec<Cell>> = vec![Vec::new()];
    for axis in &source.file.matrix {
        rows = rows.iter().flat_map(|row| extended(row, axis)).collect();
    }
    let scenario = |row: Vec<Cell>| Scenario { id: id(path, &row, source), source: Arc::clone(source), row };
    rows.into_iter().map(scenario).collect()
}

fn extended(row: &[Cell], axis: &Axis) -> impl Iterator<Item = Vec<Cell>> {
    axis.values.iter().map(|value| {
        let cell = Cell { name: axis.name.node.clone(), value: value.clone() };
        row.iter().cloned().chain([cell]).collect()
    })
}

fn id(path: &str, row: &[Cell], source: &Source) -> String {
    if row.is_empty() {
        return path.to_owned();
    }
    let cells = row.iter().map(|cell| format!("{}={}", cell.name, spelt(&cell.value, &source.text)));
    format!("{path}[{}]", cells.collect::<Vec<_>>().join(","))
}

/// Characters that a value may take in an id; more are cut, since ids are names of files too.
const MOST_SPELT: usize = 48;

/// A value as it stands in the file, without quotes and blanks, and with nothing that the name of a file must not have.
fn spelt(value: &Expr, text: &str) -> String {
    let written = text.get(value.span.start..value.span.end).unwrap_or_default();
    let blank = if matches!(value.kind, ExprKind::Text(_)) { "_" } else { "" };
    let joined = written.split_whitespace().collect::<Vec<_>>().join(blank);
    let is_kept = |letter: &char| letter.is_ascii_alphanumeric() || "_-+.,[]()&^".contains(*letter);
    let letters = joined.chars().filter(|letter| *letter != '"');
    let name: String = letters.map(|letter| if is_kept(&letter) { letter } else { '_' }).collect();
    if name.len() <= MOST_SPELT {
        return name;
    }
    let digest = hex::encode(Sha256::digest(written));
    format!("{}..{}", name.get(..16).unwrap_or_default(), digest.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    fn ids(header: &str) -> Vec<String> {
        let text = format!("sv2t 1\ntitle \"t\"\n{header}\nalive\n");
        let file = parse("t", &text).unwrap();
        let source = Arc::new(Source { name: "t".into(), path: None, text: text.as_str().into(), file });
        rows("a/b", &source).into_iter().map(|scenario| scenario.id).collect()
    }

    #[test]
    fn lines_multiply_and_values_stand_in_the_id() {
        assert_eq!(ids(""), ["a/b"]);
        assert_eq!(ids("matrix n in [0, 0xff]"), ["a/b[n=0]", "a/b[n=0xff]"]);
        let two = ids("matrix n in [1 + 1, \"two words\"]\nmatrix m in [true, none]");
        assert_eq!(
            two,
            ["a/b[n=1+1,m=true]", "a/b[n=1+1,m=none]", "a/b[n=two_words,m=true]", "a/b[n=two_words,m=none]"]
        );
    }

    #[test]
    fn an_id_is_the_name_of_a_file_on_every_system() {
        assert_eq!(ids("matrix s in [x\"00ff\", \"a/b:c\"]"), ["a/b[s=x00ff]", "a/b[s=a_b_c]"]);
        let long = ids(&format!("matrix s in [x\"{}\", x\"{}\"]", "f".repeat(510), "f".repeat(508)));
        assert!(
            long.iter().all(|id| id.len() < 64 && id.starts_with("a/b[s=xfffffffffffffff..")),
            "{long:?}"
        );
        assert_ne!(long[0], long[1]);
    }
}
