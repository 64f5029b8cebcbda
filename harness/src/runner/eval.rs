//! Evaluates expressions and comparisons. What has no value because of what the peer did, or did not, blocks the scenario;
//! what makes no sense whatever the peer does is the scenario's own error.

mod many;

use super::judge::Stop;
use super::value::{Datum, small};
use crate::scenario::syntax::{BinaryOperator, Condition, Expr, ExprKind, Member, Operator, Reference};
use crate::suite::Cell;
use crate::vocabulary;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::U256;

/// Captures and parameters by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env {
    captures: BTreeMap<String, Datum>,
    /// How the target spells error codes, by symbol.
    error_codes: Arc<BTreeMap<String, String>>,
}

/// How a comparison went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Holds,
    Fails,
    /// Holds as far as the specification goes; the text says what is unusual.
    Unusual(String),
    /// One side cannot be known here.
    Unknown,
}

impl Env {
    /// The values of a matrix row. A bare word is the bytes of its name.
    pub(crate) fn of_row(row: &[Cell]) -> Result<Self, Stop> {
        let mut env = Self::default();
        for cell in row {
            let value = match &cell.value.kind {
                ExprKind::Name(word) => Datum::Bytes(word.clone().into_bytes()),
                _ => Self::default().eval(&cell.value)?,
            };
            env.bind(&cell.name, value);
        }
        Ok(env)
    }

    /// With the spellings of the target's profile.
    pub(crate) fn spelling(self, error_codes: &Arc<BTreeMap<String, String>>) -> Self {
        Self { error_codes: Arc::clone(error_codes), ..self }
    }

    /// The same spellings and no captures.
    pub(crate) fn without_captures(&self) -> Self {
        Self { captures: BTreeMap::new(), error_codes: Arc::clone(&self.error_codes) }
    }

