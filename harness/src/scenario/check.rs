//! What can be known to be wrong before anything runs.
//!
//! [`check`] holds a parsed file against a [`Vocabulary`]: the messages and fields, clauses, ambiguities,
//! constants, fragments and settings that exist. It also follows captures and connections down the file.

mod names;
mod scope;
mod walk;

use super::diagnostic::ScenarioError;
use super::syntax::{ExprKind, File, Signature};

/// What exists outside the file. The lists are for looking up and for "did you mean"; an implementation may
/// answer the yes-or-no questions faster than by searching its lists.
pub trait Vocabulary {
    /// Names of all messages, qualified where the bare name is not enough.
    fn message_names(&self) -> Vec<String>;
    /// Names of the fields of a message, or of the union of all messages that the name may mean.
    fn fields(&self, message: &str) -> Vec<String>;
    /// Ids of all clauses of the ledger.
    fn clause_ids(&self) -> Vec<String>;
    /// Ids of all known ambiguities.
    fn ambiguity_ids(&self) -> Vec<String>;
    /// Flags and constants in upper case.
    fn constant_names(&self) -> Vec<String>;
    /// Meanings of error codes, without `@`.
    fn error_symbols(&self) -> Vec<String>;
    /// Names of all fragments.
    fn fragment_names(&self) -> Vec<String>;
    /// The parameters and results of a fragment.
    fn fragment(&self, name: &str) -> Option<FragmentSignature>;
    /// Settings of the embedded pool.
    fn pool_settings(&self) -> Vec<String>;
    /// Words for `needs`.
    fn capabilities(&self) -> Vec<String>;
    /// What `handshake` lets its lines judge.
    fn handshake_facts(&self) -> Vec<String>;
    /// What `settle` lets its lines judge, such as `credited`.
    fn settle_facts(&self) -> Vec<String>;
    /// Words that lines below `settle` may compare with, such as `submitted`.
    fn settle_words(&self) -> Vec<String>;

    /// Names of the messages that a server can be made to send of its own accord.
    fn provocable_messages(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is wrong with giving a value of this kind to a setting of the embedded pool.
    fn pool_value_problem(&self, _setting: &str, _value: &ExprKind) -> Option<String> {
        None
    }

    /// Whether there is such a message.
    fn message(&self, name: &str) -> bool {
        self.message_names().iter().any(|known| known == name)
    }
    /// Whether the ledger has such a clause.
    fn clause(&self, id: &str) -> bool {
        self.clause_ids().iter().any(|known| known == id)
    }
    /// Whether there is such an ambiguity.
    fn ambiguity(&self, id: &str) -> bool {
        self.ambiguity_ids().iter().any(|known| known == id)
    }
    /// Whether there is such a constant.
    fn constant(&self, name: &str) -> bool {
        self.constant_names().iter().any(|known| known == name)
    }
    /// Whether an error code can have such a meaning.
    fn error_symbol(&self, name: &str) -> bool {
        self.error_symbols().iter().any(|known| known == name)
    }
    /// Whether the embedded pool has such a setting.
    fn pool_setting(&self, name: &str) -> bool {
        self.pool_settings().iter().any(|known| known == name)
    }
    /// Whether a target can have such a capability.
    fn capability(&self, name: &str) -> bool {
        self.capabilities().iter().any(|known| known == name)
    }
}

/// How a fragment is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentSignature {
    /// Its parameters, in order.
    pub parameters: Vec<FragmentParameter>,
    /// How many results it has.
    pub results: usize,
}

/// One parameter of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentParameter {
    /// The name.
    pub name: String,
    /// Whether the caller must give it.
    pub mandatory: bool,
}

impl From<&Signature> for FragmentSignature {
    fn from(signature: &Signature) -> Self {
        let parameters = signature.parameters.iter().map(|parameter| FragmentParameter {
            name: parameter.name.node.clone(),
            mandatory: parameter.default.is_none(),
        });
        Self { parameters: parameters.collect(), results: signature.results.len() }
    }
}

/// All that is wrong with a file, in no particular order; empty when nothing is.
#[must_use]
pub fn check(file: &File, vocabulary: &dyn Vocabulary) -> Vec<ScenarioError> {
    walk::file(file, vocabulary)
}
