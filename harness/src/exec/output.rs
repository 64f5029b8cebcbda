//! What a target prints: read to the end, remembered in part.

use super::process::Stream;
use super::{LastLines, TARGET};
use regex::Regex;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines that are kept.
const LINES: usize = 20;
/// Bytes of a line that are looked at.
const LINE: usize = 1000;
/// How long the last lines of a process that has just died may take to come.
const LATE: Duration = Duration::from_millis(300);

/// Reads on threads of its own, until the streams end.
#[derive(Debug)]
pub(super) struct Output {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    ended: Condvar,
    regex: Option<Regex>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    announced: Option<Option<String>>,
    open: usize,
}

impl Output {
    /// Reads all streams, and looks in their lines for the first that matches.
    pub(super) fn read(streams: Vec<Stream>, regex: Option<Regex>) -> Self {
        let kept = Mutex::new(Kept { open: streams.len(), ..Kept::default() });
        let shared = Arc::new(Shared { kept, ended: Condvar::new(), regex });
        for stream in streams {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                read_lines(stream, |line| shared.line(line));
                shared.lock().open -= 1;
                shared.ended.notify_all();
            });
        }
        Self { shared }
    }

    /// Something once a line has matched; within it the text of the group `target`, if there is that group.
    pub(super) fn announced(&self) -> Option<Option<String>> {
        self.shared.lock().announced.clone()
    }

    /// The last lines, after a short wait for the streams to end.
    pub(super) fn last_lines(&self) -> LastLines {
        let kept = self.shared.lock();
        let waited = self.shared.ended.wait_timeout_while(kept, LATE, |kept| kept.open > 0);
        let (kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        LastLines(kept.lines.iter().cloned().collect())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text: String = text.trim_end().chars().map(|c| if c.is_control() { '.' } else { c }).collect();
        let mut kept = self.lock();
        if kept.announced.is_none()
            && let Some(found) = self.regex.as_ref().and_then(|regex| regex.captures(&text))
        {
            kept.announced = Some(found.name(TARGET).map(|target| target.as_str().to_owned()));
        }
        if text.is_empty() {
            return;
        }
        kept.lines.push_back(text);
        if kept.lines.len() > LINES {
            kept.lines.pop_front();
        }
    }
}

/// Cuts a stream into lines; what a line has above [`LINE`] bytes is dropped.
fn read_lines(mut stream: Stream, mut take: impl FnMut(&[u8])) {
    let (mut buffer, mut line) = (vec![0; 8192], Vec::new());
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let mut pieces = buffer.get(..count).unwrap_or_default().split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LINE.saturating_sub(line.len()).min(piece.len());
            line.extend(piece.iter().take(room));
            if pieces.peek().is_some() {
                take(&line);
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        take(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let stream: Stream = Box::new(std::io::Cursor::new(text.to_vec()));
        read_lines(stream, |line| lines.push(String::from_utf8_lossy(line).into_owned()));
        lines
    }

    #[test]
    fn lines_are_cut_where_they_end_or_grow_too_long() {
        assert_eq!(lines(b"a\n\nb"), ["a", "", "b"]);
        assert_eq!(lines(b""), Vec::<String>::new());
        let long = [vec![b'x'; 30_000], b"\nend\n".to_vec()].concat();
        assert_eq!(lines(&long), ["x".repeat(LINE), "end".to_owned()]);
    }

    #[test]
    fn only_the_last_lines_are_kept_and_the_first_match_counts() {
        let text: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let regex = Some(Regex::new("^line (?<target>[3-9])$").unwrap());
        let output = Output::read(vec![Box::new(std::io::Cursor::new(text.into_bytes()))], regex);
        let LastLines(kept) = output.last_lines();
        assert_eq!((kept.len(), kept[0].as_str(), kept[19].as_str()), (LINES, "line 80", "line 99"));
        assert_eq!(output.announced(), Some(Some("3".to_owned())));
    }
}