    pub(crate) fn bind(&mut self, name: &str, value: Datum) {
        self.captures.insert(name.to_owned(), value);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Datum> {
        self.captures.get(name)
    }

    pub(crate) fn eval(&self, expr: &Expr) -> Result<Datum, Stop> {
        Ok(match &expr.kind {
            ExprKind::Integer(number) => Datum::Number(U256::from_be_bytes(number.0)),
            ExprKind::Float(float) => Datum::Float(float.0),
            ExprKind::Text(bytes) | ExprKind::Bytes(bytes) => Datum::Bytes(bytes.clone()),
            ExprKind::Boolean(flag) => Datum::Boolean(*flag),
            ExprKind::Duration(duration) => Datum::Duration(*duration),
            ExprKind::None => Datum::None,
            ExprKind::Symbol(name) => Datum::Symbol(name.clone()),
            ExprKind::Constant(name) => {
                Datum::Number(vocabulary::constant(name).ok_or_else(|| wrong(format!("no constant {name}")))?)
            }
            ExprKind::Name(name) => {
                self.get(name).cloned().ok_or_else(|| wrong(format!("`{name}` means nothing here")))?
            }
            ExprKind::Reference(reference) => self.reference(reference)?,
            ExprKind::List(items) => {
                Datum::List(items.iter().map(|item| self.eval(item)).collect::<Result<_, _>>()?)
            }
            ExprKind::Range(..) => return Err(wrong("a range stands behind `in` only".to_owned())),
            ExprKind::Length(inner) => length(&self.eval(inner)?).map_err(wrong)?,
            ExprKind::Repeat(what, count) => {
                many::repeat(&self.eval(what)?, self.integer(count)?).map_err(wrong)?
            }
            ExprKind::Numbers(from, to) => {
                many::numbers(self.integer(from)?, self.integer(to)?).map_err(wrong)?
            }
            ExprKind::Binary { operator, left, right } => {
                binary(*operator, self.eval(left)?, self.eval(right)?)?
            }
        })
    }

    pub(crate) fn duration(&self, expr: &Expr) -> Result<Duration, Stop> {
        match self.eval(expr)? {
            Datum::Duration(duration) => Ok(duration),
            other => Err(wrong(format!("expected a duration, got {}", other.describe()))),
        }
    }

    pub(crate) fn integer(&self, expr: &Expr) -> Result<u64, Stop> {
        small(self.number(expr)?).ok_or_else(|| wrong("the number is too large".to_owned()))
    }

    pub(crate) fn number(&self, expr: &Expr) -> Result<U256, Stop> {
        match self.eval(expr)? {
            Datum::Number(number) => Ok(number),
            other => Err(wrong(format!("expected a number, got {}", other.describe()))),
        }
    }

    /// The value behind `$name`. The checks before playing let only names through that something above binds, so one
    /// without a value belongs to an arm that was not taken.
    pub(crate) fn reference(&self, reference: &Reference) -> Result<Datum, Stop> {
        let name = &reference.root.node;
        let root = self.get(name).ok_or_else(|| {
            Stop::Blocked(format!("${name} has no value: the arm that binds it was not taken"))
        })?;
        members(root.clone(), &reference.members)
    }

    /// The bits of a value that a mask picks; without a mask the value itself.
    pub(crate) fn masked(&self, value: Datum, mask: Option<&Expr>) -> Result<Datum, Stop> {
        match mask {
            Some(_) if matches!(value, Datum::Unknown | Datum::None) => Ok(value),
            Some(mask) => binary(BinaryOperator::And, value, self.eval(mask)?),
            None => Ok(value),
        }
    }

    /// Whether a condition holds; what cannot be known does not.
    pub(crate) fn condition(&self, condition: &Condition) -> Result<bool, Stop> {
        let left = self.eval(&condition.left)?;
        let Some(test) = &condition.test else {
            return match left {
                Datum::Boolean(flag) => Ok(flag),
                Datum::Unknown => Ok(false),
                other => Err(wrong(format!("expected true or false, got {}", other.describe()))),
            };
        };
        let compared = self.compare(&left, test.operator.node, &test.operand)?;
        Ok(matches!(compared, Comparison::Holds | Comparison::Unusual(_)))
    }

    /// Compares a value with the operand of a line.
    pub(crate) fn compare(&self, left: &Datum, op: Operator, operand: &Expr) -> Result<Comparison, Stop> {
        if *left == Datum::Unknown {
            return Ok(Comparison::Unknown);
        }
        if let (Operator::In, ExprKind::Range(low, high)) = (op, &operand.kind) {
            let (low, high) = (self.eval(low)?, self.eval(high)?);
            let above = ordered(left, &low, Ordering::is_ge)?;
            return Ok(holds(above && ordered(left, &high, Ordering::is_le)?));
        }
        let right = self.eval(operand)?;
        if right == Datum::Unknown {
            return Ok(Comparison::Unknown);
        }
        Ok(match op {
            Operator::Equal => holds(equal(left, &right)),
            Operator::NotEqual => holds(!equal(left, &right)),
            Operator::Less => holds(ordered(left, &right, Ordering::is_lt)?),
            Operator::LessOrEqual => holds(ordered(left, &right, Ordering::is_le)?),
            Operator::Greater => holds(ordered(left, &right, Ordering::is_gt)?),
            Operator::GreaterOrEqual => holds(ordered(left, &right, Ordering::is_ge)?),
            Operator::Like => like(left, &right, &self.error_codes).map_err(wrong)?,
            Operator::In => holds(is_in(left, &right).map_err(wrong)?),
        })
    }
}

/// Follows a path from a value.
pub(crate) fn members(mut value: Datum, path: &[Member]) -> Result<Datum, Stop> {
    for member in path {
        value = match (member, &value) {
            (_, Datum::Unknown) => return Ok(Datum::Unknown),
            (Member::Name(name), _) => value
                .member(&name.node)
                .ok_or_else(|| wrong(format!("{} has no {}", value.describe(), name.node)))?,
            (Member::Index(index), Datum::List(items)) => {
                usize::try_from(index.node).ok().and_then(|index| items.get(index)).cloned().ok_or_else(
                    || Stop::Blocked(format!("{} has no element {}", value.describe(), index.node)),
                )?
            }
            (Member::Index(index), Datum::Bytes(bytes)) => {
                let byte = usize::try_from(index.node).ok().and_then(|index| bytes.get(index));
                let missing = || Stop::Blocked(format!("{} has no byte {}", value.describe(), index.node));
                Datum::number(*byte.ok_or_else(missing)?)
            }
            (Member::Index(_), other) => return Err(wrong(format!("{} is no list", other.describe()))),
        };
    }
    Ok(value)
}

fn wrong(problem: String) -> Stop {
    Stop::Error(problem)
}

fn holds(flag: bool) -> Comparison {
    if flag { Comparison::Holds } else { Comparison::Fails }
}

fn equal(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Number(_), Datum::Float(_)) | (Datum::Float(_), Datum::Number(_)) => {
            order(left, right).is_ok_and(Ordering::is_eq)
        }
        _ => left == right,
    }
}

