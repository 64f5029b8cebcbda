//! What libFuzzer says on standard error, read.

/// Figures of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Inputs that were judged.
    pub(crate) executed: u64,
    /// Edges of the program that were reached.
    pub(crate) edges: u64,
    /// libFuzzer's features: edges, and how often they were taken.
    pub(crate) features: u64,
}

/// What tells one finding from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The target's oracle, or the kind of failure where no oracle spoke.
    pub(crate) what: String,
    /// Where in the source, where that is known.
    pub(crate) place: String,
}

/// The figures; what the log does not say is 0.
pub(crate) fn figures(log: &str) -> Figures {
    let mut figures = Figures::default();
    for line in log.lines() {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            figures.executed = count.trim().parse().unwrap_or(0);
        }
        // A log that was cut short has no final figures; its last pulse is close to them.
        if let Some(count) = line.strip_prefix('#').and_then(|rest| rest.split_whitespace().next()) {
            figures.executed = count.parse().unwrap_or(figures.executed).max(figures.executed);
        }
        for (name, figure) in [(" cov: ", &mut figures.edges), (" ft: ", &mut figures.features)] {
            if let Some((_, rest)) = line.split_once(name)
                && let Some(count) = rest.split_whitespace().next().and_then(|count| count.parse().ok())
            {
                *figure = count;
            }
        }
    }
    figures
}

/// The finding that ended a run of a target; nothing if none did.
pub(crate) fn signature(target: &str, log: &str) -> Option<Signature> {
    let place = |line: &str| Some(line.split_once("panicked at ")?.1.trim_end_matches(':').to_owned());
    let mut lines = log.lines();
    if let Some(place) = lines.find_map(place) {
        let said = lines.next().unwrap_or_default();
        let oracle = said.strip_prefix(target).and_then(|rest| rest.strip_prefix(": ")?.split(':').next());
        return Some(match oracle {
            Some(oracle) => Signature { what: oracle.to_owned(), place: String::new() },
            None => Signature { what: "panic".to_owned(), place },
        });
    }
    let summary = log.lines().find_map(|line| line.strip_prefix("SUMMARY: "))?;
    let (tool, what) = summary.split_once(": ").unwrap_or(("", summary));
    let mut words = what.split_whitespace();
    let kind = words.next().unwrap_or_default().to_owned();
    // AddressSanitizer names a place, libFuzzer ends its lines with "after N seconds" or the like.
    let place = if tool == "libFuzzer" { String::new() } else { words.collect::<Vec<_>>().join(" ") };
    Some(Signature { what: kind, place })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: &str = "INFO: seed corpus: files: 12\n\
        #12\tINITED cov: 80 ft: 101 corp: 9/80b exec/s: 0 rss: 40Mb\n\
        #524288\tpulse  cov: 120 ft: 300 corp: 33/1Kb lim: 400 exec/s: 174762 rss: 60Mb\n\
        #900000\tDONE   cov: 121 ft: 305 corp: 34/1Kb lim: 500 exec/s: 180000 rss: 61Mb\n\
        Done 900000 runs in 5 second(s)\n\
        stat::number_of_executed_units: 900000\n\
        stat::average_exec_per_sec:     180000\n";

    #[test]
    fn figures_are_the_last_ones() {
        assert_eq!(figures(FINE), Figures { executed: 900_000, edges: 121, features: 305 });
        let cut = FINE.split("#900000").next().unwrap();
        assert_eq!(figures(cut), Figures { executed: 524_288, edges: 120, features: 300 });
        assert_eq!(signature("frame_stream", FINE), None);
    }

    #[test]
    fn an_oracle_is_named_and_a_panic_has_its_place() {
        let log = "thread '<unnamed>' (7) panicked at harness/wire/src/fuzz.rs:85:13:\n\
            frame_stream: rechunk: two of three frames\nnote: run with\n==7== ERROR: libFuzzer: deadly signal\n\
            SUMMARY: libFuzzer: deadly signal\n";
        let found = Signature { what: "rechunk".to_owned(), place: String::new() };
        assert_eq!(signature("frame_stream", log), Some(found));
        let log = log.replace("frame_stream: rechunk: two of three frames", "index out of bounds");
        let found =
            Signature { what: "panic".to_owned(), place: "harness/wire/src/fuzz.rs:85:13".to_owned() };
        assert_eq!(signature("frame_stream", &log), Some(found));
    }

    #[test]
    fn hangs_and_sanitizers_are_findings_too() {
        let hang = "ALARM: working on the last Unit for 11 seconds\nSUMMARY: libFuzzer: timeout\n";
        assert_eq!(signature("datatype", hang).unwrap().what, "timeout");
        let read = "SUMMARY: AddressSanitizer: heap-buffer-overflow src/a.rs:7:3 in a::b\n";
        let found = signature("datatype", read).unwrap();
        assert_eq!(
            (found.what.as_str(), found.place.as_str()),
            ("heap-buffer-overflow", "src/a.rs:7:3 in a::b")
        );
    }
}
