//! The walk down a file.

use std::collections::HashSet;

use super::super::diagnostic::{ScenarioError, shown};
use super::super::syntax::{
    Argument, Arm, Assignment, Axis, Call, Claims, Condition, Expect, ExpectForm, Expr, ExprKind, File,
    FileKind, Handshake, Ident, Judgement, Member, Mine, Never, Outcome, Provoke, Reference, Send, Settle,
    Signature, Spanned, Step, StepKind, StepName, Submit, Test,
};
use super::names::Names;
use super::scope::Scope;
use super::{FragmentSignature, Vocabulary};

/// A share may go out as either of these, depending on its channel.
const SHARES: [&str; 2] = ["SubmitSharesStandard", "SubmitSharesExtended"];

/// Combinations of values that one file may have.
const MOST_ROWS: usize = 1000;

/// Checks a whole file.
pub(super) fn file(file: &File, vocabulary: &dyn Vocabulary) -> Vec<ScenarioError> {
    let names = Names { vocabulary, errors: Vec::new() };
    let mut walk = Walk { names, scope: Scope::default(), connections: HashSet::new(), words: Vec::new() };
    file.needs.iter().for_each(|word| walk.names.capability(word));
    walk.names.once("need", &file.needs);
    walk.names.once("tag", &file.tags);
    walk.matrix(&file.matrix);
    walk.pool(&file.pool);
    if let FileKind::Fragment(signature) = &file.kind {
        walk.parameters(signature);
    }
    for (index, step) in file.steps.iter().enumerate() {
        walk.step(step);
        walk.bound(step, file.steps.get(index + 1..).unwrap_or_default());
    }
    if let FileKind::Fragment(signature) = &file.kind {
        walk.results(signature);
    }
    walk.names.errors
}

struct Walk<'a> {
    names: Names<'a>,
    scope: Scope,
    /// Named connections that an earlier step may have opened.
    connections: HashSet<String>,
    /// The bare words that have a meaning where the walk is.
    words: Vec<String>,
}

