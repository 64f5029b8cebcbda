//! The canonical form of a file.
//!
//! Formatting is a list of [`Edit`]s, each of which replaces a range of bytes: blanks, or the spelling of one token.
//! What is not named by an edit, comments above all, stays byte for byte. The rules stand in `scenarios/README.md`.

mod spacing;

use super::diagnostic::ScenarioErrors;
use super::lexer::{self, Line};
use super::syntax::Span;
use spacing::{Placed, place};

/// Blanks in front of the lines below a verb.
const BODY: usize = 2;
/// Blanks in front of the lines below an arm: two more than its outcome has.
const BELOW_ARM: usize = 6;
/// Blanks in front of claims and of a comment at the end of a line, at least.
const APART: usize = 2;
/// A line whose text is wider than this takes no part in alignment.
const WIDEST: usize = 60;

/// A range of bytes and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// The canonical form of a file. `name` is what diagnostics call it.
///
/// # Errors
/// The file does not parse; only what can be read can be formatted.
pub fn format(name: &str, text: &str) -> Result<String, ScenarioErrors> {
    Ok(apply(text, &edits(name, text)?))
}

/// What turns a file into its canonical form: edits in the order of the text that do not overlap; none if it is canonical.
///
/// # Errors
/// As [`format()`].
pub fn edits(name: &str, text: &str) -> Result<Vec<Edit>, ScenarioErrors> {
    super::parse(name, text)?;
    let mut rows = rows(text);
    align_claims(&mut rows);
    align_comments(&mut rows);
    let mut all = Vec::new();
    let mut is_blank_wanted = false;
    let mut is_begun = false;
    for row in &rows {
        if matches!(row.kind, Kind::Blank) {
            all.push(Edit { span: row.whole, text: String::new() });
            is_blank_wanted = is_begun;
            continue;
        }
        let above = if is_blank_wanted { "\n" } else { "" };
        is_blank_wanted = false;
        is_begun = true;
        row.edits(text, above, &mut all);
    }
    Ok(merged(text, all))
}

/// Carries out edits that are in order and do not overlap.
#[must_use]
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        result.push_str(text.get(at..edit.span.start).unwrap_or_default());
        result.push_str(&edit.text);
        at = edit.span.end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

/// One line of the text as it is.
struct Row {
    /// With its line ending.
    whole: Span,
    kind: Kind,
}

enum Kind {
    Blank,
    Comment { comment: Span, indent: usize },
    Code(Code),
}

struct Code {
    indent: usize,
    tokens: Vec<Placed>,
    /// The token with which the claims begin.
    claims: Option<usize>,
    comment: Option<Comment>,
    /// Which block of the file it is in: a verb and the lines below it.
    block: usize,
}

struct Comment {
    span: Span,
    gap: usize,
}

impl Code {
    /// Characters in front of the token of this index, its own gap left out.
    fn width(&self, upto: usize) -> usize {
        self.tokens
            .iter()
            .take(upto)
            .fold(self.indent, |width, token| width + token.gap + token.text.chars().count())
    }
}

impl Row {
    fn edits(&self, text: &str, above: &str, into: &mut Vec<Edit>) {
        let mut at = self.whole.start;
        let mut put = |from: usize, to: usize, text: String| {
            into.push(Edit { span: Span { start: from, end: to }, text });
        };
        match &self.kind {
            Kind::Blank => {}
            Kind::Comment { comment, indent } => {
                put(at, comment.start, format!("{above}{}", " ".repeat(*indent)));
                at = trimmed(text, *comment).end;
            }
            Kind::Code(code) => {
                let mut before = format!("{above}{}", " ".repeat(code.indent));
                for token in &code.tokens {
                    before.push_str(&" ".repeat(token.gap));
                    put(at, token.span.start, std::mem::take(&mut before));
                    put(token.span.start, token.span.end, token.text.clone());
                    at = token.span.end;
                }
                if let Some(comment) = &code.comment {
                    put(at, comment.span.start, " ".repeat(comment.gap));
                    at = trimmed(text, comment.span).end;
                }
            }
        }
        put(at, self.whole.end, "\n".to_owned());
    }
}

