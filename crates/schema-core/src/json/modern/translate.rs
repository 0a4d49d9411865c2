//! Loaded schemas become nodes. Which nodes are shared and which are copies follows the reference,
//! because its differ tells recursion by identity.

use std::collections::VecDeque;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smol_str::SmolStr;

use super::join::{built, combined, generated, join};
use super::keywords::is_known;
use super::load::Loaded;
use super::values::kept;
use super::{Instance, Knot, Place};
use crate::json::NESTING_SHARE;
use crate::json::documents::rest_of;
use crate::json::java_order::hash_order;
use crate::json::model::{Builder, Criterion, Kind, Model, Node, NodeId, RefId, TooManyNodes};
use crate::json::shape::Generated;
use crate::json_text::{Data, Member, Object};
use crate::limits::breach;
use crate::{Limits, ParseError, ParseErrorKind};

/// The text that a `$ref` to a schema around it is given.
const RECURSIVE: &str = "#";
/// The keywords that are visited last, in this order.
const LATE: [&str; 4] =
    ["properties", "patternProperties", "unevaluatedItems", "unevaluatedProperties"];

pub(super) fn translate(
    loaded: &Loaded<'_>,
    limits: &Limits,
) -> Result<(Model, NodeId), ParseError> {
    let mut translator = Translator {
        loaded,
        builder: Builder::new(limits, Generated::Combined),
        depth: 0,
        depth_max: limits.depth_max / NESTING_SHARE,
        finished: HashMap::new(),
        queue: VecDeque::new(),
        referred: HashMap::new(),
        open: HashSet::new(),
        recursive: HashSet::new(),
        scope: Vec::new(),
    };
    let Some(place) = loaded.roots.get(loaded.root).copied().flatten() else {
        let message = "the schema has no root";
        return Err(ParseError::new(ParseErrorKind::Invalid, message));
    };
    let root = translator.schema(loaded.root, place)?;
    translator.resolve_queued()?;
    let root = translator.build(place, root)?;
    Ok((translator.builder.finish(), root))
}

/// A schema that a `$ref` waits for.
#[derive(Clone, Copy)]
struct Target<'a> {
    knot: Knot,
    place: Place<'a>,
}

pub(super) struct Translator<'l, 'a> {
    loaded: &'l Loaded<'a>,
    pub(super) builder: Builder,
    depth: usize,
    depth_max: usize,
    /// What became of the schemas that references lead to.
    finished: HashMap<Instance, Node>,
    queue: VecDeque<(RefId, Target<'a>)>,
    referred: HashMap<RefId, Target<'a>>,
    /// The schemas whose keywords are being visited.
    open: HashSet<Instance>,
    /// The schemas that were met again while they were open, and got a reference in their place.
    recursive: HashSet<Instance>,
    /// The schemas around the current one, for `$dynamicRef`.
    scope: Vec<Target<'a>>,
}

impl<'a> Translator<'_, 'a> {
    /// The node of a schema, not yet in the model.
    pub(super) fn schema(&mut self, knot: Knot, place: Place<'a>) -> Result<Node, ParseError> {
        let mut node = match &place.value.data {
            Data::Boolean(true) => Node { kind: Kind::True, ..Node::default() },
            Data::Object(object) => {
                if self.depth >= self.depth_max {
                    let message = breach("schemas nest too deep", self.depth_max, "depth-max");
                    let kind = ParseErrorKind::TooLarge;
                    return Err(place.document.error(kind, place.value.location, message));
                }
                self.depth += 1;
                self.scope.push(Target { knot, place });
                let node = self.composite(knot, place, object)?;
                self.scope.pop();
                self.depth -= 1;
                node
            }
            _ => Node { kind: Kind::False, ..Node::default() },
        };
        node.notes.location = place.document.location_of(place.value);
        self.finish(knot, place, &node);
        Ok(node)
    }

    /// The node of a schema, in the model.
    pub(super) fn child(&mut self, knot: Knot, place: Place<'a>) -> Result<NodeId, ParseError> {
        let node = self.schema(knot, place)?;
        self.build(place, node)
    }

    pub(super) fn build(&mut self, place: Place<'a>, node: Node) -> Result<NodeId, ParseError> {
        built(&mut self.builder, node).map_err(|TooManyNodes| too_many(place))
    }

