//! The pool of a scenario as the settings of a program, and its row of the matrix.

use super::values::afford;
use super::{Lost, line_of};
use crate::fuzz::pool::EASIEST_NBITS;
use crate::fuzz::program::Settings;
use crate::profile::SettingValue;
use crate::runner::eval::Env;
use crate::scenario::syntax::{Expr, ExprKind, File};
use crate::suite::Cell;
use crate::target::setting_value;

/// The values of the matrix, as far as they have some that is not made up of many.
pub(super) fn of_row(row: Vec<Cell>, lost: &mut Vec<Lost>) -> (Env, Vec<Cell>) {
    let (row, long): (Vec<Cell>, Vec<Cell>) =
        row.into_iter().partition(|cell| afford(&Env::default(), &cell.value).is_ok());
    lost.extend(long.iter().map(|cell| Lost { line: 1, what: format!("the long value of `{}`", cell.name) }));
    match Env::of_row(&row) {
        Ok(env) => (env, row),
        Err(stop) => {
            lost.push(Lost { line: 1, what: format!("matrix: {}", stop.reason()) });
            (Env::default(), Vec::new())
        }
    }
}

/// What `pool(...)` asks for.
pub(super) fn of_pool(file: &File, text: &str, row: &[Cell], lost: &mut Vec<Lost>) -> Settings {
    let mut settings = Settings::default();
    for argument in &file.pool {
        let name = &argument.name.node;
        let value = afford(&Env::default(), &argument.value)
            .and_then(|()| setting_value(&argument.value, row))
            .map_err(|why| format!("pool({name}): {why}"));
        if let Err(what) = value.and_then(|value| set(&mut settings, name, &value)) {
            lost.push(Lost { line: line_of(text, argument.name.span.start), what });
        }
    }
    settings
}

fn set(settings: &mut Settings, name: &str, value: &SettingValue) -> Result<(), String> {
    let switch = match (name, value) {
        ("ack-batch", SettingValue::Number(shares)) => {
            let batch = u8::try_from(*shares).unwrap_or(u8::MAX).clamp(1, Settings::MAX_BATCH);
            settings.batch = batch;
            let is_said = u64::from(batch) == *shares;
            return if is_said {
                Ok(())
            } else {
                Err(format!("pool(ack-batch): {batch} instead of {shares}"))
            };
        }
        // A program's pool tells shares apart by the easiest target, and what is beneath frames is not its.
        ("difficulty-one" | "transport", _) => return Ok(()),
        (_, SettingValue::Boolean(false)) => return Ok(()),
        (_, SettingValue::Boolean(true)) => name,
        ("extensions", SettingValue::Word(word)) if word == "worker" => return Ok(()),
        ("certificate", SettingValue::Word(word)) if word == "valid" => return Ok(()),
        ("extensions", SettingValue::Word(word)) if word == "required" => "required-extensions",
        ("nbits", SettingValue::Number(nbits)) if *nbits == u64::from(EASIEST_NBITS) => "easy-blocks",
        _ => "",
    };
    match Settings::SWITCHES.iter().position(|word| *word == switch) {
        Some(bit) => {
            settings.switches |= 1 << bit;
            Ok(())
        }
        None => Err(format!("pool({name}): the pool of a program has no such setting")),
    }
}

/// Whether the pool speaks without encryption anyway.
pub(super) fn is_plain(file: &File) -> bool {
    let plain = |value: &Expr| matches!(&value.kind, ExprKind::Name(word) if word == "plain");
    file.pool.iter().any(|argument| argument.name.node == "transport" && plain(&argument.value))
}