/// A comment without the blanks at its end.
fn trimmed(text: &str, span: Span) -> Span {
    let comment = text.get(span.start..span.end).unwrap_or_default();
    Span { start: span.start, end: span.start + comment.trim_end().len() }
}

fn rows(text: &str) -> Vec<Row> {
    let lines = lexer::lines(text);
    let levels = levels(&lines);
    let mut code = lines.iter().zip(levels).peekable();
    let (mut rows, mut at, mut block, mut last_indent) = (Vec::new(), 0, 0, 0);
    for physical in text.split_inclusive('\n') {
        let whole = Span { start: at, end: at + physical.len() };
        at = whole.end;
        let body = physical.trim_start_matches(['\u{feff}', ' ', '\t']);
        let start = whole.end - body.len();
        let end = whole.start + physical.trim_end_matches(['\n', '\r']).len();
        let next = code.peek().map_or(0, |(_, indent)| *indent);
        let kind = if let Some((line, indent)) = code.next_if(|(line, _)| line.span.start < whole.end) {
            block += usize::from(indent == 0);
            last_indent = indent;
            Kind::Code(code_row(text, line, indent, block, end))
        } else if body.starts_with('#') {
            let is_indented = physical.starts_with([' ', '\t']);
            let indent = if next > 0 { next } else { last_indent };
            Kind::Comment { comment: Span { start, end }, indent: if is_indented { indent } else { 0 } }
        } else {
            Kind::Blank
        };
        rows.push(Row { whole, kind });
    }
    rows
}

fn code_row(text: &str, line: &Line, indent: usize, block: usize, end: usize) -> Code {
    let tokens = place(text, line.tokens.as_deref().unwrap_or_default());
    let claims = tokens.iter().position(|token| matches!(token.text.as_str(), "checks" | "lenient" | "info"));
    let behind = text.get(line.span.end..end).unwrap_or_default();
    let comment =
        behind.find('#').map(|at| Comment { span: Span { start: line.span.end + at, end }, gap: APART });
    Code { indent, tokens, claims: claims.filter(|at| *at > 0), comment, block }
}

/// The canonical indentation of each line of code.
fn levels(lines: &[Line]) -> Vec<usize> {
    let mut first = None;
    let level = |line: &Line| {
        if line.indent == 0 {
            first = None;
            return 0;
        }
        if line.indent > *first.get_or_insert(line.indent) { BELOW_ARM } else { BODY }
    };
    lines.iter().map(level).collect()
}

/// Claims of one block begin in one column, as far as its lines are not too wide.
fn align_claims(rows: &mut [Row]) {
    let mut columns: Vec<usize> = Vec::new();
    let front = |code: &Code| code.claims.map(|at| (at, code.width(at)));
    for row in rows.iter() {
        let Kind::Code(code) = &row.kind else { continue };
        columns.resize(columns.len().max(code.block + 1), 0);
        if let (Some((_, width)), Some(column)) = (front(code), columns.get_mut(code.block))
            && width <= WIDEST
        {
            *column = (*column).max(width + APART);
        }
    }
    for row in rows {
        let Kind::Code(code) = &mut row.kind else { continue };
        let Some((at, width)) = front(code) else { continue };
        let column = columns.get(code.block).copied().unwrap_or_default();
        if let Some(token) = code.tokens.get_mut(at) {
            token.gap = column.saturating_sub(width).max(APART);
        }
    }
}

/// Comments at the ends of lines that follow each other begin in one column, as far as the lines are not too wide.
fn align_comments(rows: &mut [Row]) {
    let width = |row: &Row| match &row.kind {
        Kind::Code(code) if code.comment.is_some() => Some(code.width(code.tokens.len())),
        _ => None,
    };
    for group in rows.chunk_by_mut(|one, other| width(one).is_some() && width(other).is_some()) {
        let widest =
            group.iter().filter_map(width).filter(|width| *width <= WIDEST).max().unwrap_or_default();
        for row in group {
            let wide = width(row).unwrap_or_default();
            if let Kind::Code(Code { comment: Some(comment), .. }) = &mut row.kind {
                comment.gap = widest.saturating_sub(wide) + APART;
            }
        }
    }
}