    /// Joins the parts of a schema one after the other.
    pub(super) fn join_all(
        &mut self,
        place: Place<'a>,
        within: Option<Criterion>,
        parts: Vec<Node>,
    ) -> Result<Option<Node>, ParseError> {
        let mut parts = parts.into_iter();
        let Some(mut product) = parts.next() else { return Ok(None) };
        for part in parts {
            product = join(&mut self.builder, within, product, part)
                .map_err(|TooManyNodes| too_many(place))?;
        }
        Ok(Some(product))
    }

    /// Remembers the node if a `$ref` could lead to the schema.
    fn finish(&mut self, knot: Knot, place: Place<'a>, node: &Node) {
        let root = self.loaded.roots.get(knot).copied().flatten();
        let is_root = root.is_some_and(|root| std::ptr::eq(root.value, place.value));
        let instance = place.instance(knot);
        if is_root || !self.loaded.dynamic.is_empty() || self.recursive.contains(&instance) {
            self.finished.insert(instance, node.clone());
        }
    }

    /// A schema object: the schema its `$dynamicRef` leads to, and its own keywords.
    fn composite(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
    ) -> Result<Node, ParseError> {
        let dynamic = object.get("$dynamicRef").and_then(|value| value.as_str());
        let referred = dynamic.and_then(|text| self.dynamic_target(knot, place, text));
        let Some(target) = referred else { return self.own_keywords(knot, place, object) };
        let parts =
            vec![self.schema(target.knot, target.place)?, self.own_keywords(knot, place, object)?];
        Ok(self.join_all(place, None, parts)?.unwrap_or_default())
    }

    fn own_keywords(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
    ) -> Result<Node, ParseError> {
        let mut parts = Vec::new();
        parts.push(self.plain_keywords(knot, place, object)?);
        for key in LATE {
            if let Some(member) = object.member(key) {
                parts.extend(self.keyword(knot, place, object, member)?);
            }
        }
        let product = self.join_all(place, None, parts)?;
        let mut node = self.unwrap_single(product.unwrap_or_default());
        annotate(&mut node, place, object);
        // The definitions close what refers to this schema before its unknown keywords are there.
        if let Some(definitions) = object.get("$defs").and_then(|value| value.as_object()) {
            self.finish(knot, place, &node);
            for member in ordered(place, definitions) {
                self.schema(knot, place.at(&member.value))?;
                self.resolve_queued()?;
            }
        }
        keep_unknown(&mut node, place, object);
        Ok(node)
    }

    /// The keywords that are visited in the order of the reference's map.
    fn plain_keywords(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
    ) -> Result<Node, ParseError> {
        let instance = place.instance(knot);
        if !self.open.insert(instance) {
            // What resolves the reference must find the schema, or it meets it again for ever.
            self.recursive.insert(instance);
            let target = Target { knot, place };
            return Ok(self.reference(target, RECURSIVE.into()));
        }
        let mut parts = Vec::new();
        for member in ordered(place, object) {
            if !LATE.contains(&member.key.as_str()) {
                parts.extend(self.keyword(knot, place, object, member)?);
            }
        }
        self.open.remove(&instance);
        Ok(self.join_all(place, None, parts)?.unwrap_or_else(nothing))
    }

    /// A generated allOf of one is its member, of none it is the empty schema.
    fn unwrap_single(&mut self, node: Node) -> Node {
        let Some(members) = generated(&node, Criterion::All) else { return node };
        match members {
            [] => Node::default(),
            [single] => {
                let mut single = self.builder.model().node(*single).clone();
                if let Kind::Reference { target, text } = &single.kind
                    && let Some(&referred) = self.referred.get(target)
                {
                    let fresh = self.reference(referred, text.clone());
                    single.kind = fresh.kind;
                }
                single
            }
            _ => node,
        }
    }

    /// A `$ref` to a target that is resolved when the queue is worked off.
    fn reference(&mut self, target: Target<'a>, text: SmolStr) -> Node {
        let at = self.builder.new_ref();
        self.queue.push_back((at, target));
        self.referred.insert(at, target);
        Node { kind: Kind::Reference { text, target: at }, ..Node::default() }
    }

    /// The `$ref` of a schema.
    pub(super) fn static_reference(&mut self, knot: Knot, place: Place<'a>) -> Option<Node> {
        let (target, text) = self.loaded.references.get(&place.instance(knot))?;
        let root = self.loaded.roots.get(*target).copied().flatten()?;
        Some(self.reference(Target { knot: *target, place: root }, text.clone()))
    }