fn order(left: &Datum, right: &Datum) -> Result<Ordering, String> {
    let incomparable = || format!("{} and {} have no order", left.describe(), right.describe());
    match (left, right) {
        (Datum::Number(left), Datum::Number(right)) => Ok(left.cmp(right)),
        (Datum::Duration(left), Datum::Duration(right)) => Ok(left.cmp(right)),
        _ => float(left).zip(float(right)).and_then(|(l, r)| l.partial_cmp(&r)).ok_or_else(incomparable),
    }
}

/// Whether two values have this order. No order holds for an OPTION without a value, nor for a float that is not a number.
fn ordered(left: &Datum, right: &Datum, holds: fn(Ordering) -> bool) -> Result<bool, Stop> {
    let has_no_order = |value: &Datum| match value {
        Datum::None => true,
        Datum::Float(float) => float.is_nan(),
        _ => false,
    };
    if has_no_order(left) || has_no_order(right) {
        return Ok(false);
    }
    order(left, right).map(holds).map_err(wrong)
}

fn float(value: &Datum) -> Option<f64> {
    match value {
        Datum::Float(float) => Some(*float),
        Datum::Number(number) => small(*number).and_then(|n| u32::try_from(n).ok()).map(f64::from),
        _ => None,
    }
}

/// `~`: no spelling of an error code is standardised (spec section 3.5, AMB-104), so another one is only unusual.
fn like(left: &Datum, right: &Datum, spellings: &BTreeMap<String, String>) -> Result<Comparison, String> {
    match (left, right) {
        (Datum::Bytes(code), Datum::Symbol(symbol)) => {
            let known = spellings.get(symbol);
            let elsewhere = match known {
                _ if code == known.unwrap_or(symbol).as_bytes() => return Ok(Comparison::Holds),
                Some(known) => format!("{known:?} in the profile of the target"),
                None => format!("elsewhere @{symbol}"),
            };
            Ok(Comparison::Unusual(format!("spelt {}, {elsewhere}", left.describe())))
        }
        (Datum::Bytes(text), Datum::Bytes(part)) => {
            Ok(holds(part.is_empty() || text.windows(part.len()).any(|window| window == part)))
        }
        _ => Err(format!("`~` compares strings, not {} and {}", left.describe(), right.describe())),
    }
}

fn is_in(left: &Datum, right: &Datum) -> Result<bool, String> {
    let Datum::List(allowed) = right else { return Err(format!("{} is no list", right.describe())) };
    let numbers: BTreeSet<U256> = allowed.iter().filter_map(Datum::as_number).collect();
    let is_allowed = |item: &Datum| {
        item.as_number().is_some_and(|number| numbers.contains(&number))
            // A number of the list was found above, but it may also equal a float.
            || allowed.iter().filter(|other| item.as_number().is_none() || other.as_number().is_none())
                .any(|other| equal(item, other))
    };
    Ok(match left {
        Datum::List(items) => items.iter().all(is_allowed),
        item => is_allowed(item),
    })
}

