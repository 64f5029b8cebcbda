//! Proof that checks can fail: the faults of the reference pool, and who finds them.
//!
//! A fault is killed where a clause comes out worse than on the clean pool with the same seed. The kill is *attributed* when
//! it is a clause that the fault is said to break, and *incidental* otherwise.

use crate::ledger::Ledger;
use crate::profile::Profile;
use crate::runner::Plan;
use crate::sim::{self, Segmentation};
use crate::suite::{Scenario, Suite};
use crate::target::{Target, faulty_pool, scenario_seed};
use crate::verdict::{Outcome, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use sv2_reference_pool::faults::Fault;
use sv2_session::rules::RULES;

/// Conversations about other things that a fault is shown to where only rules may find it.
const WATCHED: usize = 24;

/// Plays scenarios on virtual time against the embedded pool, clean or wrong on purpose.
pub struct Prover {
    suite: Suite,
    ledger: Arc<Ledger>,
    fragments: Arc<BTreeMap<String, Arc<crate::suite::Source>>>,
    seed: u64,
    /// What each scenario claims.
    claims: Vec<BTreeSet<String>>,
    /// How each scenario came out on the clean pool, once that was asked for.
    clean: Vec<OnceLock<Outcome>>,
}

/// What became of one fault.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The fault.
    pub fault: Fault,
    /// Scenarios that found a clause broken that the fault breaks, with these clauses; in the order of playing.
    pub attributed: Vec<Kill>,
    /// Scenarios that found other clauses broken and none of those.
    pub incidental: Vec<Kill>,
    /// How often it changed what the pool does, in all that was played. A fault that never fired says nothing about the suite.
    pub fired: u64,
}

/// A scenario that noticed a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// The scenario's id.
    pub scenario: String,
    /// How the scenario came out.
    pub verdict: Verdict,
    /// The clauses that came out worse than on the clean pool.
    pub clauses: BTreeSet<String>,
    /// Of these, the ones that an always-on rule found broken and no line did, with the rule's name.
    pub rules: BTreeMap<String, &'static str>,
    /// The rules that found a clause broken, whether or not a line did too.
    pub watchers: BTreeSet<&'static str>,
}

impl Kill {
    /// Whether a line of the scenario found a clause broken, rather than a rule alone.
    pub fn is_by_line(&self) -> bool {
        self.clauses.iter().any(|id| !self.rules.contains_key(id))
    }
}

/// How many scenarios a fault is shown to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Those that claim a clause of the fault, and a few others where a rule watches for one, until each of its clauses was
    /// found broken.
    EachClause,
    /// Those first and then all others, until one of its clauses was found broken.
    FirstKill,
    /// All, whatever was found.
    All,
}

impl Fate {
    /// The clauses of the fault that were found broken.
    pub fn proved(&self) -> BTreeSet<&str> {
        let killed = self.attributed.iter().flat_map(|kill| &kill.clauses).map(String::as_str);
        killed.filter(|id| self.fault.clauses.contains(id)).collect()
    }
}

impl Prover {
    /// A prover for a suite; all randomness comes from the seed.
    pub fn new(suite: Suite, ledger: Arc<Ledger>, seed: u64) -> Self {
        let claims = suite.scenarios.iter().map(|scenario| {
            scenario.claims(&suite.fragments).into_iter().map(|claim| claim.clause).collect()
        });
        let claims = claims.collect();
        let clean = suite.scenarios.iter().map(|_| OnceLock::new()).collect();
        let fragments = Arc::new(suite.fragments.clone());
        Self { suite, ledger, fragments, seed, claims, clean }
    }

    /// The scenarios.
    pub fn suite(&self) -> &Suite {
        &self.suite
    }

    /// Plays one scenario. What no pool can be is an error of ours.
    pub fn play(&self, scenario: &Scenario, faults: &[Fault]) -> Outcome {
        self.play_counted(scenario, faults).0
    }

