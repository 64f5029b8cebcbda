//! The words that scenarios may use: what exists in the message table, the ledger, the suite and the engine.

use crate::ledger::Ledger;
use crate::profile::{CAPABILITIES, POOL_SETTINGS, PoolSetting, SettingKind};
use crate::runner::facts::{HANDSHAKE_FACTS, SETTLE_FACTS, SETTLE_WORDS};
use crate::scenario::check::{FragmentSignature, Vocabulary};
use crate::scenario::syntax::{ExprKind, FileKind};
use crate::suite::Source;
use crate::target::provocable;
use std::collections::BTreeMap;
use std::sync::Arc;
use sv2_wire::{FLAGS, FlagSpec, MESSAGES, MessageSpec, U256};

/// A named number that scenarios may use besides the flags of the specification.
struct Constant {
    name: &'static str,
    value: U256,
}

const CONSTANTS: &[Constant] = &[
    Constant { name: "MAX_TARGET", value: U256::MAX },
    Constant { name: "PROTOCOL_MINING", value: U256::ZERO },
];

/// The value of a flag or constant.
pub fn constant(name: &str) -> Option<U256> {
    if let Some(flag) = FlagSpec::find(name) {
        return Some(U256::from(u64::from(flag.mask())));
    }
    CONSTANTS.iter().find(|constant| constant.name == name).map(|constant| constant.value)
}

/// The words, from the things themselves.
pub struct Words<'a> {
    ledger: &'a Ledger,
    fragments: BTreeMap<&'a str, FragmentSignature>,
}

impl<'a> Words<'a> {
    /// Words of a ledger and of fragments.
    pub fn new(ledger: &'a Ledger, fragments: &'a BTreeMap<String, Arc<Source>>) -> Self {
        let fragments = fragments.iter().filter_map(|(name, source)| match &source.file.kind {
            FileKind::Fragment(signature) => Some((name.as_str(), signature.into())),
            FileKind::Scenario { .. } => None,
        });
        Self { ledger, fragments: fragments.collect() }
    }
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

impl Vocabulary for Words<'_> {
    fn message_names(&self) -> Vec<String> {
        let qualified = MESSAGES.iter().map(|spec| format!("{}.{}", spec.protocol.name(), spec.name));
        MESSAGES.iter().map(MessageSpec::unique_name).chain(qualified).collect()
    }

    fn fields(&self, message: &str) -> Vec<String> {
        let fields = MessageSpec::find(message).map_or(&[][..], |spec| spec.fields);
        owned(fields.iter().map(|field| field.name))
    }

    fn clause_ids(&self) -> Vec<String> {
        self.ledger.clauses().map(|clause| clause.id.clone()).collect()
    }

    fn ambiguity_ids(&self) -> Vec<String> {
        self.ledger.ambiguities().map(|ambiguity| ambiguity.id.clone()).collect()
    }

    fn constant_names(&self) -> Vec<String> {
        owned(FLAGS.iter().map(|flag| flag.name).chain(CONSTANTS.iter().map(|constant| constant.name)))
    }

    fn error_symbols(&self) -> Vec<String> {
        self.ledger.symbols().map(|symbol| symbol.name.clone()).collect()
    }

    fn fragment_names(&self) -> Vec<String> {
        owned(self.fragments.keys().copied())
    }

    fn fragment(&self, name: &str) -> Option<FragmentSignature> {
        self.fragments.get(name).cloned()
    }

    fn pool_settings(&self) -> Vec<String> {
        owned(POOL_SETTINGS.iter().map(|setting| setting.name))
    }

    fn provocable_messages(&self) -> Vec<String> {
        provocable().map(|spec| spec.unique_name()).collect()
    }

    fn pool_value_problem(&self, setting: &str, value: &ExprKind) -> Option<String> {
        let setting = PoolSetting::find(setting)?;
        let fits = match (setting.kind, value) {
            (_, ExprKind::Reference(_)) => true,
            (
                SettingKind::Number(_),
                ExprKind::Integer(_) | ExprKind::Binary { .. } | ExprKind::Constant(_),
            ) => true,
            (SettingKind::Boolean(_), ExprKind::Boolean(_)) => true,
            (SettingKind::Word(words), ExprKind::Name(name)) => words.iter().any(|(word, _)| word == name),
            _ => false,
        };
        (!fits).then(|| format!("`{}` takes {}", setting.name, setting.takes()))
    }

    fn capabilities(&self) -> Vec<String> {
        owned(CAPABILITIES.iter().map(|capability| capability.name))
    }

    fn handshake_facts(&self) -> Vec<String> {
        owned(HANDSHAKE_FACTS.iter().copied())
    }

    fn settle_facts(&self) -> Vec<String> {
        owned(SETTLE_FACTS.iter().copied())
    }

    fn settle_words(&self) -> Vec<String> {
        owned(SETTLE_WORDS.iter().copied())
    }

    fn message(&self, name: &str) -> bool {
        MessageSpec::find(name).is_some()
    }

    fn clause(&self, id: &str) -> bool {
        self.ledger.clause(id).is_some()
    }
}
