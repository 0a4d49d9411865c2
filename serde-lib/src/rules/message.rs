//! A message as rules see it: the generic value of its format.

use apache_avro::types::Value;
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;

use super::field::Walk;
use super::{Inspection, RuleError};
use crate::avro::AvroMessage;
use crate::json::JsonMessage;
use crate::protobuf::ProtobufMessage;

/// A message on its way through the rules.
#[derive(Debug)]
pub struct Message<'s>(pub(crate) Form<'s>);

/// What a message is at present.
#[derive(Clone, Debug)]
pub(crate) enum Form<'s> {
    Avro(AvroMessage<'s>),
    Protobuf(ProtobufMessage<'s>),
    Json(JsonMessage<'s>),
}

/// A look at a message, or at the part of one that has a field.
#[derive(Clone, Copy, Debug)]
pub enum MessageView<'a> {
    /// Logical types do not count: a date is an `int`, a decimal `bytes`.
    Avro(&'a Value),
    Protobuf(&'a DynamicMessage),
    /// JSON, and messages of any format between two versions of their schema.
    Json(&'a Json),
}

impl Message<'_> {
    /// The value as it is.
    pub fn view(&self) -> MessageView<'_> {
        match &self.0 {
            Form::Avro(message) => MessageView::Avro(&message.value),
            Form::Protobuf(message) => MessageView::Protobuf(&message.message),
            Form::Json(message) => MessageView::Json(&message.value),
        }
    }

    /// The value as JSON. Avro: a union's value stands for itself, bytes are one character a byte.
    /// Protobuf: the JSON mapping, with fields that have their default.
    pub fn to_json(&self) -> Result<Json, RuleError> {
        match &self.0 {
            Form::Avro(message) => Ok(message.to_json()),
            Form::Protobuf(message) => message.to_json(),
            Form::Json(message) => Ok(message.value.clone()),
        }
    }

    /// Puts another value in its place, given as [`Self::to_json`] gives it; it must follow the
    /// schema.
    pub fn set_json(&mut self, json: Json) -> Result<(), RuleError> {
        match &mut self.0 {
            Form::Avro(message) => message.set_json(json),
            Form::Protobuf(message) => message.set_json(json),
            Form::Json(message) => {
                message.value = json;
                Ok(())
            }
        }
    }

    /// Applies the rules that the schema carries itself.
    pub(crate) fn inspect(&self, inspection: &mut Inspection) {
        match &self.0 {
            Form::Avro(message) => message.inspect(inspection),
            Form::Protobuf(message) => message.inspect(inspection),
            Form::Json(message) => message.inspect(inspection),
        }
    }

    /// Applies a rule to every field that it wants.
    pub(crate) fn walk(&mut self, walk: &Walk<'_>) -> Result<(), RuleError> {
        match &mut self.0 {
            Form::Avro(message) => message.walk(walk),
            Form::Protobuf(message) => message.walk(walk),
            Form::Json(message) => message.walk(walk),
        }
    }
}