    /// Plays one scenario, and says how often the faults fired.
    fn play_counted(&self, scenario: &Scenario, faults: &[Fault]) -> (Outcome, u64) {
        let seed = scenario_seed(self.seed, &scenario.id);
        let node = match faulty_pool(scenario, seed, faults) {
            Ok(node) => node,
            Err(problem) => {
                return (
                    Outcome::unplayed(&scenario.id, scenario.title(), seed, Verdict::Error, &problem),
                    0,
                );
            }
        };
        let plan = Plan {
            seed,
            scenario: scenario.clone(),
            fragments: Arc::clone(&self.fragments),
            ledger: Arc::clone(&self.ledger),
            profile: Arc::new(Profile { faults: faults.to_vec(), ..Target::Embedded.profile() }),
            peer: Target::Embedded.peer(),
            timeout_scale: 1.0,
        };
        let (outcome, node) = sim::play_and_keep(plan, node, Segmentation::AsWritten);
        let (of_node, of_pool) = (node.statistics().faults, node.service().statistics().faults);
        let fired =
            of_node.values().chain(of_pool.values()).fold(0, |sum: u64, count| sum.saturating_add(*count));
        (outcome, fired)
    }

    /// How every scenario comes out on the clean pool, in the order of the suite. Each is played once.
    pub fn clean(&self) -> Vec<&Outcome> {
        let all: Vec<usize> = (0..self.clean.len()).collect();
        in_parallel(&all, |index| self.clean_of(*index)).into_iter().flatten().collect()
    }

    /// How the scenario at `index` of the suite comes out on the clean pool.
    fn clean_of(&self, index: usize) -> Option<&Outcome> {
        let (cell, scenario) = (self.clean.get(index)?, self.suite.scenarios.get(index)?);
        Some(cell.get_or_init(|| self.play(scenario, &[])))
    }

    /// What becomes of each fault. The whole suite is played on the clean pool.
    pub fn fates(&self, faults: &[Fault], effort: Effort) -> Vec<Fate> {
        let occasions = occasions(&self.clean());
        in_parallel(faults, |fault| self.fate(*fault, effort, &occasions))
    }

    /// The same for a few faults: the clean pool plays only the scenarios that are needed.
    pub fn few_fates(&self, faults: &[Fault], effort: Effort) -> Vec<Fate> {
        in_parallel(faults, |fault| self.fate(*fault, effort, &Occasions::new()))
    }

    /// The first fault that the scenario at `index` of the suite notices well enough, those that break what it claims before
    /// the others.
    pub fn first_kill(
        &self,
        index: usize,
        faults: &[Fault],
        is_enough: impl Fn(&Kill) -> bool,
    ) -> Option<(Fault, Kill)> {
        let (scenario, claims) = (self.suite.scenarios.get(index)?, self.claims.get(index)?);
        let clean = self.clean_of(index)?;
        let is_near = |fault: &&Fault| fault.clauses.iter().any(|clause| claims.contains(*clause));
        let (near, far): (Vec<&Fault>, Vec<&Fault>) = faults.iter().partition(is_near);
        near.into_iter().chain(far).find_map(|fault| {
            let kill = kill(clean, &self.play(scenario, &[*fault]));
            is_enough(&kill).then_some((*fault, kill))
        })
    }