impl Walk<'_> {
    fn matrix(&mut self, matrix: &[Axis]) {
        self.names.once("matrix line", matrix.iter().map(|axis| &axis.name));
        for axis in matrix {
            // A bare word is for a setting of the pool.
            let values = axis.values.iter().filter(|value| !matches!(value.kind, ExprKind::Name(_)));
            values.for_each(|value| self.expr(value));
            for (index, value) in axis.values.iter().enumerate() {
                let earlier = axis.values.iter().take(index).find(|other| other.kind == value.kind);
                if let Some(first) = earlier {
                    let error = ScenarioError::new(value.span, "the same value twice");
                    self.names.errors.push(error.and(first.span, "first here"));
                }
            }
        }
        let rows = matrix.iter().fold(1usize, |rows, axis| rows.saturating_mul(axis.values.len()));
        if let (true, Some(first)) = (rows > MOST_ROWS, matrix.first()) {
            let message = format!("{rows} combinations of values, more than {MOST_ROWS}");
            self.names.errors.push(ScenarioError::new(first.name.span, message));
        }
        for axis in matrix {
            if !self.scope.is_bound(&axis.name.node) {
                self.bind(Some(&axis.name), &[]);
            }
        }
    }

    fn pool(&mut self, settings: &[Argument]) {
        self.names.once("pool setting", settings.iter().map(|setting| &setting.name));
        for setting in settings {
            self.names.pool_setting(&setting.name);
            let problem = self.names.vocabulary.pool_value_problem(&setting.name.node, &setting.value.kind);
            if let Some(problem) = problem {
                self.names.errors.push(ScenarioError::new(setting.value.span, problem));
                continue;
            }
            if !matches!(setting.value.kind, ExprKind::Name(_)) {
                self.expr(&setting.value);
            }
        }
    }

    fn parameters(&mut self, signature: &Signature) {
        self.names.once("parameter", signature.parameters.iter().map(|parameter| &parameter.name));
        for default in signature.parameters.iter().filter_map(|parameter| parameter.default.as_ref()) {
            self.expr(default);
        }
        for parameter in &signature.parameters {
            if !self.scope.is_bound(&parameter.name.node) {
                self.bind(Some(&parameter.name), &[]);
            }
        }
    }

    fn results(&mut self, signature: &Signature) {
        self.names.once("result", &signature.results);
        for result in signature.results.iter().filter(|result| !self.scope.is_bound(&result.node)) {
            let message = format!("the fragment never binds its result `${}`", shown(&result.node));
            self.names.errors.push(ScenarioError::new(result.span, message));
        }
    }

    fn step(&mut self, step: &Step) {
        self.connection(step);
        match &step.kind {
            StepKind::Handshake(handshake) => self.handshake(handshake),
            StepKind::Send(send) => self.send(send),
            StepKind::Raw { bytes } => self.expr(bytes),
            StepKind::Corrupt(corrupt) => {
                [&corrupt.record, &corrupt.bit].into_iter().for_each(|expr| self.expr(expr))
            }
            StepKind::Expect(expect) => self.expect(expect),
            StepKind::AwaitJob(job) => {
                self.reference(&job.channel);
                self.optional(job.within.as_ref());
                self.bind(Some(&job.capture), &[]);
            }
            StepKind::AwaitJobs(jobs) => {
                jobs.channels.iter().for_each(|channel| self.reference(channel));
                self.optional(jobs.within.as_ref());
                jobs.captures.iter().for_each(|capture| self.bind(Some(capture), &[]));
            }
            StepKind::Never(never) => {
                if let Outcome::Message(name) = &never.outcome.node {
                    self.names.message(name, never.outcome.span);
                }
                self.claims(&never.claims);
            }
            StepKind::Disjoint(disjoint) => {
                disjoint.jobs.iter().for_each(|job| self.reference(job));
                self.condition(disjoint.unless.as_ref());
                self.claims(&disjoint.claims);
            }
            StepKind::Mine(mine) => self.mine(mine),
            StepKind::Submit(submit) => self.submit(submit),
            StepKind::Settle(settle) => self.settle(settle),
            StepKind::Assert(assert) => {
                self.expr(&assert.left);
                self.test(&assert.test);
                self.condition(assert.unless.as_ref());
                self.claims(&assert.claims);
            }
            StepKind::Assume { condition } => self.condition(Some(condition)),
            StepKind::Alive { claims } => self.claims(claims),
            StepKind::Block { capture } | StepKind::Template { capture } => self.bind(capture.as_ref(), &[]),
            StepKind::Provoke(provoke) => self.provoke(provoke),
            StepKind::Measure { capture } => self.bind(Some(capture), &[]),
            StepKind::Elapse { duration } => self.expr(duration),
            StepKind::Chunk { size } => self.expr(size),
            StepKind::Call(call) => self.call(call),
            StepKind::Connect { .. }
            | StepKind::Coalesce
            | StepKind::Flush
            | StepKind::StopReading
            | StepKind::ReadAgain
            | StepKind::Close
            | StepKind::Reset
            | StepKind::HalfClose
            | StepKind::Reconnect => {}
        }
    }

    /// What a `never` holds until must come later.
    fn bound(&mut self, step: &Step, later: &[Step]) {
        let StepKind::Never(Never { until: Some(until), .. }) = &step.kind else { return };
        if until.node.find(later).is_some() {
            return;
        }
        let (word, known): (_, Vec<String>) = match &until.node {
            StepName::Verb(verb) => {
                (verb.clone(), later.iter().map(|step| step.kind.verb().to_owned()).collect())
            }
            StepName::Capture(name) => {
                let captures = later.iter().flat_map(|step| step.kind.captures());
                (format!("${name}"), captures.map(|capture| format!("${}", capture.node)).collect())
            }
        };
        let message = format!("no step below is called `{}`", shown(&word));
        let error = ScenarioError::new(until.span, message);
        self.names.errors.push(error.did_you_mean(
            &word,
            known,
            "a step is named by its verb, by its fragment, or by a capture that it binds",
        ));
    }

    fn condition(&mut self, condition: Option<&Condition>) {
        if let Some(condition) = condition {
            self.expr(&condition.left);
            if let Some(test) = &condition.test {
                self.test(test);
            }
        }
    }

    fn connection(&mut self, step: &Step) {
        let Some(name) = &step.connection else { return };
        let opens = matches!(step.kind, StepKind::Connect { .. } | StepKind::Call(_));
        if opens {
            self.connections.insert(name.node.clone());
        } else if !self.connections.contains(&name.node) {
            let message = format!("the connection `{}` was never opened", shown(&name.node));
            let help =
                format!("open it with `{}: connect`, or with a fragment that connects", shown(&name.node));
            self.names.errors.push(ScenarioError::new(name.span, message).help(help));
        }
    }

    fn handshake(&mut self, handshake: &Handshake) {
        self.claims(&handshake.claims);
        self.assignments(&handshake.fields, None);
        let facts = self.names.vocabulary.handshake_facts();
        self.judgements(&handshake.judgements, "handshake", &facts);
        self.bind(handshake.capture.as_ref(), &[]);
    }

    fn send(&mut self, send: &Send) {
        let known = self.names.message(&send.message.node, send.message.span);
        let fields = self.names.vocabulary.fields(&send.message.node);
        self.assignments(&send.fields, known.then_some((send.message.node.as_str(), fields.as_slice())));
        for (index, modifier) in send.modifiers.iter().enumerate() {
            self.expr(&modifier.value);
            let earlier =
                send.modifiers.iter().take(index).find(|other| other.kind.node == modifier.kind.node);
            if let Some(first) = earlier {
                let error = ScenarioError::new(modifier.kind.span, "the same change twice");
                self.names.errors.push(error.and(first.kind.span, "first here"));
            }
        }
        let message = if known { vec![send.message.node.as_str()] } else { Vec::new() };
        self.bind(send.capture.as_ref(), &message);
    }

    fn provoke(&mut self, provoke: &Provoke) {
        let name = &provoke.message;
        let known = self.names.provocable(name);
        let fields = self.names.vocabulary.fields(&name.node);
        self.assignments(&provoke.fields, known.then_some((name.node.as_str(), fields.as_slice())));
    }

    fn expect(&mut self, expect: &Expect) {
        if let Some(sent) = &expect.reply_to {
            self.reference(sent);
        }
        self.optional(expect.within.as_ref());
        self.claims(&expect.claims);
        for arm in &expect.arms {
            if expect.form == ExpectForm::Arms {
                self.scope.begin_arm();
            }
            self.arm(arm);
        }
        self.scope.end_arms();
    }

    fn arm(&mut self, arm: &Arm) {
        if let Some(sent) = &arm.reply_to {
            self.reference(sent);
        }
        self.claims(&arm.claims);
        let Outcome::Message(name) = &arm.outcome.node else {
            return self.bind(arm.capture.as_ref(), &[]);
        };
        if self.names.message(name, arm.outcome.span) {
            let fields = self.names.vocabulary.fields(name);
            self.judgements(&arm.judgements, name, &fields);
            self.bind(arm.capture.as_ref(), &[name]);
        } else {
            self.judged_values(&arm.judgements);
            self.bind(arm.capture.as_ref(), &[]);
        }
    }

    fn mine(&mut self, mine: &Mine) {
        self.optional(mine.count.as_ref());
        self.reference(&mine.job);
        self.assignments(&mine.fields, None);
        mine.limits.iter().for_each(|limit| self.expr(&limit.operand));
        self.bind(mine.capture.as_ref(), &[]);
    }

    fn submit(&mut self, submit: &Submit) {
        self.reference(&submit.share);
        let fields: Vec<String> = SHARES.iter().flat_map(|name| self.names.vocabulary.fields(name)).collect();
        self.assignments(&submit.fields, Some(("submit", &fields)));
        self.bind(submit.capture.as_ref(), &[]);
    }

    fn settle(&mut self, settle: &Settle) {
        self.reference(&settle.channel);
        self.optional(settle.within.as_ref());
        let facts = self.names.vocabulary.settle_facts();
        self.words = self.names.vocabulary.settle_words();
        self.judgements(&settle.judgements, "settle", &facts);
        self.words.clear();
    }

    fn call(&mut self, call: &Call) {
        self.optional(call.times.as_ref());
        self.names.once("argument", call.arguments.iter().map(|argument| &argument.name));
        call.arguments.iter().for_each(|argument| self.expr(&argument.value));
        match self.names.vocabulary.fragment(&call.fragment.node) {
            Some(signature) => self.against(call, &signature),
            None => {
                let known = self.names.vocabulary.fragment_names();
                self.names.unknown(call.fragment.span, "fragment", &call.fragment.node, &known);
            }
        }
        call.results.iter().for_each(|result| self.bind(Some(result), &[]));
    }

    fn against(&mut self, call: &Call, signature: &FragmentSignature) {
        let known: Vec<String> =
            signature.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        for argument in call.arguments.iter().filter(|argument| !known.contains(&argument.name.node)) {
            let (name, fragment) = (shown(&argument.name.node), shown(&call.fragment.node));
            let error =
                ScenarioError::new(argument.name.span, format!("`{fragment}` has no parameter `{name}`"));
            let all = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            self.names.errors.push(error.did_you_mean(&argument.name.node, &known, &all));
        }
        let given = |name: &str| call.arguments.iter().any(|argument| argument.name.node == name);
        for missing in signature.parameters.iter().filter(|it| it.mandatory && !given(&it.name)) {
            let message = format!("`{}` needs the parameter `{}`", shown(&call.fragment.node), missing.name);
            self.names.errors.push(ScenarioError::new(call.fragment.span, message));
        }
        if let Some(surplus) = call.results.get(signature.results) {
            self.names.errors.push(results_differ(call, surplus, signature.results));
        } else if let Some(last) = call.results.last().filter(|_| call.results.len() < signature.results) {
            self.names.errors.push(results_differ(call, last, signature.results));
        }
    }

    fn claims(&mut self, claims: &Claims) {
        self.names.claims(claims);
    }

    fn judgements(&mut self, judgements: &[Judgement], owner: &str, known: &[String]) {
        judgements.iter().for_each(|judgement| self.names.field(&judgement.path.root, owner, known));
        self.judged_values(judgements);
    }

    fn judged_values(&mut self, judgements: &[Judgement]) {
        for judgement in judgements {
            self.optional(judgement.mask.as_ref());
            if let Some(test) = &judgement.test {
                self.test(test);
            }
            self.claims(&judgement.claims);
            self.bind(judgement.capture.as_ref(), &[]);
        }
    }

    fn assignments(&mut self, assignments: &[Assignment], of: Option<(&str, &[String])>) {
        self.names.once("field", assignments.iter().map(|assignment| &assignment.field));
        for assignment in assignments {
            if let Some((owner, known)) = of {
                self.names.field(&assignment.field, owner, known);
            }
            self.expr(&assignment.value);
        }
    }

    fn bind(&mut self, capture: Option<&Ident>, messages: &[&str]) {
        if let Some(capture) = capture {
            self.names.errors.extend(self.scope.bind(capture, messages));
        }
    }

    fn reference(&mut self, reference: &Reference) {
        match self.scope.messages(&reference.root) {
            Err(error) => self.names.errors.push(error),
            Ok(messages) => {
                let Some(Member::Name(member)) = reference.members.first() else { return };
                let Some(first) = messages.first() else { return };
                let fields: Vec<String> =
                    messages.iter().flat_map(|name| self.names.vocabulary.fields(name)).collect();
                self.names.field(member, first, &fields);
            }
        }
    }

    fn test(&mut self, test: &Test) {
        self.expr(&test.operand);
    }

    fn optional(&mut self, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Constant(name) => self.names.constant(name, expr.span),
            ExprKind::Symbol(name) => self.names.symbol(name, expr.span),
            ExprKind::Name(name) => self.bare_word(&Spanned { node: name.clone(), span: expr.span }),
            ExprKind::Reference(reference) => self.reference(reference),
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Range(from, to) => [from, to].into_iter().for_each(|end| self.expr(end)),
            ExprKind::Binary { left, right, .. } => {
                [left, right].into_iter().for_each(|side| self.expr(side))
            }
            ExprKind::Length(inner) => self.expr(inner),
            ExprKind::Repeat(one, two) | ExprKind::Numbers(one, two) => {
                [one, two].into_iter().for_each(|part| self.expr(part))
            }
            ExprKind::Integer(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_)
            | ExprKind::Bytes(_)
            | ExprKind::Boolean(_)
            | ExprKind::Duration(_)
            | ExprKind::None => {}
        }
    }

    fn bare_word(&mut self, word: &Ident) {
        if self.words.contains(&word.node) {
            return;
        }
        let error = ScenarioError::new(word.span, format!("`{}` means nothing here", shown(&word.node)));
        let captured = self.scope.is_bound(&word.node);
        let otherwise =
            if captured { format!("a capture is written `${}`", word.node) } else { String::new() };
        self.names.errors.push(error.did_you_mean(&word.node, &self.words, &otherwise));
    }
}

fn results_differ(call: &Call, at: &Ident, there_are: usize) -> ScenarioError {
    let message =
        format!("`{}` has {there_are} results, not {}", shown(&call.fragment.node), call.results.len());
    ScenarioError::new(at.span, message).help("name all results in order, or none")
}
