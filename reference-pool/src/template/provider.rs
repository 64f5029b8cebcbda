//! A template provider: spec chapter 7 from the server's side, without sockets and without a clock.
//!
//! The first template of a connection is a future one, then `SetNewPrevHash` makes it current (AMB-81). A client that
//! asks for more coinbase room than a block has gets no template but a close.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::fixed::{FixedTemplates, TemplateConfig, TemplateConfigError};
use super::{Change, Template, TemplateSource};
use crate::extensions::Extensions;
use crate::service::{ConnId, Control, Finding, Now, Outbox, Service};
use crate::setup::Offer;
use bitcoin::consensus::serialize;
use bitcoin::hashes::Hash;
use bitcoin::{Block, Weight};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::frame::Frame;
use sv2_wire::{
    B0_16M, B0_64K, B0_255, CoinbaseOutputConstraints, Message, NewTemplate, Problem,
    RequestTransactionDataError, RequestTransactionDataSuccess, Seq0_64K, Seq0_255, SubmitSolution,
    TemplateSetNewPrevHash, U256,
};

pub use solution::SolutionError;

mod solution;

/// How the provider behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderConfig {
    /// Where everything random comes from. Default 0.
    pub seed: u64,
    /// The templates.
    pub templates: TemplateConfig,
    /// Templates that are remembered, the current one among them; at least 1 is. Default 32.
    pub kept_templates: usize,
    /// Solutions that wait to be taken; the oldest is dropped for a new one. Default 256.
    pub max_solutions: usize,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self { seed: 0, templates: TemplateConfig::default(), kept_templates: 32, max_solutions: 256 }
    }
}

/// A solution that a client sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Who sent it.
    pub conn: ConnId,
    /// The message.
    pub message: SubmitSolution,
    /// The block that would go to the network, or why there is none.
    pub outcome: Result<Block, SolutionError>,
}

/// The template provider's protocol core.
pub struct TemplateProvider {
    source: Box<dyn TemplateSource + Send>,
    known: VecDeque<Arc<Template>>,
    kept_templates: usize,
    tip_since: Duration,
    clients: BTreeMap<ConnId, Phase>,
    solutions: VecDeque<Solution>,
    max_solutions: usize,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    SetUp,
    Served { max_additional_size: u32 },
    Closing,
}

/// Weight units of a block that are neither transactions nor outputs of the client (spec section 7.1).
const RESERVED_WEIGHT: u64 = 1168;

impl TemplateProvider {
    /// A provider with templates of its own.
    ///
    /// # Errors
    /// [`TemplateConfigError`].
    pub fn new(config: ProviderConfig) -> Result<Self, TemplateConfigError> {
        let source = FixedTemplates::new(config.seed, &config.templates)?;
        Ok(Self {
            known: VecDeque::from([source.current()]),
            source: Box::new(source),
            kept_templates: config.kept_templates.max(1),
            tip_since: Duration::ZERO,
            clients: BTreeMap::new(),
            solutions: VecDeque::new(),
            max_solutions: config.max_solutions,
        })
    }

    /// Takes the solutions out, the oldest first; each comes once.
    pub fn take_solutions(&mut self) -> Vec<Solution> {
        self.solutions.drain(..).collect()
    }

    fn message(&mut self, conn: ConnId, message: Message, now: Now, out: &mut Outbox) {
        match message {
            Message::CoinbaseOutputConstraints(constraints) => self.constrain(conn, &constraints, now, out),
            Message::RequestTransactionData(request) => {
                out.send(conn, self.transaction_data(request.template_id));
            }
            Message::SubmitSolution(message) => self.submit(conn, message, now),
            Message::RequestExtensions(request) => match Extensions::default().answer(&request) {
                Ok(success) => out.send(conn, success),
                Err(error) => out.send(conn, error),
            },
            _ => {}
        }
    }

    /// "the server MUST immediately reply with the current best block template" (spec chapter 7). A client that changes
    /// its mind gets another template on the same tip, since ids rise strictly (AMB-82).
    fn constrain(
        &mut self,
        conn: ConnId,
        constraints: &CoinbaseOutputConstraints,
        now: Now,
        out: &mut Outbox,
    ) {
        let max_additional_size = constraints.coinbase_output_max_additional_size;
        let served_before = matches!(self.clients.get(&conn), Some(Phase::Served { .. }));
        let template = match served_before {
            true => self.advance(Change::Template, now),
            false => self.source.current(),
        };
        if !fits(&template, max_additional_size) {
            self.clients.insert(conn, Phase::Closing);
            out.close(conn);
            return;
        }
        self.clients.insert(conn, Phase::Served { max_additional_size });
        offer(conn, &template, !served_before, out);
    }

    fn transaction_data(&self, template_id: u64) -> Message {
        let refuse = |code: &str| RequestTransactionDataError { template_id, error_code: code.into() }.into();
        let Some(template) = self.template(template_id) else { return refuse("template-id-not-found") };
        if template.tip != self.source.current().tip {
            return refuse("stale-template-id");
        }
        let bytes = template.transactions.iter().map(|transaction| B0_16M::new(serialize(transaction)));
        match bytes.collect::<Result<Vec<_>, _>>().and_then(Seq0_64K::new) {
            Ok(transaction_list) => RequestTransactionDataSuccess {
                template_id,
                excess_data: B0_64K::default(),
                transaction_list,
            }
            .into(),
            Err(_) => refuse("template-too-large"),
        }
    }

