//! Expressions, paths and comparisons.

use std::time::Duration;

use super::super::number::{Float, U256};
use super::{Ident, Span, Spanned};

/// `name`, `name.name`, `name[3]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The field.
    pub root: Ident,
    /// What follows it.
    pub members: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// `$name`, `$name.path[n]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The capture.
    pub root: Ident,
    /// What follows it.
    pub members: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// `.name`
    Name(Ident),
    /// `[n]`, from 0: an item of a list, or a byte of bytes as a number.
    Index(Spanned<u64>),
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The expressions. Precedence, loosest first: `|`, `^`, `&`, `++`, then `+` and `-`, then `*` and `/`; all
/// group to the left.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `17`, `0x2000`, `1_000`: up to 256 bits, unsigned.
    Integer(U256),
    /// `1e6`, `-0.5`, `nan`, `inf`.
    Float(Float),
    /// `"..."`, as bytes after its escapes.
    Text(Vec<u8>),
    /// `x"00ff"`.
    Bytes(Vec<u8>),
    /// `true`, `false`.
    Boolean(bool),
    /// `500ms`, `2s`, `1m`.
    Duration(Duration),
    /// `none`: an OPTION without a value.
    None,
    /// `@duplicate-share`: an error code by meaning, spelt as the profile says.
    Symbol(String),
    /// `REQUIRES_STANDARD_JOBS`: a flag or constant of the specification.
    Constant(String),
    /// `submitted`, `expired`: a word that the place gives a meaning to.
    Name(String),
    /// `$cap.path[n]`.
    Reference(Reference),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `a..b`, after `in` only; both ends included.
    Range(Box<Expr>, Box<Expr>),
    /// `len(expr)`: bytes of bytes, items of a list.
    Length(Box<Expr>),
    /// `repeat(expr, count)`: bytes or a list so many times behind one another.
    Repeat(Box<Expr>, Box<Expr>),
    /// `numbers(from, to)`: the list of all numbers from one to the other, both included.
    Numbers(Box<Expr>, Box<Expr>),
    /// `left OP right`.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
}

/// The operators of expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `&`
    And,
    /// `++`: concatenation of bytes or lists.
    Concat,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: the whole part of the quotient.
    Divide,
}

/// `OP expr`.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The comparison.
    pub operator: Spanned<Operator>,
    /// What is compared with.
    pub operand: Expr,
}

/// The comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `~ @symbol`: means the same error; `~ "literal"`: contains the literal.
    Like,
    /// `in a..b` (both ends included), `in [a, b]` or `in name`.
    In,
}
