//! How what is sent on a connection is cut into writes, and whether what comes is read.

use super::Output;
use super::judge::Stop;
use super::play::Player;
use crate::scenario::syntax::{Expr, Step};

/// The shape of a connection's writes.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Bytes per write; without it a frame is one write.
    chunk: Option<usize>,
    /// What is held back, while that is asked for.
    held: Option<Vec<u8>>,
}

impl Shape {
    /// The writes that sending these bytes amounts to now.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        match &mut self.held {
            Some(held) => {
                held.extend(bytes);
                Vec::new()
            }
            None => self.cut(bytes),
        }
    }

    /// The writes of what was held back. Nothing is held back any more.
    pub(crate) fn flush(&mut self) -> Vec<Vec<u8>> {
        match self.held.take() {
            Some(held) if !held.is_empty() => self.cut(held),
            _ => Vec::new(),
        }
    }

    fn cut(&self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        match self.chunk {
            Some(size) => bytes.chunks(size.max(1)).map(<[u8]>::to_vec).collect(),
            None => vec![bytes],
        }
    }
}

impl Player {
    pub(super) fn chunk(&mut self, step: &Step, size: &Expr) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let size = self.env.integer(size)?;
        if size == 0 {
            return Err(Stop::Error("a write has 1 byte at least".to_owned()));
        }
        let conn = &mut self.conns[conn];
        conn.shape.chunk = Some(usize::try_from(size).unwrap_or(usize::MAX));
        self.report.trace.push(conn.note(&format!("writes of {size} bytes from here on")));
        Ok(())
    }

    pub(super) fn coalesce(&mut self, step: &Step) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let conn = &mut self.conns[conn];
        conn.shape.held.get_or_insert_default();
        self.report.trace.push(conn.note("held back from here on"));
        Ok(())
    }

    pub(super) fn stop_reading(&mut self, step: &Step) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let conn = &mut self.conns[conn];
        conn.is_unread = true;
        self.report.trace.push(conn.note("not read from here on"));
        self.world.output(Output::StopReading(conn.id));
        Ok(())
    }

    pub(super) fn read_again(&mut self, step: &Step) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let conn = &mut self.conns[conn];
        conn.is_unread = false;
        self.report.trace.push(conn.note("read from here on"));
        self.world.output(Output::ReadAgain(conn.id));
        Ok(())
    }

    /// Who does not read waits for nothing.
    pub(super) fn refuse_unread(&self, conn: usize) -> Result<(), Stop> {
        let why = "a step waits for what comes on a connection that the scenario does not read";
        let is_unread = self.conns.get(conn).is_some_and(|conn| conn.is_unread);
        if is_unread { Err(Stop::Error(why.to_owned())) } else { Ok(()) }
    }

    pub(super) fn flush_held(&mut self, step: &Step) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        self.conns[conn].flush();
        Ok(())
    }
}