    fn submit(&mut self, conn: ConnId, message: SubmitSolution, now: Now) {
        let tip = self.source.current().tip;
        let tip_age = now.elapsed.saturating_sub(self.tip_since);
        let outcome = match self.template(message.template_id) {
            None => Err(SolutionError::UnknownTemplate),
            Some(template) if template.tip != tip => Err(SolutionError::StaleTemplate),
            Some(template) => solution::block(template, &message, tip_age),
        };
        self.solutions.push_back(Solution { conn, message, outcome });
        while self.solutions.len() > self.max_solutions {
            self.solutions.pop_front();
        }
    }

    fn template(&self, id: u64) -> Option<&Template> {
        self.known.iter().find(|template| template.id == id).map(AsRef::as_ref)
    }

    fn advance(&mut self, change: Change, now: Now) -> Arc<Template> {
        let before = self.source.current().tip;
        let template = self.source.advance(change, now);
        if template.tip != before {
            self.tip_since = now.elapsed;
        }
        self.known.push_back(Arc::clone(&template));
        while self.known.len() > self.kept_templates {
            self.known.pop_front();
        }
        template
    }
}

impl Service for TemplateProvider {
    fn opened(&mut self, conn: ConnId, _: Now, _: &mut Outbox) {
        self.clients.insert(conn, Phase::New);
    }

    fn frame(&mut self, conn: ConnId, frame: &Frame, now: Now, out: &mut Outbox) {
        let Some(phase) = self.clients.get_mut(&conn) else { return };
        match (*phase, frame.decode().map(|decoded| decoded.message)) {
            (Phase::Closing, _) => {}
            (Phase::New, Ok(Message::SetupConnection(request))) => {
                match Offer::TEMPLATE_PROVIDER.answer(&request) {
                    Ok(success) => {
                        *phase = Phase::SetUp;
                        out.send(conn, success);
                    }
                    Err(error) => {
                        *phase = Phase::Closing;
                        out.send(conn, error);
                        out.close(conn);
                    }
                }
            }
            (Phase::SetUp | Phase::Served { .. }, Ok(message)) => self.message(conn, message, now, out),
            (Phase::SetUp | Phase::Served { .. }, Err(error))
                if matches!(error.problem, Problem::UnknownMessage { .. }) => {}
            _ => {
                *phase = Phase::Closing;
                out.close(conn);
            }
        }
    }

    fn closed(&mut self, conn: ConnId) {
        self.clients.remove(&conn);
    }

    fn report(&self) -> Json {
        json!({
            "clients": self.clients.len(),
            "template_id": self.source.current().id,
            "known_templates": self.known.len(),
            "solutions_waiting": self.solutions.len(),
        })
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        self.take_solutions().into_iter().map(|solution| Finding::Solution(Box::new(solution))).collect()
    }

    fn control(&mut self, control: Control, now: Now, out: &mut Outbox) {
        let Some(change) = control.change() else { return };
        let template = self.advance(change, now);
        for (conn, phase) in &mut self.clients {
            let Phase::Served { max_additional_size } = *phase else { continue };
            if fits(&template, max_additional_size) {
                offer(*conn, &template, change == Change::Block, out);
            } else {
                *phase = Phase::Closing;
                out.close(*conn);
            }
        }
    }
}

/// Decides what a template is announced by: a future template and the previous hash that makes it current, back to back,
/// or a template for the present tip. A template that does not fit its message is not announced; the built-in ones do.
fn offer(conn: ConnId, template: &Template, future: bool, out: &mut Outbox) {
    let Ok(message) = new_template(template, future) else { return };
    out.send(conn, message);
    if future {
        out.send(
            conn,
            TemplateSetNewPrevHash {
                template_id: template.id,
                prev_hash: U256::from_le_bytes(template.tip.prev_hash.to_byte_array()),
                header_timestamp: template.tip.min_ntime,
                nbits: template.tip.nbits.to_consensus(),
                target: U256::from_le_bytes(template.tip.target().to_le_bytes()),
            },
        );
    }
}

fn new_template(template: &Template, future_template: bool) -> Result<NewTemplate, sv2_wire::ValueError> {
    let outputs = template.outputs.iter().flat_map(serialize).collect();
    let path = template.merkle_path.iter().map(|node| U256::from_le_bytes(node.to_byte_array()));
    Ok(NewTemplate {
        template_id: template.id,
        future_template,
        version: template.version.to_consensus().cast_unsigned(),
        coinbase_tx_version: template.coinbase_version.0.cast_unsigned(),
        coinbase_prefix: B0_255::new(template.coinbase_prefix.to_bytes())?,
        coinbase_tx_input_sequence: template.sequence.to_consensus_u32(),
        coinbase_tx_value_remaining: template.value.to_sat(),
        coinbase_tx_outputs_count: u32::try_from(template.outputs.len()).unwrap_or(u32::MAX),
        coinbase_tx_outputs: B0_64K::new(outputs)?,
        coinbase_tx_locktime: template.lock_time.to_consensus_u32(),
        merkle_path: Seq0_255::new(path.collect())?,
    })
}

/// Decides whether a template leaves the client the room that it asked for: "The Template Provider MUST NOT provide
/// NewTemplate messages which would represent consensus-invalid blocks once this additional size and sigops [...] is
/// added" (spec section 7.1). The sigops of a U16 always fit beside the few of the built-in transactions.
fn fits(template: &Template, max_additional_size: u32) -> bool {
    let transactions = template.transactions.iter().map(|transaction| transaction.weight().to_wu());
    let reserved = u64::from(max_additional_size).saturating_mul(4).saturating_add(RESERVED_WEIGHT);
    transactions.fold(reserved, u64::saturating_add) <= Weight::MAX_BLOCK.to_wu()
}
