//! The ledger: every requirement of the specification, with a stable id.

use serde::Deserialize;
use std::collections::BTreeMap;

/// How strongly a clause binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Level {
    /// MUST.
    #[serde(rename = "MUST")]
    Must,
    /// MUST NOT.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// A layout, range, order or pairing that the specification states without a keyword.
    #[serde(rename = "IMPLIED")]
    Implied,
    /// SHOULD.
    #[serde(rename = "SHOULD")]
    Should,
    /// SHOULD NOT.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// MAY.
    #[serde(rename = "MAY")]
    May,
    /// No clause: good sense, such as deadlines, bounded memory and isolation of other connections. Graded on the
    /// survival axis; never a failure by itself.
    #[serde(rename = "ROBUST")]
    Robust,
}

impl Level {
    /// The keyword.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Implied => "IMPLIED",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
            Self::Robust => "ROBUST",
        }
    }
}

/// One requirement.
#[derive(Clone, Debug, Deserialize)]
pub struct Clause {
    /// Stable id, such as `SV2-05-112`.
    pub id: String,
    /// Section of the specification.
    pub section: String,
    /// A few words.
    pub title: String,
    /// Our paraphrase; the specification is authoritative.
    pub text: String,
    /// How strongly it binds.
    pub level: Level,
}

/// A place where the specification leaves room, and the position that this suite takes.
#[derive(Clone, Debug, Deserialize)]
pub struct Ambiguity {
    /// Stable id, such as `AMB-43`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// Sections of the specification.
    pub section: String,
    /// The readings, the position and what known implementations do.
    pub text: String,
}

/// Something that error codes mean, and its known spellings. No spelling is standardised (spec section 3.5), so
/// another one is reported and never fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorSymbol {
    /// The symbol, without `@`.
    pub name: String,
}

/// Requirements, ambiguities and error symbols.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    clauses: BTreeMap<String, Clause>,
    ambiguities: BTreeMap<String, Ambiguity>,
    symbols: BTreeMap<String, ErrorSymbol>,
}

/// A ledger file that cannot be used; ours to mend.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct LedgerError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    requirement: Vec<Clause>,
    #[serde(default)]
    ambiguity: Vec<Ambiguity>,
    #[serde(default)]
    error_code: Vec<ErrorCode>,
}

#[derive(Deserialize)]
struct ErrorCode {
    code: String,
}

impl Ledger {
    /// Reads the files of a ledger, given as name and text.
    ///
    /// # Errors
    /// A file is no TOML of this form, or gives an id that another has given.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, LedgerError> {
        let mut ledger = Self::default();
        for (name, text) in files {
            let error = |problem: String| LedgerError { file: name.to_owned(), problem };
            let file: File = toml::from_str(text).map_err(|problem| error(problem.to_string()))?;
            for clause in file.requirement {
                let id = clause.id.clone();
                if ledger.clauses.insert(id.clone(), clause).is_some() {
                    return Err(error(format!("{id} stands there twice")));
                }
            }
            ledger.ambiguities.extend(file.ambiguity.into_iter().map(|row| (row.id.clone(), row)));
            ledger.symbols.extend(
                file.error_code.into_iter().map(|row| (row.code.clone(), ErrorSymbol { name: row.code })),
            );
        }
        Ok(ledger)
    }

    /// The clause of an id.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.get(id)
    }

    /// All clauses, by id.
    pub fn clauses(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.values()
    }

    /// The ambiguity of an id.
    pub fn ambiguity(&self, id: &str) -> Option<&Ambiguity> {
        self.ambiguities.get(id)
    }

    /// All ambiguities, by id.
    pub fn ambiguities(&self) -> impl Iterator<Item = &Ambiguity> {
        self.ambiguities.values()
    }

    /// All error symbols, by name.
    pub fn symbols(&self) -> impl Iterator<Item = &ErrorSymbol> {
        self.symbols.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUSE: &str = "[[requirement]]\nid = \"SV2-01-001\"\nsection = \"1\"\ntitle = \"t\"\ntext = \"x\"\nlevel = \"MUST NOT\"\n";

    #[test]
    fn a_clause_is_found_by_its_id() {
        let ledger = Ledger::read([("a.toml", CLAUSE)]).unwrap();
        assert_eq!(ledger.clause("SV2-01-001").unwrap().level, Level::MustNot);
        assert!(ledger.clause("SV2-01-002").is_none());
    }

    #[test]
    fn an_id_given_twice_is_an_error_that_names_the_file() {
        let error = Ledger::read([("a.toml", CLAUSE), ("b.toml", CLAUSE)]).unwrap_err();
        assert_eq!(error.to_string(), "b.toml: SV2-01-001 stands there twice");
    }
}
