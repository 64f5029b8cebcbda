//! Tables of what a campaign did, as Markdown.

use crate::state::State;
use std::fmt::Write;
use sv2_wire::fuzz::Target;

/// A row for each target: how long, how fast, how far, and what was found.
pub(crate) fn campaign(targets: &[&Target], state: &State, machine: &str, sanitizer: &str) -> String {
    let mut text = format!(
        "# Campaign\n\nMade by `fuzz/campaign run` and `fuzz/campaign report` on {machine}, libFuzzer by cargo-fuzz, sanitizer: \
         {sanitizer}.\nSeconds and executions are sums over all runs; edges and features the most that a run reached.\n\n\
         | target | seconds | executions | per second | edges | features | findings |\n|---|---:|---:|---:|---:|---:|---:|\n"
    );
    for target in targets {
        let total = state.total(target.name);
        let rate = total.figures.executed.checked_div(total.seconds).unwrap_or(0);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {rate} | {} | {} | {} |",
            target.name,
            total.seconds,
            total.figures.executed,
            total.figures.edges,
            total.figures.features,
            state.findings(target.name),
        );
    }
    text
}

/// A row for each source file that the replay of the corpus reaches, from what `cargo llvm-cov --json` wrote.
pub(crate) fn coverage(json: &serde_json::Value, root: &str) -> Option<String> {
    let mut text =
        "# Coverage of the corpus\n\nLines and regions that the replay of `corpus/` reaches; made by \
                    `fuzz/campaign coverage`.\n\n| file | lines | regions |\n|---|---:|---:|\n"
            .to_owned();
    let percent = |file: &serde_json::Value, what: &str| file["summary"][what]["percent"].as_f64();
    for file in json["data"].get(0)?["files"].as_array()? {
        let name = file["filename"].as_str()?;
        let name = name.strip_prefix(root).unwrap_or(name).trim_start_matches('/');
        let (lines, regions) = (percent(file, "lines")?, percent(file, "regions")?);
        if lines > 0.0 && !name.split('/').any(|part| part == "tests") {
            let _ = writeln!(text, "| {name} | {lines:.1} % | {regions:.1} % |");
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_that_nothing_reaches_are_left_out() {
        let file = |name: &str, percent: f64| json!({"filename": name, "summary": {"lines": {"percent": percent}, "regions": {"percent": percent}}});
        let files = json!({"data": [{"files": [file("/p/a.rs", 50.0), file("/p/b.rs", 0.0), file("/p/tests/c.rs", 9.0)]}]});
        let text = coverage(&files, "/p").unwrap();
        assert!(text.contains("| a.rs | 50.0 % | 50.0 % |"));
        assert!(!text.contains("b.rs") && !text.contains("c.rs"));
        assert_eq!(coverage(&json!({}), "/p"), None);
    }
}
