//! `scenario_parse`: any text is a scenario or an error at a place of the text, formatting changes no meaning, and lowering makes
//! a program that can be printed and lowered again.

mod lowering;

use super::as_scenario::{Printed, as_scenario};
use super::lower::{Fragments, Lowered, lower};
use super::program::Program;
use crate::scenario::check::{Vocabulary, check};
use crate::scenario::diagnostic::{ScenarioError, ScenarioErrors};
use crate::scenario::lint::{Lint, lint};
use crate::scenario::syntax::{File, Span};
use crate::scenario::{format, parse};
use crate::suite::{Suite, embedded_ledger, load_embedded};
use crate::vocabulary::Words;
use miette::{GraphicalReportHandler, GraphicalTheme};
use std::sync::LazyLock;
use sv2_wire::fuzz::{Finding, Oracle, Random, Seed, Target, mutate_bytes};

/// The target.
pub const TARGET: Target = Target {
    name: "scenario_parse",
    about: "any text is a scenario or an error at a place of it, formatting changes no meaning, and a program that it is lowered to comes back",
    format: 1,
    max_len: 4096,
    oracles: &[PLACE, DEPTH, FORMATS, CANONICAL, SAME_TREE, COMMENTS, SIZE, LOWERING],
    run: |data| judge(&Ours, &String::from_utf8_lossy(data)),
    mutate,
    seeds,
};

/// Where errors are.
pub const PLACE: Oracle = Oracle {
    name: "place",
    about: "each error and remark is about a place of the text, between whole characters",
    clauses: &[],
};
/// How deep a text may be.
pub const DEPTH: Oracle = Oracle {
    name: "depth",
    about: "a text that parses opens a bounded number of brackets at once",
    clauses: &[],
};
/// What parses can be formatted.
pub const FORMATS: Oracle =
    Oracle { name: "formats", about: "a text has a canonical form if and only if it parses", clauses: &[] };
/// The canonical form is one.
pub const CANONICAL: Oracle =
    Oracle { name: "canonical", about: "the canonical form is that of itself", clauses: &[] };
/// Formatting changes no meaning.
pub const SAME_TREE: Oracle =
    Oracle { name: "same-tree", about: "the canonical form means what the text means", clauses: &[] };
/// Formatting loses no comment.
pub const COMMENTS: Oracle =
    Oracle { name: "comments", about: "the canonical form has the comments of the text", clauses: &[] };
/// Formatting makes no text long.
pub const SIZE: Oracle = Oracle {
    name: "size",
    about: "the canonical form grows by some blanks for each line at most",
    clauses: &[],
};

/// Scenarios are programs.
pub const LOWERING: Oracle = Oracle {
    name: "lowering",
    about: "what parses is lowered to a program within the bounds, whose scenario is lowered to its normal form",
    clauses: &[],
};

/// Brackets that an accepted text may have open at once: some more than expressions may be deep.
const MOST_OPEN: usize = 100;

/// Bytes that formatting may add to a line: blanks in front of claims and comments.
const MOST_ADDED: usize = 200;

/// What is judged.
pub trait Language {
    /// Text to tree.
    ///
    /// # Errors
    /// It is no scenario.
    fn parse(&self, text: &str) -> Result<File, ScenarioErrors> {
        parse("input", text)
    }

    /// The canonical form.
    ///
    /// # Errors
    /// It is no scenario.
    fn format(&self, text: &str) -> Result<String, ScenarioErrors> {
        format::format("input", text)
    }

    /// What is wrong with a file whose text parses.
    fn check(&self, file: &File) -> Vec<ScenarioError> {
        SUITE.as_ref().map_or_else(Vec::new, |suite| check(file, &words(suite)))
    }

    /// What is remarked about it.
    fn lint(&self, file: &File, text: &str) -> Vec<Lint> {
        lint(file, text)
    }

    /// The program of a scenario, by the fragments of the suite.
    fn lower(&self, file: &File, text: &str) -> Lowered {
        let none = Fragments::new();
        lower(file, text, &[], SUITE.as_ref().map_or(&none, |(_, suite)| &suite.fragments))
    }

    /// The scenario of a program.
    fn print(&self, program: &Program) -> Printed {
        as_scenario(program, "A program")
    }
}

/// The language as it is.
#[derive(Clone, Copy, Debug)]
pub struct Ours;

impl Language for Ours {}

type Embedded = (crate::ledger::Ledger, Suite);

