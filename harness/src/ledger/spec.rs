//! Which edition of the specification the ledger is from: one hash for each of its sections, so that a newer edition says
//! by itself which clauses have to be read again.

use super::{Ambiguity, Clause};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What stands above the first numbered heading of a file.
const PREAMBLE: &str = "top";

/// Hashes of all sections of one edition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecIndex {
    /// The commit of the edition, in hex.
    pub commit: String,
    /// The day of the commit, as `2026-08-20`.
    pub date: String,
    /// By file, below the root of the repository, and number of the section: SHA-256 in hex of the text from the
    /// section's heading to the next numbered one. Blanks at line ends and blank lines do not count.
    pub sections: BTreeMap<String, BTreeMap<String, String>>,
}

/// A section that two editions do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The file, below the root of the repository.
    pub file: String,
    /// The section's number.
    pub section: String,
    /// What became of it.
    pub kind: ChangeKind,
}

/// What became of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Its text is another.
    Changed,
    /// The older edition does not have it.
    Added,
    /// The newer edition does not have it.
    Removed,
}

impl ChangeKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// Whether a file of the specification's repository has sections that count: chapters and extensions.
pub fn is_chapter(path: &str) -> bool {
    let digits = path.bytes().take_while(u8::is_ascii_digit).count();
    let is_numbered = digits == 2 && path.as_bytes().get(2) == Some(&b'-');
    (is_numbered || path.starts_with("extensions/0x")) && path.ends_with(".md")
}

