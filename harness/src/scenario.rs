//! The scenario language: text in, typed tree out.
//!
//! `.sv2t` files are line-oriented conversations. [`parse`] turns one file into a [`syntax::File`] with byte
//! spans on every node, [`check::check`] holds it against what exists (messages, fields, clauses, fragments),
//! and [`load`] does both. The language itself is explained in `scenarios/README.md`; the grammar is
//! [`syntax`]. There is no IO here: texts come in as `&str`, and errors go out as miette diagnostics.

pub mod check;
pub mod diagnostic;
pub mod format;
mod lexer;
pub mod lint;
pub mod number;
mod parse;
pub mod syntax;
mod words;

use check::Vocabulary;
use diagnostic::ScenarioErrors;
use syntax::File;

/// Parses one `.sv2t` file. `name` is what diagnostics call it, usually its path.
///
/// # Errors
/// Every bad line gives one error; the good lines between them are parsed all the same.
pub fn parse(name: &str, text: &str) -> Result<File, ScenarioErrors> {
    parse::file(text).map_err(|errors| ScenarioErrors::new(name, text, errors))
}

/// Parses one file and checks it against `vocabulary`.
///
/// # Errors
/// The errors of [`parse`]; when there are none, those of [`check::check`].
pub fn load(name: &str, text: &str, vocabulary: &dyn Vocabulary) -> Result<File, ScenarioErrors> {
    let file = parse(name, text)?;
    let errors = check::check(&file, vocabulary);
    if errors.is_empty() { Ok(file) } else { Err(ScenarioErrors::new(name, text, errors)) }
}
