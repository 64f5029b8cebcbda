//! Changes to a file of expectations that leave alone what somebody wrote by hand.

use super::{Because, Expectations, ExpectationsError, Failing, Harm, Seen, Standing};
use crate::verdict::Outcome;
use std::collections::BTreeSet;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

/// The reason of a new entry.
const PLACEHOLDER: &str = "to be filled in: why this is known to fail, and who mends it";
/// What a new file begins with.
const HEADER: &str = "# What is known to fail. `sv2-conform expect update FILE` and `expect prune FILE` keep this file; `reason`, `link` and\n# comments are yours.\n";

/// What was changed, by scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The new text.
    pub text: String,
    /// New entries, whose reasons are to be filled in.
    pub added: Vec<String>,
    /// Entries that expect another failure now: their reasons may be wrong.
    pub changed: Vec<String>,
    /// Entries that are gone.
    pub removed: Vec<String>,
}

/// Expects every failure that came: adds those that are new, and changes those that were others. Entries of scenarios that
/// pass stay for [`prune`].
///
/// # Errors
/// The text is no such file.
pub fn update(text: &str, outcomes: &[Outcome]) -> Result<Changes, ExpectationsError> {
    let known = Expectations::parse(text)?;
    let mut document = document(if text.trim().is_empty() { HEADER } else { text })?;
    let tables = tables(&mut document)?;
    let is_first = tables.is_empty();
    let mut changes = Changes::default();
    for outcome in outcomes {
        let Some(seen) = Seen::in_outcome(outcome) else { continue };
        match known.of(&outcome.id).map(|expectation| expectation.standing(outcome)) {
            None => {
                tables.push(entry(&outcome.id, &seen));
                changes.added.push(outcome.id.clone());
            }
            Some(Some(Standing::OtherFailure)) => {
                for table in tables.iter_mut().filter(|table| scenario(table) == Some(&outcome.id)) {
                    expect(table, &seen);
                }
                changes.changed.push(outcome.id.clone());
            }
            Some(_) => {}
        }
    }
    if is_first {
        comments_first(&mut document)?;
    }
    changes.text = document.to_string();
    Ok(changes)
}

/// Drops the entries of scenarios that pass, and of those that `is_stale` says are no more.
///
/// # Errors
/// The text is no such file.
pub fn prune(
    text: &str,
    outcomes: &[Outcome],
    is_stale: impl Fn(&str) -> bool,
) -> Result<Changes, ExpectationsError> {
    let known = Expectations::parse(text)?;
    let passes = outcomes.iter().filter(|outcome| {
        let standing = known.of(&outcome.id).and_then(|expectation| expectation.standing(outcome));
        standing == Some(Standing::UnexpectedPass)
    });
    let passes: BTreeSet<&str> = passes.map(|outcome| outcome.id.as_str()).collect();
    let mut document = document(text)?;
    let tables = tables(&mut document)?;
    let mut changes = Changes::default();
    let mut orphaned = String::new();
    let old = std::mem::take(tables);
    for mut table in old {
        let id = scenario(&table).unwrap_or_default().to_owned();
        let (others, own) = comments(&table);
        if passes.contains(id.as_str()) || is_stale(&id) {
            orphaned.push_str(&others);
            changes.removed.push(id);
        } else {
            table.decor_mut().set_prefix(format!("{orphaned}{others}{own}"));
            orphaned.clear();
            tables.push(table);
        }
    }
    if tables.is_empty() {
        document.remove(KEY);
    }
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing(format!("{orphaned}{trailing}"));
    changes.text = document.to_string();
    Ok(changes)
}

const KEY: &str = "expected";

fn document(text: &str) -> Result<DocumentMut, ExpectationsError> {
    text.parse().map_err(|error: toml_edit::TomlError| ExpectationsError::Form(error.to_string()))
}

fn tables(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, ExpectationsError> {
    let item = document.entry(KEY).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = item.as_array_of_tables_mut();
    tables.ok_or_else(|| ExpectationsError::Form("write every entry below a line [[expected]]".to_owned()))
}

/// Moves what a file without entries had in it above the first entry.
fn comments_first(document: &mut DocumentMut) -> Result<(), ExpectationsError> {
    let comments = document.trailing().as_str().unwrap_or_default().to_owned();
    if let Some(first) = tables(document)?.get_mut(0) {
        let own = first.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        first.decor_mut().set_prefix(format!("{comments}{own}"));
        document.set_trailing("");
    }
    Ok(())
}

fn scenario(table: &Table) -> Option<&str> {
    table.get("scenario").and_then(Item::as_str)
}

/// The comments above an entry: those that an empty line sets apart, and its own.
fn comments(table: &Table) -> (String, String) {
    let above = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let split = above.rfind("\n\n").map_or(0, |at| at + 1);
    let (others, own) = above.split_at(split);
    match others.trim().is_empty() {
        true => (String::new(), above.to_owned()),
        false => (others.to_owned(), own.to_owned()),
    }
}

fn entry(id: &str, seen: &Seen) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table.insert("scenario", value(id));
    expect(&mut table, seen);
    table.insert("reason", value(PLACEHOLDER));
    table.insert("link", value(""));
    table
}

/// Puts into an entry what was seen.
fn expect(table: &mut Table, seen: &Seen) {
    let verdict = match seen.verdict {
        Failing::Fail => "fail",
        Failing::Blocked => "blocked",
    };
    set(table, "verdict", verdict.into());
    match seen.survival {
        Some(Harm::Hung) => set(table, "survival", "hung".into()),
        Some(Harm::Died) => set(table, "survival", "died".into()),
        None => _ = table.remove("survival"),
    }
    let mut because = Array::new();
    for finding in &seen.because {
        let mut row = Value::InlineTable(inline(finding));
        row.decor_mut().set_prefix("\n    ");
        because.push_formatted(row);
    }
    because.set_trailing_comma(true);
    because.set_trailing("\n");
    set(table, "because", because.into());
}

/// Replaces a value and keeps the comment behind it.
fn set(table: &mut Table, key: &str, mut new: Value) {
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(new));
}

fn inline(because: &Because) -> InlineTable {
    let mut row = InlineTable::new();
    row.insert("clauses", because.clauses.iter().collect::<Array>().into());
    row.insert("allowed", because.allowed.as_str().into());
    row.insert("came", because.came.as_str().into());
    row
}