impl SpecIndex {
    /// The index of an edition, from the texts of its files by their paths below the root. Files that are no
    /// [chapters](is_chapter) are left out.
    pub fn of<'a>(commit: &str, date: &str, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let chapters = files.into_iter().filter(|(path, _)| is_chapter(path));
        let sections = chapters.map(|(path, text)| (path.to_owned(), hashes(text))).collect();
        Self { commit: commit.to_owned(), date: date.to_owned(), sections }
    }

    /// The text of a ledger file that holds this index.
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# The edition of the specification that the clauses are from: SHA-256 of each section, so that a newer edition says\n\
             # which clauses have to be read again. Made by `sv2-conform coverage --spec DIR --write FILE`; never edited by hand.\n\n",
        );
        // Writing to a string cannot fail.
        let _ = write!(text, "[spec]\ncommit = {:?}\ndate = {:?}\n", self.commit, self.date);
        for (file, sections) in &self.sections {
            let _ = write!(text, "\n[spec.sections.{file:?}]\n");
            let mut sections: Vec<_> = sections.iter().collect();
            sections.sort_by_key(|(number, _)| order(number));
            for (number, hash) in sections {
                let _ = writeln!(text, "{number:?} = {hash:?}");
            }
        }
        text
    }

    /// What a newer edition has changed, by file and section.
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (file, section, hash) in self.all() {
            let kind = match newer.hash(file, section) {
                Some(known) if known == hash => continue,
                Some(_) => ChangeKind::Changed,
                None => ChangeKind::Removed,
            };
            changes.push(Change { file: file.to_owned(), section: section.to_owned(), kind });
        }
        let added = newer.all().filter(|(file, section, _)| self.hash(file, section).is_none());
        changes.extend(added.map(|(file, section, _)| Change {
            file: file.to_owned(),
            section: section.to_owned(),
            kind: ChangeKind::Added,
        }));
        changes.sort_by(|a, b| (&a.file, order(&a.section)).cmp(&(&b.file, order(&b.section))));
        changes
    }

    /// Whether a clause rests on a section that has changed. A clause of a numbered paragraph that has no heading rests on
    /// the section around it.
    pub fn touches(&self, change: &Change, clause: &Clause) -> bool {
        if !belongs(&clause.id, &change.file) {
            return false;
        }
        let known = self.sections.get(&change.file);
        let mut section = clause.section.as_str();
        loop {
            if known.is_some_and(|sections| sections.contains_key(section)) {
                return section == change.section;
            }
            match section.rsplit_once('.') {
                Some((around, _)) => section = around,
                None => return false,
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.sections.iter().flat_map(|(file, sections)| {
            sections.iter().map(|(number, hash)| (file.as_str(), number.as_str(), hash.as_str()))
        })
    }

    fn hash(&self, file: &str, section: &str) -> Option<&str> {
        self.sections.get(file)?.get(section).map(String::as_str)
    }
}

impl Change {
    /// Whether an ambiguity is about this section: the number stands in the list of its sections.
    pub fn concerns(&self, ambiguity: &Ambiguity) -> bool {
        let mut extension = None;
        ambiguity.section.split(|next: char| next == ',' || next.is_whitespace()).any(|word| {
            if word.starts_with("EXT-") {
                extension = Some(word);
            }
            let is_here = match extension {
                Some(extension) => belongs(extension, &self.file),
                None => !self.file.starts_with("extensions/"),
            };
            is_here && word == self.section
        })
    }
}

/// Whether the clauses of an id are from a file: `SV2-05-112` from `05-...`, `EXT-0002-001` from `extensions/0x0002-...`.
fn belongs(id: &str, file: &str) -> bool {
    let mut parts = id.split('-');
    let (kind, chapter) = (parts.next(), parts.next().unwrap_or_default());
    let prefix = match kind {
        Some("SV2") => format!("{chapter}-"),
        Some("EXT") => format!("extensions/0x{chapter}-"),
        _ => return false,
    };
    !chapter.is_empty() && file.starts_with(&prefix)
}

/// `5.3.10` comes after `5.3.2`.
fn order(section: &str) -> Vec<u32> {
    section.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// The hash of each numbered section of a text.
fn hashes(text: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, Sha256> = BTreeMap::new();
    let mut current = PREAMBLE.to_owned();
    let mut is_code = false;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        is_code ^= line.trim_start().starts_with("```");
        // A number that the file has had already is that of a list, not of a section.
        if !is_code
            && let Some(number) = heading(line)
            && !sections.contains_key(number)
        {
            number.clone_into(&mut current);
        }
        let section = sections.entry(current.clone()).or_default();
        section.update(line);
        section.update("\n");
    }
    sections.into_iter().map(|(number, hash)| (number, hex::encode(hash.finalize()))).collect()
}

/// The number of a heading that has one.
fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    if title.len() == line.len() {
        return None;
    }
    let title = title.trim_start_matches([' ', '*']);
    let end = title.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(title.len());
    let number = title.get(..end)?.trim_end_matches('.');
    (!number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    const OLD: &str = "# 5. Mining\nintro\n## 5.1 Job\nA job.\n#### Notes\nmore\n```\n# 5.9 code\n```\n## 5.2 `Open`\nOpen it.\n";

    fn index(text: &str) -> SpecIndex {
        SpecIndex::of("abc", "2026-08-20", [("05-Mining.md", text), ("README.md", "# 1 no chapter")])
    }

    fn clause(id: &str, section: &str) -> Clause {
        let text = format!(
            "[[requirement]]\nid = \"{id}\"\nsection = \"{section}\"\ntitle = \"\"\ntext = \"\"\nlevel = \"MUST\"\n\
             subject = \"both\"\nprotocol = \"mining\"\nobservable = \"no\"\ncheck = \"\"\n"
        );
        Ledger::read([("a.toml", text.as_str())]).unwrap().clause(id).unwrap().clone()
    }

    #[test]
    fn sections_are_those_with_numbers_outside_of_code() {
        let index = index(OLD);
        assert_eq!(index.sections.len(), 1);
        let sections: Vec<_> = index.sections["05-Mining.md"].keys().collect();
        assert_eq!(sections, ["5", "5.1", "5.2"]);
    }

    #[test]
    fn a_changed_word_names_its_section_and_blanks_do_not() {
        let old = index(OLD);
        assert_eq!(old.changes(&index(&OLD.replace("A job.\n", "A job.  \n\n"))), []);
        let newer = index(&OLD.replace("more", "less").replace("5.2 `Open`", "5.3 `Open`"));
        let changes: Vec<_> = old.changes(&newer);
        let named: Vec<_> = changes.iter().map(|it| (it.section.as_str(), it.kind)).collect();
        let wanted = [("5.1", ChangeKind::Changed), ("5.2", ChangeKind::Removed), ("5.3", ChangeKind::Added)];
        assert_eq!(named, wanted);
    }

    #[test]
    fn clauses_and_ambiguities_of_a_changed_section_are_touched() {
        let old = index(OLD);
        let newer = index(&OLD.replace("A job.", "A task."));
        let change = old.changes(&newer).remove(0);
        assert!(old.touches(&change, &clause("SV2-05-001", "5.1")));
        assert!(old.touches(&change, &clause("SV2-05-001", "5.1.7")), "a paragraph without a heading");
        assert!(!old.touches(&change, &clause("SV2-05-001", "5.2")));
        assert!(!old.touches(&change, &clause("SV2-06-001", "5.1")));
        let about = |section: &str| {
            let row = Ambiguity {
                id: "AMB-1".to_owned(),
                title: String::new(),
                section: section.to_owned(),
                text: String::new(),
            };
            change.concerns(&row)
        };
        assert!(about("3.2, 5.1") && !about("5.1.2") && !about("EXT-0002 5.1"));
    }

    #[test]
    fn an_index_is_read_back_as_it_was_written() {
        let old = index(OLD);
        let ledger = Ledger::read([("spec.toml", old.to_toml().as_str())]).unwrap();
        assert_eq!(*ledger.spec(), old);
    }
}
