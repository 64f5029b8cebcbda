//! The indented lines below a verb.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::{Line, Token};
use super::super::syntax::Span;
use super::cursor::Cursor;

/// Lines and the place for what is wrong with them.
pub(super) struct Body<'a> {
    pub(super) lines: &'a [Line],
    pub(super) errors: &'a mut Vec<ScenarioError>,
    /// The word that they stand below, for messages.
    pub(super) owner: &'a str,
}

impl<'a> Body<'a> {
    /// There must be no line.
    pub(super) fn none(self) {
        if let Some(line) = self.lines.first() {
            let error =
                ScenarioError::new(line.span, format!("nothing stands below `{}`", shown(self.owner)))
                    .help("a verb begins at the left margin");
            self.errors.push(error);
        }
    }

    /// Lines of items that are separated by commas. A line with an error gives the items before it.
    pub(super) fn items(self, mut item: impl FnMut(&mut Cursor<'a>) -> Result<(), ScenarioError>) {
        let level = self.lines.first().map_or(0, |line| line.indent);
        for line in self.lines {
            self.errors.extend(items_of_line(line, level, &mut item).err());
        }
    }

    /// Lines with deeper ones below each: `(line, its cursor, the lines below it)`.
    pub(super) fn nested(
        self,
        mut entry: impl FnMut(&Line, Cursor<'a>, Body<'_>) -> Result<(), ScenarioError>,
    ) {
        let level = self.lines.first().map_or(0, |line| line.indent);
        let mut lines = self.lines;
        while let Some((head, rest)) = lines.split_first() {
            let length = rest.iter().take_while(|line| line.indent > level).count();
            let (below, next) = rest.split_at(length);
            lines = next;
            let outcome = aligned(head, level).and_then(|cursor| {
                let body = Body { lines: below, errors: &mut *self.errors, owner: self.owner };
                entry(head, cursor, body)
            });
            self.errors.extend(outcome.err());
        }
    }

    /// From `head` to the last line.
    pub(super) fn span(&self, head: Span) -> Span {
        self.lines.last().map_or(head, |last| head.to(last.span))
    }
}

fn items_of_line<'a>(
    line: &'a Line,
    level: usize,
    item: &mut impl FnMut(&mut Cursor<'a>) -> Result<(), ScenarioError>,
) -> Result<(), ScenarioError> {
    let mut cursor = aligned(line, level)?;
    if let Some(Token::Mark("|")) = cursor.peek() {
        return Err(ScenarioError::new(cursor.here(), "an arm does not belong here")
            .help("arms stand below `expect reply to $x` and `expect one-of`"));
    }
    item(&mut cursor)?;
    while cursor.mark(",").is_some() {
        item(&mut cursor)?;
    }
    cursor.finish()
}

/// The tokens of a line that is indented as its neighbours are.
fn aligned(line: &Line, level: usize) -> Result<Cursor<'_>, ScenarioError> {
    let tokens = line.tokens.as_ref().map_err(Clone::clone)?;
    if line.indent == level {
        return Ok(Cursor::new(tokens, line.span));
    }
    let than = if line.indent > level { "more" } else { "less" };
    Err(ScenarioError::new(line.span, format!("indented {than} than the lines above"))
        .help(format!("lines of one block align; the first is indented by {level}")))
}
