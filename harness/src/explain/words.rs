//! Labelled text in columns.

use std::fmt::Write;

/// Columns of a line.
const WIDTH: usize = 110;
/// Columns in front of the text.
const INDENT: usize = 11;

/// A page that grows item by item.
pub(super) struct Page(String);

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self(format!("{title}\n"))
    }

    /// A label and text, which is broken where a line is full.
    pub(super) fn item(&mut self, label: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "  {label:9}");
        let mut column = INDENT;
        for word in text.split_whitespace() {
            let width = word.chars().count();
            if column == INDENT {
                self.0.push_str(word);
            } else if column + 1 + width > WIDTH {
                let _ = write!(self.0, "\n{:INDENT$}{word}", "");
                column = INDENT;
            } else {
                let _ = write!(self.0, " {word}");
                column += 1;
            }
            column += width;
        }
        self.0.push('\n');
    }

    /// An item, unless there is no text.
    pub(super) fn some(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            self.item(label, text);
        }
    }

    /// The first few items under one label, and how many more there are.
    pub(super) fn list(&mut self, label: &str, items: &[String], shown: usize) {
        for (index, item) in items.iter().take(shown).enumerate() {
            self.item(if index == 0 { label } else { "" }, item);
        }
        if items.len() > shown {
            self.item("", &format!("and {} more", items.len() - shown));
        }
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_broken_and_indented() {
        let mut page = Page::new("t");
        page.item("label", &"word ".repeat(40));
        page.list("list", &["a".to_owned(), "b".to_owned(), "c".to_owned()], 2);
        page.some("none", "");
        page.item("wide", &format!("{0} {0} b", "x".repeat(WIDTH - INDENT)));
        let text = page.text();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.matches("word").count(), 40);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].starts_with("  label    word word") && lines[2].starts_with("           word"));
        let end = lines.len() - 3;
        assert_eq!(lines[end - 3..end], ["  list     a", "           b", "           and 1 more"]);
        assert_eq!(lines[end + 2], "           b");
    }
}
