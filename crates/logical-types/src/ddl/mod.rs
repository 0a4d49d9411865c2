//! Type definitions as text: read into the model, and printed from it.

mod cursor;
mod default;
mod keyword;
mod lexer;
mod names;
mod parser;
mod print;
mod statements;
#[cfg(test)]
mod tests;

pub(crate) use default::{iso_text, moment, plain_decimal, unscaled};
pub(crate) use print::{decimal_text, double_text, float_text, print};
pub(crate) use statements::parse;
