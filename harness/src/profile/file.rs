//! A profile as a TOML file. Every key is one of [`KEYS`] or the spelling of an error symbol; anything else is an error that
//! shows its place.

use super::Profile;
use super::keys::{ERROR_CODES, KEYS, Key, Value};
use crate::ledger::Ledger;
use crate::scenario::diagnostic::{ScenarioError, ScenarioErrors};
use crate::scenario::syntax::Span;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// What a profile says, by the full names of the keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileFile {
    values: BTreeMap<String, Value>,
}

impl ProfileFile {
    /// Reads a file. `name` is what diagnostics call it.
    ///
    /// # Errors
    /// It is no TOML, has a key that there is not, a value that its key does not take, or lacks what every profile has.
    pub fn parse(name: &str, text: &str, ledger: &Ledger) -> Result<Self, ScenarioErrors> {
        let (file, mut errors) = Self::read(text, ledger);
        let end = Span { start: text.len(), end: text.len() };
        if errors.is_empty() {
            for needed in ["name", "about"].iter().filter(|key| file.get(key).is_none()) {
                errors.push(ScenarioError::new(end, format!("the profile has no `{needed}`")));
            }
            if file.get("tested").is_some() == file.get("untested").is_some() {
                let text = "a profile has either `tested`, the version that it was verified against, or `untested = true`";
                errors.push(ScenarioError::new(end, text));
            }
        }
        if errors.is_empty() { Ok(file) } else { Err(ScenarioErrors::new(name, text, errors)) }
    }

    /// Replaces one key by `NAME=VALUE`. A value that is no TOML is text.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn set(&mut self, assignment: &str, ledger: &Ledger) -> Result<(), ScenarioErrors> {
        let (key, value) = assignment.split_once('=').unwrap_or((assignment, ""));
        let quoted = format!("{key}={}", toml::Value::String(value.trim().to_owned()));
        let (file, errors) = Self::read(assignment, ledger);
        let (file, errors) = if errors.is_empty() { (file, errors) } else { Self::read(&quoted, ledger) };
        if !errors.is_empty() {
            return Err(ScenarioErrors::new("--set", &quoted, errors));
        }
        self.values.extend(file.values);
        Ok(())
    }

    /// Says something.
    pub(crate) fn say(&mut self, key: &str, value: Value) {
        self.values.insert(key.to_owned(), value);
    }

    /// What it says under a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// What it says under a key that takes text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Everything that it says: full names and values in the order of [`KEYS`], then the spellings.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        let rows = KEYS.iter().filter_map(|key| self.values.get_key_value(key.name));
        let spellings = self.values.iter().filter(|(name, _)| name.starts_with(ERROR_CODES));
        rows.chain(spellings).map(|(name, value)| (name.as_str(), value))
    }

    /// Makes a profile say what this file says.
    pub fn apply(&self, profile: &mut Profile) {
        for (name, value) in &self.values {
            if let Some(key) = Key::find(name) {
                key.put(name, profile, value);
            }
        }
    }

    /// As a file, with a remark behind each key that has one.
    pub fn to_toml(&self, remark: &dyn Fn(&str) -> Option<String>) -> String {
        let (mut text, mut table) = (String::new(), "");
        for (name, value) in self.values() {
            let (inside, key) = name.rsplit_once('.').unwrap_or(("", name));
            if inside != table {
                table = inside;
                // Writing to a string cannot fail.
                let _ = writeln!(text, "\n[{table}]");
            }
            let remark = remark(name).map(|remark| format!("  # {remark}")).unwrap_or_default();
            let _ = writeln!(text, "{key} = {}{remark}", value.to_toml());
        }
        text
    }

    fn read(text: &str, ledger: &Ledger) -> (Self, Vec<ScenarioError>) {
        let (table, problems) = DeTable::parse_recoverable(text);
        let mut file = Self::default();
        let mut errors: Vec<ScenarioError> = problems
            .iter()
            .map(|problem| ScenarioError::new(span(problem.span().unwrap_or(0..0)), problem.message()))
            .collect();
        if errors.is_empty() {
            file.table("", table.get_ref(), ledger, &mut errors);
        }
        (file, errors)
    }

    fn table(&mut self, above: &str, table: &DeTable<'_>, ledger: &Ledger, errors: &mut Vec<ScenarioError>) {
        for (key, value) in table {
            let name = format!("{above}{}", key.get_ref());
            let place = span(key.span());
            let inside = format!("{name}.");
            if let DeValue::Table(table) = value.get_ref()
                && (inside == ERROR_CODES || KEYS.iter().any(|key| key.name.starts_with(&inside)))
            {
                self.table(&inside, table, ledger, errors);
                continue;
            }
            match row(&name, ledger) {
                None => errors.push(unknown(place, &name, ledger)),
                Some(row) => match row.takes.read(value.get_ref()) {
                    Some(value) => self.say(&name, value),
                    None => errors.push(
                        ScenarioError::new(span(value.span()), format!("`{name}` does not take this"))
                            .help(format!("it takes {}: {}", row.takes.describe(), row.doc)),
                    ),
                },
            }
        }
    }
}

/// The row of a name; symbols are those of the ledger.
fn row(name: &str, ledger: &Ledger) -> Option<&'static Key> {
    match name.strip_prefix(ERROR_CODES) {
        Some(symbol) if !ledger.symbols().any(|known| known.name == symbol) => None,
        _ => Key::find(name),
    }
}

