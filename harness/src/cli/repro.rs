//! The line that plays a scenario again, from the folder where the user stands.

use super::run::RunArgs;
use crate::suite::{SLOW, Scenario};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A line for a shell per scenario, by id.
pub(super) fn lines(args: &RunArgs, scenarios: &[Scenario], seed: u64) -> BTreeMap<String, String> {
    let mut places: BTreeMap<&str, Vec<&Scenario>> = BTreeMap::new();
    for scenario in scenarios {
        places.entry(&scenario.id).or_default().push(scenario);
    }
    let options = options(args);
    let lines = places.into_iter().map(|(id, of_that_id)| {
        let what = what(id, &of_that_id, &args.paths);
        (id.to_owned(), format!("sv2-conform run {what} --seed {seed}{options}"))
    });
    lines.collect()
}

/// What to name on the command line. The id of a file depends on the argument that it was found below, and so does the
/// seed: the argument is repeated, and the scenario chosen from it.
fn what(id: &str, scenarios: &[&Scenario], arguments: &[PathBuf]) -> String {
    let paths = || scenarios.iter().filter_map(|scenario| scenario.source.path.as_ref());
    let named: Vec<_> =
        arguments.iter().filter(|argument| paths().any(|path| path.starts_with(argument))).collect();
    if named.is_empty() {
        return quoted(id);
    }
    let is_whole =
        scenarios.iter().all(|scenario| scenario.row.is_empty()) && named.iter().all(|it| it.is_file());
    let filter = if is_whole { String::new() } else { format!(" -E {}", quoted(&glob(id))) };
    let named: Vec<_> = named.iter().map(|argument| quoted(&argument.to_string_lossy())).collect();
    format!("{}{filter}", named.join(" "))
}

/// A filter that selects the id: what has a meaning in filters stands for itself.
fn glob(id: &str) -> String {
    id.replace(|next: char| next.is_whitespace() || "&|!()".contains(next), "?")
}

/// The options that the outcome may depend on.
fn options(args: &RunArgs) -> String {
    let mut options = String::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.push_str(&format!(" {name} {}", quoted(&value)));
        }
    };
    let is_slow = !args.is_embedded() && args.selection.asks_for(SLOW);
    add("-E", is_slow.then(|| format!("tag({SLOW})")));
    add("--target", args.target.clone());
    add("--exec", args.exec.clone());
    add("--ready", args.ready.clone());
    add("--ready-within", args.ready_within.map(|seconds| seconds.to_string()));
    add("--serve-templates", args.serve_templates.map(|address| address.to_string()));
    let is_usual = (args.timeout_scale - 1.0).abs() < f64::EPSILON;
    add("--timeout-scale", (!is_usual).then(|| args.timeout_scale.to_string()));
    for (name, value) in args.choice.options() {
        add(name, Some(value.to_owned()));
    }
    for fault in &args.fault {
        add("--fault", Some(fault.id.to_owned()));
    }
    let switches = [("--virtual-time", args.virtual_time), ("--i-may-test-this", args.i_may_test_this)];
    for (name, _) in switches.iter().filter(|(_, is_on)| *is_on) {
        options.push_str(&format!(" {name}"));
    }
    options
}

/// A word for a shell.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |next: char| next.is_ascii_alphanumeric() || "-_./:=,@%+".contains(next);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        assert_eq!(quoted("mining/share/duplicate"), "mining/share/duplicate");
        assert_eq!(quoted("a[b=1]"), "'a[b=1]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(glob("a b/c(1|2)[x=1]"), "a?b/c?1?2?[x=1]");
    }
}