/// Ledger and suite of the program, for the words that there are.
pub(super) static SUITE: LazyLock<Option<Embedded>> = LazyLock::new(|| {
    let ledger = embedded_ledger().ok()?;
    let suite = load_embedded(&ledger).ok()?;
    Some((ledger, suite))
});

fn words((ledger, suite): &Embedded) -> impl Vocabulary + '_ {
    Words::new(ledger, &suite.fragments)
}

/// Judges one text.
///
/// # Errors
/// What the first oracle found.
pub fn judge(language: &impl Language, text: &str) -> Result<(), Finding> {
    let formatted = language.format(text);
    let file = match language.parse(text) {
        Ok(file) => file,
        Err(errors) => {
            judge_places(text, errors.errors())?;
            shown(&errors);
            return match formatted {
                Ok(_) => Err(FORMATS.found("a text that does not parse has a canonical form")),
                Err(_) => Ok(()),
            };
        }
    };
    let depth = deepest(text);
    if depth > MOST_OPEN {
        return Err(DEPTH.found(format!("{depth} brackets are open at once")));
    }
    let problems = language.check(&file);
    judge_places(text, &problems)?;
    for remark in language.lint(&file, text) {
        judge_place(text, remark.span, &remark.message)?;
    }
    let once = formatted.map_err(|error| FORMATS.found(format!("{error}, though the text parses")))?;
    let lines = text.lines().count().saturating_add(1);
    if once.len() > text.len().saturating_mul(2).saturating_add(lines.saturating_mul(MOST_ADDED)) {
        return Err(SIZE.found(format!("{} bytes become {}", text.len(), once.len())));
    }
    let again = language.parse(&once).map_err(|error| SAME_TREE.found(format!("{error} in:\n{once}")))?;
    if tree(&again) != tree(&file) {
        return Err(SAME_TREE.found(format!("the tree is another one in:\n{once}")));
    }
    if comments(text) != comments(&once) {
        return Err(COMMENTS.found(format!("{:?} become {:?}", comments(text), comments(&once))));
    }
    match language.format(&once) {
        Ok(twice) if twice == once => lowering::judge(language, &file, text),
        Ok(twice) => Err(CANONICAL.found(format!("the canonical form\n{once}becomes\n{twice}"))),
        Err(error) => Err(CANONICAL.found(format!("{error} in:\n{once}"))),
    }
}

/// An error is printed whatever it is about.
fn shown(errors: &ScenarioErrors) -> String {
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    _ = handler.render_report(&mut out, errors);
    out
}

fn judge_places(text: &str, errors: &[ScenarioError]) -> Result<(), Finding> {
    let places = errors.iter().flat_map(|error| error.labels.iter().map(|(span, _)| (*span, &error.message)));
    places.into_iter().try_for_each(|(span, message)| judge_place(text, span, message))
}

fn judge_place(text: &str, span: Span, message: &str) -> Result<(), Finding> {
    match text.get(span.start..span.end) {
        Some(_) => Ok(()),
        None => Err(PLACE.found(format!("`{message}` is at {span:?} of {} bytes", text.len()))),
    }
}

/// Brackets that are open at once on a line, at most; those in quotes and comments do not count.
fn deepest(text: &str) -> usize {
    let of_line = |line: &str| {
        let (mut open, mut most, mut is_quoted, mut is_escaped) = (0_usize, 0, false, false);
        for character in line.chars() {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                '#' if !is_quoted => break,
                '(' | '[' if !is_quoted => open = open.saturating_add(1),
                ')' | ']' if !is_quoted => open = open.saturating_sub(1),
                _ => {}
            }
            most = most.max(open);
        }
        most
    };
    text.lines().map(of_line).max().unwrap_or_default()
}

/// The tree, without the places where its nodes stand.
fn tree(file: &File) -> String {
    let shown = format!("{file:?}");
    let mut pieces = shown.split("Span { start: ");
    let mut tree = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        tree.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    tree
}

/// What stands behind the first `#` outside of quotes on each line, and the blanks in front of it do not count.
fn comments(text: &str) -> Vec<&str> {
    let of_line = |line: &'_ str| {
        let (mut is_quoted, mut is_escaped) = (false, false);
        line.char_indices().find_map(|(at, character)| match character {
            _ if is_escaped => {
                is_escaped = false;
                None
            }
            '\\' if is_quoted => {
                is_escaped = true;
                None
            }
            '"' => {
                is_quoted = !is_quoted;
                None
            }
            '#' if !is_quoted => Some(at),
            _ => None,
        })
    };
    let comment = |line| of_line(line).and_then(|at| str::get(line, at..)).map(str::trim_end);
    text.lines().filter_map(comment).collect()
}