/// Leaves out what changes nothing, and joins what touches.
fn merged(text: &str, edits: Vec<Edit>) -> Vec<Edit> {
    let mut merged: Vec<Edit> = Vec::new();
    for edit in edits {
        if text.get(edit.span.start..edit.span.end) == Some(edit.text.as_str()) {
            continue;
        }
        match merged.last_mut().filter(|last| last.span.end == edit.span.start) {
            Some(last) => {
                last.span.end = edit.span.end;
                last.text.push_str(&edit.text);
            }
            None => merged.push(edit),
        }
    }
    // What was taken away and put back elsewhere may cancel out.
    merged.retain(|edit| text.get(edit.span.start..edit.span.end) != Some(edit.text.as_str()));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(steps: &str) -> String {
        let text = format("t", &format!("sv2t 1\ntitle \"t\"\n{steps}")).unwrap();
        text.strip_prefix("sv2t 1\ntitle \"t\"\n").unwrap().to_owned()
    }

    #[test]
    fn blanks_and_spelling_become_canonical() {
        let given =
            "\n\n\nsend   A.B->$c   # note  \n    x=$c.d[ 0 ]++x\"00  FF\" ,y=[1,0xAB ,]\n  \n\n\n# end\n\n";
        let wanted = "\nsend A.B -> $c  # note\n  x = $c.d[0] ++ x\"00 ff\", y = [1, 0xab]\n\n# end\n";
        assert_eq!(formatted(given), wanted);
        assert_eq!(formatted("A :setup( a :- 1.0 , b:(1|2)&3,)\r\n"), "A: setup(a: -1.0, b: (1 | 2) & 3)\n");
        assert_eq!(
            formatted("assert \"\\x0A\\\\xAB#\" in len (x\"\")  ..  1E6"),
            "assert \"\\x0a\\\\xAB#\" in len(x\"\")..1e6\n"
        );
    }

    #[test]
    fn claims_and_comments_align_within_their_step() {
        let given = "expect reply to $x checks SV2-05-112\n | A.Error\n  # why\n   code ~ @stale lenient AMB-1 # one\n   a == 1 # two\n | close  info AMB-2\nalive checks ROB-01";
        let wanted = "expect reply to $x           checks SV2-05-112\n  | A.Error\n      # why\n      code ~ @stale          lenient AMB-1  # one\n      a == 1                                # two\n  | close                    info AMB-2\nalive  checks ROB-01\n";
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let found = formatted(given);
        let column = |line: &str, word: &str| line.find(word);
        let found_lines = lines(&found);
        assert_eq!(lines(wanted).len(), found_lines.len(), "{found}");
        let checks = column(&found_lines[0], "checks");
        assert_eq!(column(&found_lines[3], "lenient"), checks, "{found}");
        assert_eq!(column(&found_lines[5], "info"), checks, "{found}");
        assert_eq!(column(&found_lines[3], "#"), column(&found_lines[4], "#"), "{found}");
        assert_eq!(found_lines[2], "      # why");
        assert_eq!(found_lines[6], "alive  checks ROB-01");
        assert_eq!(formatted(&found), found);
    }

    #[test]
    fn a_canonical_file_needs_no_edit_and_others_only_what_differs() {
        let text = "sv2t 1\ntitle \"t\"\n\nalive  # é\n";
        assert_eq!(edits("t", text).unwrap(), []);
        let edits = edits("t", "sv2t 1\ntitle  \"t\"\n# c\nalive").unwrap();
        assert_eq!(edits.len(), 2, "{edits:?}");
        assert!(format("t", "conect").is_err());
    }
}
