//! Plays what was selected, on as many threads as may be.

use super::gate::Gate;
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::run::RunArgs;
use super::{Failure, keep};
use crate::drive;
use crate::exec::Exec;
use crate::ledger::Ledger;
use crate::profile::Profile;
use crate::runner::Plan;
use crate::sim::{self, Segmentation};
use crate::suite::{SLOW, Scenario, Suite};
use crate::target::{Target, faulty_pool, scenario_seed};
use crate::verdict::{Outcome, Verdict};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::UnboundedReceiver;

/// Plays all scenarios, `jobs` at a time. The second value says whether Ctrl-C came before the end.
pub(super) fn all(
    args: &RunArgs,
    suite: Suite,
    (target, exec): (&Target, Option<Arc<Exec>>),
    interrupt: Interrupt,
    seed: u64,
    ledger: &Arc<Ledger>,
) -> Result<(Vec<Outcome>, bool), Failure> {
    let mut profile = Profile { faults: args.fault.clone(), ..args.choice.over(target.profile()) };
    // Whoever asks for slow scenarios has the time.
    profile.waits_long = args.selection.asks_for(SLOW);
    let profile = Arc::new(profile);
    let peer = target.peer();
    let fragments = Arc::new(suite.fragments);
    let plan = |scenario: Scenario| Plan {
        seed: scenario_seed(seed, &scenario.id),
        scenario,
        fragments: Arc::clone(&fragments),
        ledger: Arc::clone(ledger),
        profile: Arc::clone(&profile),
        peer: peer.clone(),
        timeout_scale: args.timeout_scale,
    };
    let plans: VecDeque<Plan> = suite.scenarios.into_iter().map(plan).collect();
    let jobs = if matches!(target, Target::Embedded) { args.jobs.clamp(1, plans.len().max(1)) } else { 1 };
    let total = plans.len();
    let queue = Arc::new(Mutex::new(plans));
    let gate = Arc::new(Gate::default());
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..jobs {
        let (queue, sender, target, exec) =
            (Arc::clone(&queue), sender.clone(), target.clone(), exec.clone());
        let gate = Arc::clone(&gate);
        let (is_virtual, is_interrupted) = (args.virtual_time, Arc::clone(&is_interrupted));
        std::thread::spawn(move || {
            let plans = std::iter::from_fn(|| next_plan(&queue, &is_interrupted));
            // Nobody listens any more after an interruption.
            let mut plans = plans.inspect(|plan| {
                let _ = sender.send(Told::Began(plan.scenario.id.clone()));
            });
            let send = |outcome| sender.send(Told::Played(outcome)).is_ok();
            match (&exec, &target) {
                (Some(exec), Target::Foreign { templates, .. }) => {
                    keep::play_all(
                        exec,
                        templates.as_ref(),
                        plans,
                        |plan, target| play(plan, target, false),
                        send,
                    );
                }
                _ => {
                    let _ = plans.all(|plan| {
                        send(gate.pass(plan.scenario.is_exclusive(), || play(plan, &target, is_virtual)))
                    });
                }
            }
        });
    }
    drop(sender);
    let mut outcomes = collect(receiver, interrupt, total)?;
    is_interrupted.store(outcomes.1, Ordering::Relaxed);
    outcomes.0.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(outcomes)
}

/// What the threads that play tell.
enum Told {
    Began(String),
    Played(Outcome),
}

/// Takes in what is told, until all is played or an interruption comes.
fn collect(
    mut receiver: UnboundedReceiver<Told>,
    mut interrupt: Interrupt,
    total: usize,
) -> Result<(Vec<Outcome>, bool), Failure> {
    let mut progress = Progress::on_terminal(total);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::ours(error.to_string()))?;
    let mut outcomes = Vec::new();
    let is_interrupted = runtime.block_on(async {
        loop {
            // What has been played counts, even when the interruption is there too.
            tokio::select! {
                biased;
                told = receiver.recv() => match told {
                    Some(Told::Began(id)) => progress.began(&id),
                    Some(Told::Played(outcome)) => {
                        progress.played(&outcome);
                        outcomes.push(outcome);
                    }
                    None => return false,
                },
                () = interrupt.come() => return true,
            }
        }
    });
    Ok((outcomes, is_interrupted))
}

fn next_plan(queue: &Mutex<VecDeque<Plan>>, is_interrupted: &AtomicBool) -> Option<Plan> {
    if is_interrupted.load(Ordering::Relaxed) {
        return None;
    }
    queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop_front()
}

/// Plays one scenario. A panic of ours is an error of this scenario, and the others go on.
fn play(plan: Plan, target: &Target, is_virtual: bool) -> Outcome {
    let (id, title, seed) = (plan.scenario.id.clone(), plan.scenario.title().to_owned(), plan.seed);
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        if is_virtual {
            let node = faulty_pool(&plan.scenario, plan.seed, &plan.profile.faults)?;
            return Ok(sim::play(plan, node, Segmentation::AsWritten));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(runtime.block_on(drive::play(plan, target)))
    }));
    let reason = match played {
        Ok(Ok(outcome)) => return outcome,
        Ok(Err(problem)) => problem,
        Err(_) => "sv2-conform panicked; the message is on standard error".to_owned(),
    };
    Outcome::unplayed(&id, &title, seed, Verdict::Error, &reason)
}