    /// Resolves the waiting references. Those that share a target share its node, but for the
    /// one that made the target be translated, which gets a copy.
    fn resolve_queued(&mut self) -> Result<(), ParseError> {
        let mut copies: HashMap<Instance, NodeId> = HashMap::new();
        let mut first = Vec::new();
        while let Some((at, target)) = self.queue.pop_front() {
            let instance = target.place.instance(target.knot);
            if let Some(node) = self.finished.get(&instance) {
                let node = if let Some(copy) = copies.get(&instance) {
                    *copy
                } else {
                    let node = node.clone();
                    self.build(target.place, node)?
                };
                copies.insert(instance, node);
                self.builder.set_target(at, node);
            } else {
                let node = self.schema(target.knot, target.place)?;
                first.push((at, target, node));
                copies = HashMap::new();
            }
        }
        for (at, target, node) in first.into_iter().rev() {
            let node = self.build(target.place, node)?;
            self.builder.set_target(at, node);
        }
        Ok(())
    }

    /// What a `$dynamicRef` leads to: the outermost schema around it that has the anchor, or holds
    /// it in its first definition, else what a plain `$ref` would find.
    fn dynamic_target(&self, knot: Knot, place: Place<'a>, text: &str) -> Option<Target<'a>> {
        let (_, name) = text.split_once('#').unwrap_or(("", text));
        let around = self.scope.iter().find_map(|outer| anchored(*outer, name));
        around.or_else(|| {
            let knot = *self.loaded.dynamic.get(&place.instance(knot))?;
            let place = self.loaded.roots.get(knot).copied().flatten()?;
            Some(Target { knot, place })
        })
    }
}

/// The schema with a dynamic anchor: `within` or the first definition, again and again.
fn anchored<'a>(mut within: Target<'a>, name: &str) -> Option<Target<'a>> {
    loop {
        let object = within.place.value.as_object()?;
        if object.get("$dynamicAnchor").and_then(|anchor| anchor.as_str()) == Some(name) {
            return Some(within);
        }
        let definitions = object.get("$defs")?.as_object()?;
        let first = ordered(within.place, definitions)
            .into_iter()
            .find(|member| member.value.as_object().is_some())?;
        within.place = within.place.at(&first.value);
    }
}

/// The members in the reference's order: the schema itself is in a hash map, references are in
/// written order.
pub(super) fn ordered<'a>(place: Place<'a>, object: &'a Object) -> Vec<&'a Member> {
    match place.document.name {
        None => hash_order(object),
        Some(_) => object.iter().collect(),
    }
}

/// Gives the node what its schema says beside the rules.
fn annotate(node: &mut Node, place: Place<'_>, object: &Object) {
    let text = |key: &str| object.get(key).and_then(|value| value.as_text()).cloned();
    let notes = &mut node.notes;
    notes.title = text("title").or(notes.title.take());
    notes.description = text("description").or(notes.description.take());
    notes.format = text("format").or(notes.format.take());
    // A `$ref` loses the default beside it, and null is none.
    let default = object.get("default").filter(|default| !default.is_null());
    if !matches!(node.kind, Kind::Reference { .. })
        && let Some(default) = default
    {
        notes.default = Some(kept(place.at(default)));
    }
}

/// Gives the node the keywords that the reference does not know.
fn keep_unknown(node: &mut Node, place: Place<'_>, object: &Object) {
    let mut rest = rest_of(object, |key| is_known(key) && key != "$defs", |v| kept(place.at(v)));
    let definitions = rest.get("$defs").and_then(|definitions| definitions.value().as_object());
    if definitions.is_some_and(Object::is_empty) {
        rest.remove("$defs");
    }
    if !rest.is_empty() {
        // The reference keeps these three with the unknown keywords, which replace them.
        match &mut node.kind {
            Kind::Object(rules) => rules.unevaluated = None,
            Kind::Array(rules) => {
                rules.unevaluated = None;
                rules.min_contains = None;
                rules.max_contains = None;
            }
            _ => {}
        }
        node.notes.rest = rest;
    }
}

/// What a keyword adds that the reference reads and drops.
pub(super) fn nothing() -> Node {
    combined(Criterion::All, Vec::new(), true)
}

fn too_many(place: Place<'_>) -> ParseError {
    let message = "the schema and its references have too many nodes (setting nodes-max)";
    place.document.error(ParseErrorKind::TooLarge, place.value.location, message)
}
