//! The remarks of `sv2-conform check`.

use crate::scenario::lint::lint;
use crate::suite::{Source, Suite};
use crate::verdict::Place;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A remark as it is printed.
pub(super) struct Remark {
    pub(super) text: String,
    pub(super) is_warning: bool,
}

/// The remarks on the files of a suite, file by file; rows of a matrix share a file.
pub(super) fn remarks(suite: &Suite) -> Vec<Remark> {
    let sources = suite.scenarios.iter().map(|scenario| &scenario.source).chain(suite.fragments.values());
    let sources: BTreeMap<&str, &Arc<Source>> = sources.map(|source| (&*source.name, source)).collect();
    sources.into_values().flat_map(|source| of_file(source)).collect()
}

fn of_file(source: &Source) -> Vec<Remark> {
    let found = lint(&source.file, &source.text).into_iter().map(|lint| {
        let place = Place { file: Arc::clone(&source.name), text: Arc::clone(&source.text), span: lint.span };
        let before = source.text.get(..lint.span.start).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let severity = if lint.is_warning { "warning" } else { "error" };
        let text = format!("{}:{}:{column}: {severity}: {}", source.name, place.line(), lint.message);
        Remark { text, is_warning: lint.is_warning }
    });
    found.collect()
}
