//! The ledger: every requirement of the specification, with a stable id.

mod reasons;
pub mod spec;

pub use reasons::{Uncovered, UncoveredClass, Unkilled, Unproved};

use serde::Deserialize;
use spec::SpecIndex;
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
    /// All levels, the strictest first.
    pub const ALL: [Self; 7] =
        [Self::Must, Self::MustNot, Self::Implied, Self::Should, Self::ShouldNot, Self::May, Self::Robust];

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

/// Whom a clause binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Whoever accepts the connection and hands out work.
    Server,
    /// Whoever connects.
    Client,
    /// Both ends.
    Both,
    /// A server and client in one, between the two.
    Proxy,
    /// The pool as the one who pays, behind any connection.
    Pool,
    /// Job declarator server.
    Jds,
    /// Job declarator client.
    Jdc,
    /// Template provider.
    Tp,
}

/// The part of the protocol that a clause is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// SetupConnection and what all subprotocols share.
    Common,
    /// Handshake, certificates, records.
    Noise,
    /// Data types and frames.
    Framing,
    /// Jobs, channels, shares.
    Mining,
    /// Negotiation of extensions, and the extensions.
    Extensions,
    /// Between job declarator client and server.
    JobDeclaration,
    /// Between template provider and its clients.
    TemplateDistribution,
}

/// From where a harness can see whether a clause is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observable {
    /// As the client of what is tested.
    ServerUnderTest,
    /// As the server of what is tested.
    ClientUnderTest,
    /// From either end.
    Both,
    /// On bytes alone, without a conversation.
    Codec,
    /// Not on one connection; [`Clause::check`] says why.
    No,
}

/// One requirement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Stable id, such as `SV2-05-112`.
    pub id: String,
    /// Ids of the same requirement in the catalogue of interoperability-tests-sv2, if it has it.
    #[serde(default)]
    pub aka: Vec<String>,
    /// Section of the specification.
    pub section: String,
    /// A few words.
    pub title: String,
    /// Our paraphrase; the specification is authoritative.
    pub text: String,
    /// How strongly it binds.
    pub level: Level,
    /// Whom it binds.
    pub subject: Subject,
    /// What it is about.
    pub protocol: Protocol,
    /// From where it can be seen.
    pub observable: Observable,
    /// How it is decided; for [`Observable::No`], why it cannot be.
    pub check: String,
}

impl Clause {
    /// Whether a harness that acts as a mining client can see it: the clauses that `coverage` counts.
    pub fn is_shown_by_pool(&self) -> bool {
        let is_seen = matches!(self.observable, Observable::ServerUnderTest | Observable::Both);
        let is_elsewhere = matches!(self.protocol, Protocol::JobDeclaration | Protocol::TemplateDistribution);
        self.level != Level::Robust && is_seen && !is_elsewhere
    }

    /// Ids of the ambiguities that its texts name, each once, in the order of the texts.
    pub fn ambiguities(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for text in [&self.title, &self.text, &self.check] {
            for (at, _) in text.match_indices("AMB-") {
                let rest = text.get(at..).unwrap_or_default();
                let digits = rest.bytes().skip(4).take_while(u8::is_ascii_digit).count();
                let id = rest.get(..4 + digits).unwrap_or_default();
                if digits > 0 && !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }
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
    uncovered: BTreeMap<String, Uncovered>,
    unproved: BTreeMap<String, Unproved>,
    unkilled: BTreeMap<String, Unkilled>,
    spec: SpecIndex,
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
    #[serde(default)]
    uncovered: Vec<Uncovered>,
    #[serde(default)]
    unproved: Vec<Unproved>,
    #[serde(default)]
    unkilled: Vec<Unkilled>,
    spec: Option<SpecIndex>,
}

#[derive(Deserialize)]
struct ErrorCode {
    code: String,
}

impl Ledger {
    /// Reads the files of a ledger, given as name and text.
    ///
    /// # Errors
    /// A file is no TOML of this form, gives an id that another has given, or names one that there is not.
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
            for row in file.uncovered {
                let id = row.id.clone();
                if ledger.uncovered.insert(id.clone(), row).is_some() {
                    return Err(error(format!("{id} stands there twice")));
                }
            }
            for row in file.unproved {
                let id = row.id.clone();
                if ledger.unproved.insert(id.clone(), row).is_some() {
                    return Err(error(format!("{id} stands there twice")));
                }
            }
            ledger.unkilled.extend(file.unkilled.into_iter().map(|row| (row.check.clone(), row)));
            ledger.spec = file.spec.unwrap_or(ledger.spec);
        }
        match ledger.unknown_name() {
            Some(error) => Err(error),
            None => Ok(ledger),
        }
    }