fn unknown(place: Span, name: &str, ledger: &Ledger) -> ScenarioError {
    let spellings = ledger.symbols().map(|symbol| format!("{ERROR_CODES}{}", symbol.name));
    let known = KEYS.iter().map(|key| key.name.to_owned()).chain(spellings);
    ScenarioError::new(place, format!("profiles have no key `{name}`")).did_you_mean(
        name,
        known,
        "`sv2-conform profile keys` shows what there is",
    )
}

fn span(range: Range<usize>) -> Span {
    Span { start: range.start, end: range.end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded_ledger;
    use std::time::Duration;

    const HEAD: &str = "name = \"x\"\nabout = \"y\"\nuntested = true\n";

    fn parse(rest: &str) -> Result<ProfileFile, String> {
        let parsed = ProfileFile::parse("x.toml", &format!("{HEAD}{rest}"), &embedded_ledger().unwrap());
        parsed.map_err(|errors| {
            let lines = errors
                .errors()
                .iter()
                .map(|error| format!("{error} | {}", error.help.as_deref().unwrap_or("")));
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn what_a_file_says_is_what_the_runner_does() {
        let text = "access = \"remote\"\ncapabilities = [\"channel.extended\"]\nuser_identity = \"me\"\n\
            [acknowledgements]\nbatch = 10\nwithin = 0.5\n[limits]\nhash_rate = 5e3\nhash_budget = 7\n\
            [waiting]\nreply_within = 2\nquiet = 0.25\n[control]\nblock = \"true\"\n\
            [error_codes]\nduplicate-share = \"dup\"\n";
        let file = parse(text).unwrap();
        let mut profile = Profile::foreign();
        file.apply(&mut profile);
        let capabilities: Vec<_> = profile.capabilities.iter().copied().collect();
        assert_eq!(capabilities, ["access.remote", "channel.extended", "control.block"]);
        assert_eq!(profile.user_identity, "me");
        assert_eq!((profile.ack_batch_bound, profile.ack_within), (20, Some(Duration::from_millis(500))));
        assert_eq!((profile.nominal_hash_rate, profile.hash_budget), (5000.0, 7));
        assert_eq!(
            (profile.reply_within, profile.quiet),
            (Duration::from_secs(2), Duration::from_millis(250))
        );
        assert_eq!(profile.controls.block.as_deref(), Some("true"));
        assert_eq!(profile.error_codes.get("duplicate-share").map(String::as_str), Some("dup"));
    }

    #[test]
    fn a_file_that_was_written_reads_the_same() {
        let file = parse(
            "capabilities = []\n[setup]\nversions = [2, 0x3]\n[start]\nready = \"line=\\\"(.*)\\\"\"\n",
        );
        let file = file.unwrap();
        let text = file.to_toml(&|name| (name == "setup.versions").then(|| "asked".to_owned()));
        assert!(text.contains("versions = [2, 3]  # asked\n"), "{text}");
        assert_eq!(ProfileFile::parse("again", &text, &embedded_ledger().unwrap()).unwrap(), file);
    }

    #[test]
    fn mistakes_name_what_was_meant() {
        for (text, wanted) in [
            ("acces = \"local\"", "profiles have no key `acces` | did you mean `access`?"),
            ("[limits]\nhashrate = 1.0", "did you mean `limits.hash_rate`?"),
            ("[limit]\nhash_rate = 1.0", "profiles have no key `limit` | "),
            ("[error_codes]\nduplicate-shares = \"x\"", "did you mean `error_codes.duplicate-share`?"),
            ("access = \"near\"", "`access` does not take this | it takes local or remote"),
            ("capabilities = [\"noise\"]", "a list of channel.standard, channel.extended"),
            ("[waiting]\nquiet = 0", "seconds above 0"),
            ("[waiting]\nquiet = nan", "seconds above 0"),
            ("[acknowledgements]\nbatch = -1", "a whole number from 1"),
            ("tested = \"1\"", "either `tested`"),
            ("x = ", "|"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
        let not_true = HEAD.replace("true", "false");
        let error = ProfileFile::parse("x", &not_true, &embedded_ledger().unwrap()).unwrap_err();
        assert!(error.errors()[0].help.as_deref().unwrap().contains("`true`, or nothing at all"));
        let none = ProfileFile::parse("x", "", &embedded_ledger().unwrap()).unwrap_err();
        assert_eq!(none.errors().len(), 3);
    }

    #[test]
    fn one_key_is_replaced_on_the_command_line() {
        let ledger = embedded_ledger().unwrap();
        let mut file = parse("").unwrap();
        file.set("limits.hash_rate=5000", &ledger).unwrap();
        file.set("control.block = touch /tmp/x y", &ledger).unwrap();
        file.set("access=remote", &ledger).unwrap();
        assert_eq!(file.get("limits.hash_rate"), Some(&Value::Number(5000.0)));
        assert_eq!(file.text("control.block"), Some("touch /tmp/x y"));
        assert_eq!(file.text("access"), Some("remote"));
        assert!(file.set("acess=remote", &ledger).is_err());
        assert!(file.set("limits.hash_rate=fast", &ledger).is_err());
        assert!(file.set("access", &ledger).is_err());
    }
}
