//! Colour, for terminals only.

/// Whether text is coloured. A colour never carries meaning alone: the words say the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    is_coloured: bool,
}

impl Style {
    /// For a stream that is a terminal or is not; `NO_COLOR` (<https://no-color.org>) and `TERM=dumb` are respected.
    pub(super) fn of(is_terminal: bool) -> Self {
        let variable = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self::decide(is_terminal, variable("NO_COLOR").as_deref(), variable("TERM").as_deref())
    }

    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { is_coloured: false }
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn decide(is_terminal: bool, no_color: Option<&str>, term: Option<&str>) -> Self {
        let is_refused = no_color.is_some_and(|value| !value.is_empty()) || term == Some("dumb");
        Self { is_coloured: is_terminal && !is_refused }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_that_nobody_forbade_it_to() {
        let painted = |terminal, no_color, term| Style::decide(terminal, no_color, term).bad("x");
        assert_eq!(painted(true, None, Some("xterm")), "\x1b[1;31mx\x1b[0m");
        assert_eq!(painted(true, Some(""), None), "\x1b[1;31mx\x1b[0m");
        assert_eq!(painted(true, Some("1"), None), "x");
        assert_eq!(painted(true, None, Some("dumb")), "x");
        assert_eq!(painted(false, None, None), "x");
    }
}