/// Pieces of the language at which something happens.
const PIECES: &[&str] = &[
    "",
    " ",
    "  ",
    "\n",
    "\n\n\n",
    "\t",
    " # note\n",
    "\r\n",
    ",",
    "[0]",
    "[",
    "]",
    "(",
    ")",
    "((((((((",
    "[[[[[[[[",
    "A: ",
    "-",
    "\"",
    "\\",
    "\\xff",
    "x\"",
    "$",
    "$a",
    "->",
    "==",
    "|",
    "0x",
    "0xffffffffffffffffffffffffffffffff",
    "1e999",
    "nan",
    "365d",
    "9999999999999999999999",
    "..",
    "é",
    "\u{0}",
    "title",
    "matrix",
    "expect",
    "reply to",
    "checks SV2-05-001",
    "lenient AMB-1",
    "unless",
    "repeat(x\"00\", 99999999)",
    "numbers(0, 99999999)",
    "repeat 10000 setup()",
    "pool(",
];

/// Changes a text: a piece of the language anywhere, a line less, twice or of another text; else any bytes.
fn mutate(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    if random.one_in(6) {
        mutate_bytes(data, random, max_len);
        return;
    }
    let text = String::from_utf8_lossy(data).into_owned();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let at = random.below(lines.len());
    match random.below(5) {
        0 if lines.len() > 1 => _ = lines.remove(at),
        1 => {
            let again = lines.get(at).cloned().unwrap_or_default();
            lines.insert(random.below(lines.len()), again);
        }
        2 => {
            let other = random.pick(&SAMPLES).map_or("", |(_, text)| text);
            let others: Vec<&str> = other.split('\n').collect();
            let line = random.pick(&others).copied().unwrap_or_default();
            lines.insert(at, line.to_owned());
        }
        _ => {
            let line = lines.get(at).cloned().unwrap_or_default();
            let places: Vec<usize> =
                line.char_indices().map(|(place, _)| place).chain([line.len()]).collect();
            let (from, to) = (random.below(places.len()), random.below(4));
            let start = places.get(from).copied().unwrap_or_default();
            let end = places.get(from.saturating_add(to)).copied().unwrap_or(start);
            let piece = random.pick(PIECES).copied().unwrap_or_default();
            let (head, tail) = (line.get(..start).unwrap_or_default(), line.get(end..).unwrap_or_default());
            let changed = format!("{head}{piece}{tail}");
            if let Some(line) = lines.get_mut(at) {
                *line = changed;
            }
        }
    }
    *data = lines.join("\n").into_bytes();
    data.truncate(max_len);
}

/// Short scenarios and fragments of the suite, a few of each folder.
static SAMPLES: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    const LONGEST: usize = 1500;
    const OF_FOLDER: usize = 2;
    let mut samples: Vec<(String, &'static str)> = Vec::new();
    let Some((_, suite)) = SUITE.as_ref() else { return samples };
    let (mut folder, mut taken) = ("", 0_usize);
    let scenarios = suite.scenarios.iter().map(|scenario| &scenario.source);
    let mut sources: Vec<(&str, &str)> =
        scenarios.chain(suite.fragments.values()).map(|source| (&*source.name, &*source.text)).collect();
    sources.sort_unstable();
    sources.dedup();
    for (name, text) in sources.into_iter().filter(|(_, text)| text.len() < LONGEST) {
        let of = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        taken = if of == folder { taken.saturating_add(1) } else { 1 };
        folder = of;
        if taken <= OF_FOLDER {
            samples.push((name.trim_end_matches(".sv2t").replace('/', "-"), text));
        }
    }
    samples
});