fn length(value: &Datum) -> Result<Datum, String> {
    let length = match value {
        Datum::Bytes(bytes) => bytes.len(),
        Datum::List(items) => items.len(),
        other => return Err(format!("{} has no length", other.describe())),
    };
    Ok(Datum::number(u64::try_from(length).unwrap_or(u64::MAX)))
}

fn binary(operator: BinaryOperator, left: Datum, right: Datum) -> Result<Datum, Stop> {
    match (operator, left, right) {
        (BinaryOperator::Concat, Datum::Bytes(left), Datum::Bytes(right)) => {
            Ok(Datum::Bytes([left, right].concat()))
        }
        (BinaryOperator::Concat, Datum::List(left), Datum::List(right)) => {
            Ok(Datum::List([left, right].concat()))
        }
        (operator, Datum::Number(left), Datum::Number(right)) => {
            // The target chooses some of the numbers; that they cannot be reckoned with is no mistake of ours.
            arithmetic(operator, left, right).map(Datum::Number).map_err(Stop::Inconclusive)
        }
        (_, left, right) => {
            Err(wrong(format!("{} and {} cannot be combined so", left.describe(), right.describe())))
        }
    }
}

const OUTSIDE: &str = "the result is outside of 0 to 2^256 - 1";

fn arithmetic(operator: BinaryOperator, left: U256, right: U256) -> Result<U256, String> {
    let (left, right) = (left.to_le_bytes(), right.to_le_bytes());
    let mut result = [0; 32];
    let mut carry = 0i32;
    for ((to, l), r) in result.iter_mut().zip(left).zip(right) {
        *to = match operator {
            BinaryOperator::Or => l | r,
            BinaryOperator::Xor => l ^ r,
            BinaryOperator::And => l & r,
            BinaryOperator::Add | BinaryOperator::Subtract => {
                let sign = if operator == BinaryOperator::Add { 1 } else { -1 };
                let sum = i32::from(l) + sign * i32::from(r) + carry;
                carry = sum >> 8;
                sum.to_le_bytes()[0]
            }
            BinaryOperator::Multiply => return product(left, right),
            BinaryOperator::Divide => return quotient(left, right),
            BinaryOperator::Concat => return Err("`++` joins bytes or lists, not numbers".to_owned()),
        };
    }
    match carry {
        0 => Ok(U256::from_le_bytes(result)),
        _ => Err(OUTSIDE.to_owned()),
    }
}

/// Schoolbook multiplication of little-endian bytes.
fn product(left: [u8; 32], right: [u8; 32]) -> Result<U256, String> {
    let mut result = [0u8; 64];
    for (shift, factor) in left.into_iter().enumerate() {
        let mut carry = 0u16;
        // What is left over after the last byte goes into the one behind.
        for (to, digit) in result.iter_mut().skip(shift).zip(right.into_iter().chain([0])) {
            let [low, high] = (u16::from(*to) + u16::from(factor) * u16::from(digit) + carry).to_le_bytes();
            (*to, carry) = (low, u16::from(high));
        }
    }
    match result.split_first_chunk() {
        Some((low, high)) if high.iter().all(|byte| *byte == 0) => Ok(U256::from_le_bytes(*low)),
        _ => Err(OUTSIDE.to_owned()),
    }
}

/// Long division, bit by bit; what remains is dropped.
fn quotient(left: [u8; 32], right: [u8; 32]) -> Result<U256, String> {
    let divisor = U256::from_le_bytes(right);
    if divisor == U256::ZERO {
        return Err("nothing can be divided by 0".to_owned());
    }
    let (mut result, mut remainder) = ([0u8; 32], U256::ZERO);
    for place in (0..256usize).rev() {
        let bit = left.get(place / 8).map_or(0, |byte| byte >> (place % 8) & 1);
        let (doubled, is_over) = doubled(remainder, bit);
        remainder = doubled;
        // A remainder of 257 bits is above every divisor; the difference has 256 again.
        if is_over || remainder >= divisor {
            remainder = difference(remainder, divisor);
            if let Some(byte) = result.get_mut(place / 8) {
                *byte |= 1 << (place % 8);
            }
        }
    }
    Ok(U256::from_le_bytes(result))
}