    /// The first name in the texts that nothing has.
    fn unknown_name(&self) -> Option<LedgerError> {
        let wrong = |file: &str, problem| LedgerError { file: file.to_owned(), problem };
        let mut listed = self.uncovered.keys().chain(self.unproved.keys());
        let listed = listed.find(|id| !self.clauses.contains_key(*id));
        if let Some(id) = listed {
            return Some(wrong("uncovered.toml", format!("there is no clause {id}")));
        }
        self.clauses.values().find_map(|clause| {
            let unknown = clause.ambiguities().into_iter().find(|id| !self.ambiguities.contains_key(*id))?;
            Some(wrong(&clause.id, format!("there is no ambiguity {unknown}")))
        })
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

    /// Why no check decides a clause, if somebody has said so.
    pub fn uncovered(&self, id: &str) -> Option<&Uncovered> {
        self.uncovered.get(id)
    }

    /// Why no fault proves a clause, if somebody has said so.
    pub fn unproved(&self, id: &str) -> Option<&Unproved> {
        self.unproved.get(id)
    }

    /// Why no fault is found by a check, a scenario's id or `rule NAME`, if somebody has said so.
    pub fn unkilled(&self, check: &str) -> Option<&Unkilled> {
        self.unkilled.get(check)
    }

    /// The edition of the specification that the clauses are from.
    pub fn spec(&self) -> &SpecIndex {
        &self.spec
    }

    /// All error symbols, by name.
    pub fn symbols(&self) -> impl Iterator<Item = &ErrorSymbol> {
        self.symbols.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUSE: &str = r#"
        [[requirement]]
        id = "SV2-01-001"
        section = "1"
        title = "t"
        text = "x (AMB-2, AMB-1)"
        level = "MUST NOT"
        subject = "server"
        protocol = "mining"
        observable = "server-under-test"
        check = "y (AMB-1), AMB-x"
    "#;
    const AMBIGUITIES: &str = r#"
        ambiguity = [
            { id = "AMB-1", title = "t", section = "1", text = "x" },
            { id = "AMB-2", title = "t", section = "1", text = "x" },
        ]
    "#;

    fn read(files: &[(&str, &str)]) -> Result<Ledger, LedgerError> {
        Ledger::read(files.iter().copied().chain([("amb.toml", AMBIGUITIES)]))
    }

    #[test]
    fn a_clause_is_found_by_its_id() {
        let ledger = read(&[("a.toml", CLAUSE)]).unwrap();
        let clause = ledger.clause("SV2-01-001").unwrap();
        assert_eq!((clause.level, clause.subject), (Level::MustNot, Subject::Server));
        assert!(clause.is_shown_by_pool() && clause.aka.is_empty());
        assert!(ledger.clause("SV2-01-002").is_none());
    }

    #[test]
    fn an_id_given_twice_is_an_error_that_names_the_file() {
        let error = read(&[("a.toml", CLAUSE), ("b.toml", CLAUSE)]).unwrap_err();
        assert_eq!(error.to_string(), "b.toml: SV2-01-001 stands there twice");
    }

    #[test]
    fn ambiguities_come_from_the_texts_and_must_exist() {
        let ledger = read(&[("a.toml", CLAUSE)]).unwrap();
        assert_eq!(ledger.clause("SV2-01-001").unwrap().ambiguities(), ["AMB-2", "AMB-1"]);
        let error = read(&[("a.toml", &CLAUSE.replace("AMB-2", "AMB-3"))]).unwrap_err();
        assert_eq!(error.to_string(), "SV2-01-001: there is no ambiguity AMB-3");
    }

    #[test]
    fn a_reason_needs_a_clause() {
        let reason = "uncovered = [{ id = \"SV2-01-001\", class = \"unobservable\", reason = \"r\" }]";
        let ledger = read(&[("a.toml", CLAUSE), ("uncovered.toml", reason)]).unwrap();
        assert_eq!(ledger.uncovered("SV2-01-001").unwrap().class, UncoveredClass::Unobservable);
        let error = read(&[("uncovered.toml", reason)]).unwrap_err();
        assert_eq!(error.to_string(), "uncovered.toml: there is no clause SV2-01-001");
    }
}