    fn fate(&self, fault: Fault, effort: Effort, occasions: &Occasions) -> Fate {
        let mut fate = Fate { fault, attributed: Vec::new(), incidental: Vec::new(), fired: 0 };
        let mut open: BTreeSet<&str> = fault.clauses.iter().copied().collect();
        let mut played = BTreeSet::new();
        for (index, clause) in self.order(&fault, effort, occasions) {
            // What was found already needs no further scenario, unless all are wanted.
            let is_shown = clause.is_some_and(|clause| !open.contains(clause));
            if (effort == Effort::EachClause && is_shown) || !played.insert(index) {
                continue;
            }
            let (Some(scenario), Some(clean)) = (self.suite.scenarios.get(index), self.clean_of(index))
            else {
                continue;
            };
            let (outcome, fired) = self.play_counted(scenario, &[fault]);
            fate.fired = fate.fired.saturating_add(fired);
            let kill = kill(clean, &outcome);
            if kill.clauses.is_empty() {
                continue;
            }
            let hit = fault.clauses.iter().filter(|id| kill.clauses.contains(**id)).count();
            open.retain(|id| !kill.clauses.contains(*id));
            if hit > 0 { &mut fate.attributed } else { &mut fate.incidental }.push(kill);
            let is_enough = match effort {
                Effort::EachClause => open.is_empty(),
                Effort::FirstKill => hit > 0,
                Effort::All => false,
            };
            if is_enough {
                break;
            }
        }
        fate
    }

    /// Which scenarios a fault is shown to, and for the sake of which clause: by clause those with a line that claims it, then
    /// some in which a rule had an occasion to decide it; at last all others, where they are wanted.
    fn order(
        &self,
        fault: &Fault,
        effort: Effort,
        occasions: &Occasions,
    ) -> Vec<(usize, Option<&'static str>)> {
        let mut order = Vec::new();
        for clause in fault.clauses.iter().copied() {
            let claiming = self.claims.iter().enumerate().filter(|(_, claims)| claims.contains(clause));
            order.extend(claiming.map(|(index, _)| (index, Some(clause))));
            let watched = occasions.get(clause).into_iter().flatten().take(WATCHED);
            order.extend(watched.map(|index| (*index, Some(clause))));
            // A rule may also have its first occasion by the fault itself.
            if is_watched(clause) {
                order.extend((0..self.claims.len().min(WATCHED)).map(|index| (index, Some(clause))));
            }
        }
        if effort != Effort::EachClause {
            order.extend((0..self.claims.len()).map(|index| (index, None)));
        }
        order
    }
}

/// By clause, the scenarios in which a rule decided it for the clean pool.
type Occasions = BTreeMap<String, Vec<usize>>;

fn occasions(clean: &[&Outcome]) -> Occasions {
    let mut occasions = Occasions::new();
    for (index, outcome) in clean.iter().enumerate() {
        for clause in outcome.clauses.iter().filter(|clause| clause.rule.is_some()) {
            let scenarios = occasions.entry(clause.id.clone()).or_default();
            if scenarios.last() != Some(&index) {
                scenarios.push(index);
            }
        }
    }
    occasions
}

/// Whether an always-on rule decides the clause, so that any conversation may find it broken.
fn is_watched(clause: &str) -> bool {
    RULES.iter().any(|rule| rule.clauses.contains(&clause))
}

/// The clauses that came out worse than on the clean pool: failed, or kept in a tolerated reading only.
fn kill(clean: &Outcome, faulty: &Outcome) -> Kill {
    let before =
        |id: &str| clean.clauses.iter().filter(|clause| clause.id == id).map(|clause| clause.verdict).max();
    let raised = faulty.clauses.iter().filter(|clause| {
        matches!(clause.verdict, Verdict::Fail | Verdict::PassLenient)
            && before(&clause.id) < Some(clause.verdict)
    });
    let mut kill = Kill {
        scenario: faulty.id.clone(),
        verdict: faulty.verdict,
        clauses: BTreeSet::new(),
        rules: BTreeMap::new(),
        watchers: BTreeSet::new(),
    };
    let mut of_lines: BTreeSet<&str> = BTreeSet::new();
    for clause in raised {
        kill.clauses.insert(clause.id.clone());
        if let Some(rule) = clause.rule {
            kill.rules.insert(clause.id.clone(), rule);
            kill.watchers.insert(rule);
        } else {
            of_lines.insert(&clause.id);
        }
    }
    kill.rules.retain(|id, _| !of_lines.contains(id.as_str()));
    kill
}

/// Does something with each item on as many threads as there are processors; the results stand in the order of the items.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