/// Twice the number and a bit, and whether that takes 257 bits.
fn doubled(number: U256, bit: u8) -> (U256, bool) {
    let mut bytes = number.to_le_bytes();
    let mut carry = bit;
    for byte in &mut bytes {
        (*byte, carry) = (*byte << 1 | carry, *byte >> 7);
    }
    (U256::from_le_bytes(bytes), carry == 1)
}

/// The difference, modulo 2^256.
fn difference(left: U256, right: U256) -> U256 {
    let mut bytes = left.to_le_bytes();
    let mut borrow = false;
    for (byte, less) in bytes.iter_mut().zip(right.to_le_bytes()) {
        let (once, first) = byte.overflowing_sub(less);
        let (twice, second) = once.overflowing_sub(u8::from(borrow));
        (*byte, borrow) = (twice, first || second);
    }
    U256::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: u64) -> U256 {
        U256::from(value)
    }

    #[test]
    fn arithmetic_carries_and_refuses_to_wrap() {
        let add = |l, r| arithmetic(BinaryOperator::Add, l, r);
        let subtract = |l, r| arithmetic(BinaryOperator::Subtract, l, r);
        assert_eq!(add(number(0xffff), number(1)), Ok(number(0x1_0000)));
        assert_eq!(subtract(number(0x1_0000), number(1)), Ok(number(0xffff)));
        assert!(add(U256::MAX, number(1)).is_err());
        assert!(subtract(number(1), number(2)).is_err());
        assert_eq!(
            arithmetic(BinaryOperator::Xor, number(0x2000_0000), number(0x2000)),
            Ok(number(0x2000_2000))
        );
    }

    #[test]
    fn products_and_quotients_are_exact_or_refused() {
        let times = |l, r| arithmetic(BinaryOperator::Multiply, l, r);
        let over = |l, r| arithmetic(BinaryOperator::Divide, l, r);
        let bit = |place: usize| {
            let mut bytes = [0; 32];
            bytes[place / 8] = 1 << (place % 8);
            U256::from_le_bytes(bytes)
        };
        assert_eq!(times(number(0xffff_ffff_ffff), number(0xffff)), Ok(number(0xfffe_ffff_ffff_0001)));
        assert_eq!(times(bit(200), bit(55)), Ok(bit(255)));
        assert!(times(bit(200), bit(56)).is_err());
        assert_eq!(times(U256::MAX, number(1)), Ok(U256::MAX));
        assert!(times(U256::MAX, U256::MAX).is_err());
        assert_eq!(over(number(1_000_003), number(1000)), Ok(number(1000)));
        assert_eq!(over(bit(255), bit(200)), Ok(bit(55)));
        assert_eq!(over(U256::MAX, U256::MAX), Ok(number(1)));
        assert_eq!(over(number(7), U256::MAX), Ok(number(0)));
        assert_eq!(over(U256::MAX, bit(255)), Ok(number(1)));
        assert!(over(number(7), number(0)).is_err());
    }

    #[test]
    fn another_spelling_of_a_code_is_unusual_and_no_failure() {
        let code = Datum::Bytes(b"dup".to_vec());
        let symbol = Datum::Symbol("duplicate-share".to_owned());
        let known = Datum::Bytes(b"duplicate-share".to_vec());
        let none = BTreeMap::new();
        assert!(matches!(like(&code, &symbol, &none), Ok(Comparison::Unusual(_))));
        assert_eq!(like(&known, &symbol, &none), Ok(Comparison::Holds));
        let profile = BTreeMap::from([("duplicate-share".to_owned(), "dup".to_owned())]);
        assert_eq!(like(&code, &symbol, &profile), Ok(Comparison::Holds));
        assert!(matches!(like(&known, &symbol, &profile), Ok(Comparison::Unusual(_))));
    }
}