fn seeds() -> Vec<Seed> {
    SAMPLES.iter().map(|(name, text)| Seed::new(name, text.as_bytes().to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::program::{MAX_OPS, Op};
    use super::*;

    const TEXT: &str = "sv2t 1\ntitle \"A\"   # why\n\n\nconnect\nsetup( )\nassert 1 == 1\n";

    type Read<T> = fn(&str) -> Result<T, ScenarioErrors>;

    /// The language with one thing wrong.
    #[derive(Default)]
    struct Bent {
        parse: Option<Read<File>>,
        format: Option<Read<String>>,
        check: Option<fn(&File) -> Vec<ScenarioError>>,
        lower: Option<fn(Lowered) -> Lowered>,
        print: Option<fn(Printed) -> Printed>,
    }

    impl Language for Bent {
        fn parse(&self, text: &str) -> Result<File, ScenarioErrors> {
            self.parse.map_or_else(|| Ours.parse(text), |bent| bent(text))
        }

        fn format(&self, text: &str) -> Result<String, ScenarioErrors> {
            self.format.map_or_else(|| Ours.format(text), |bent| bent(text))
        }

        fn check(&self, file: &File) -> Vec<ScenarioError> {
            self.check.map_or_else(|| Ours.check(file), |bent| bent(file))
        }

        fn lower(&self, file: &File, text: &str) -> Lowered {
            let lowered = Ours.lower(file, text);
            match self.lower {
                Some(bent) => bent(lowered),
                None => lowered,
            }
        }

        fn print(&self, program: &Program) -> Printed {
            let printed = Ours.print(program);
            match self.print {
                Some(bent) => bent(printed),
                None => printed,
            }
        }
    }

    /// Each set-up asks for one flag more than the scenario does.
    fn other_flags(mut lowered: Lowered) -> Lowered {
        for op in &mut lowered.program.ops {
            if let Op::Setup { flags, .. } = op {
                *flags = flags.wrapping_add(1);
            }
        }
        lowered
    }

    fn without_end(mut lowered: Lowered) -> Lowered {
        lowered.program.ops.pop();
        lowered
    }

    fn beyond_bounds(mut lowered: Lowered) -> Lowered {
        lowered.program.ops.resize(MAX_OPS + 1, Op::Block {});
        lowered
    }

    fn without_client(printed: Printed) -> Printed {
        Printed { text: printed.text.replace("A: connect\n", ""), ..printed }
    }

    #[test]
    fn every_oracle_fires_on_its_fault() {
        let (open, closed) = ("(".repeat(200), ")".repeat(200));
        let deep = format!("sv2t 1\ntitle \"A\"\n\nconnect\nassert {open}1{closed} == 1\n");
        let bent = Bent::default;
        let faults: [(Bent, &str, Oracle); 11] = [
            (
                Bent {
                    check: Some(|_| vec![ScenarioError::new(Span { start: 5, end: 5000 }, "beyond the end")]),
                    ..bent()
                },
                TEXT,
                PLACE,
            ),
            (Bent { parse: Some(|text| Ours.parse(&text.replace(['(', ')'], " "))), ..bent() }, &deep, DEPTH),
            (Bent { format: Some(|_| Ours.format("no scenario")), ..bent() }, TEXT, FORMATS),
            (
                Bent {
                    format: Some(|text| Ours.format(text).map(|once| once.replace("== 1", "== 2"))),
                    ..bent()
                },
                TEXT,
                SAME_TREE,
            ),
            (
                Bent {
                    format: Some(|text| Ours.format(text).map(|once| once.replace("  # why", ""))),
                    ..bent()
                },
                TEXT,
                COMMENTS,
            ),
            (
                Bent {
                    format: Some(|text| Ours.format(text).map(|once| once + &" ".repeat(9000))),
                    ..bent()
                },
                TEXT,
                SIZE,
            ),
            (Bent { format: Some(|text| Ok(format!("{text}\n"))), ..bent() }, TEXT, CANONICAL),
            (Bent { lower: Some(other_flags), ..bent() }, TEXT, LOWERING),
            (Bent { lower: Some(without_end), ..bent() }, TEXT, LOWERING),
            (Bent { lower: Some(beyond_bounds), ..bent() }, TEXT, LOWERING),
            (Bent { print: Some(without_client), ..bent() }, TEXT, LOWERING),
        ];
        for (bent, text, oracle) in faults {
            if oracle != DEPTH {
                judge(&Ours, text).unwrap();
            }
            assert_eq!(judge(&bent, text).unwrap_err().oracle, oracle.name);
        }
        assert!(judge(&Ours, &deep).is_ok(), "refused, at a place");
    }

    #[test]
    fn samples_and_their_mutants_hold() {
        let mut random = Random::new(11);
        assert!(SAMPLES.len() >= 10, "{}", SAMPLES.len());
        for seed in seeds() {
            let mut data = seed.bytes;
            for _ in 0..8 {
                (TARGET.run)(&data).unwrap();
                mutate(&mut data, &mut random, TARGET.max_len);
            }
        }
    }
}
