//! Where a comparison stands: its path, the scope that names are looked up from, its place in the
//! texts. Places are linked, so that a path is only written out where there is something to tell.

use super::Sides;
use crate::protobuf::types::NodeId;

#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    outer: Option<&'p Place<'p>>,
    part: Part<'p>,
    pub(super) scope: Sides<NodeId>,
    is_own: Sides<bool>,
    /// Byte offsets in the schemas' own texts.
    pub(super) at: Sides<Option<usize>>,
}

#[derive(Clone, Copy)]
enum Part<'p> {
    Files,
    /// A message by its name inside its package.
    Message(&'p str),
    Name(&'p str),
    Number(i32),
}

const NOWHERE: Sides<Option<usize>> = Sides { writer: None, reader: None };

impl<'p> Place<'p> {
    pub(super) fn of_files(scope: Sides<NodeId>) -> Self {
        let is_own = Sides { writer: true, reader: true };
        Self { outer: None, part: Part::Files, scope, is_own, at: NOWHERE }
    }

    pub(super) fn of_messages(name: &'p str, scope: Sides<NodeId>, is_own: Sides<bool>) -> Self {
        Self { outer: None, part: Part::Message(name), scope, is_own, at: NOWHERE }
    }

    pub(super) fn named(&'p self, name: &'p str) -> Self {
        Self { outer: Some(self), part: Part::Name(name), at: NOWHERE, ..*self }
    }

    pub(super) fn numbered(&'p self, number: i32) -> Self {
        Self { outer: Some(self), part: Part::Number(number), at: NOWHERE, ..*self }
    }

    /// The same with the offsets of what is compared; only those in the schemas' own texts count.
    #[must_use]
    pub(super) fn at(self, writer: Option<usize>, reader: Option<usize>) -> Self {
        let at = Sides {
            writer: writer.filter(|_| self.is_own.writer),
            reader: reader.filter(|_| self.is_own.reader),
        };
        Self { at, ..self }
    }

    pub(super) fn path(&self) -> String {
        let mut parts = Vec::new();
        let mut place = Some(self);
        while let Some(at) = place {
            match at.part {
                Part::Files => {}
                Part::Message(name) => parts.push(name.replace('.', "/")),
                Part::Name(name) => parts.push(name.to_owned()),
                Part::Number(number) => parts.push(number.to_string()),
            }
            place = at.outer;
        }
        parts.reverse();
        format!("#/{}", parts.join("/"))
    }
}
