//! The printed form of a node, by which members of a combination count as duplicates.

use std::fmt::Write as _;

use foldhash::{HashMap, HashMapExt};

use super::model::{Additional, ArrayRules, Kind, Model, Node, NodeId, Notes, ObjectRules};
use super::text::normalized;

/// The shapes of the nodes of a model: equal for two that the reference would print alike.
///
/// They are worked out when asked for, because few nodes are members of combinations. Held nodes
/// stand for their own shape, so the printed form stays short and the cost linear.
pub(super) struct Shapes<'m> {
    model: &'m Model,
    by_node: HashMap<NodeId, usize>,
    by_form: HashMap<String, usize>,
}

impl<'m> Shapes<'m> {
    pub(super) fn new(model: &'m Model) -> Self {
        Self { model, by_node: HashMap::new(), by_form: HashMap::new() }
    }

    /// Calls itself for held nodes, which nest no deeper than the schema does.
    pub(super) fn of(&mut self, id: NodeId) -> usize {
        if let Some(known) = self.by_node.get(&id) {
            return *known;
        }
        let form = self.form(self.model.node(id));
        let next = self.by_form.len();
        let shape = *self.by_form.entry(form).or_insert(next);
        self.by_node.insert(id, shape);
        shape
    }

    /// A `$ref` prints as its text alone, whatever it leads to and whatever default it was given.
    fn form(&mut self, node: &Node) -> String {
        let mut form = Form::default();
        let Notes { id, title, description, default, rest, location: _ } = &*node.notes;
        for text in [id, title, description] {
            form.optional(text.as_deref());
        }
        let is_reference = matches!(node.kind, Kind::Reference { .. });
        let default = default.as_ref().filter(|_| !is_reference);
        form.optional(default.map(normalized).as_deref());
        for (key, value) in rest {
            form.text(key);
            form.text(&normalized(value));
        }
        match &node.kind {
            Kind::Reference { text, .. } => form.named("ref", text),
            Kind::Object(rules) => self.object(rules, &mut form),
            Kind::Array(rules) => self.array(rules, &mut form),
            Kind::Not(id) => form.shape("not", self.of(*id)),
            Kind::Conditional(parts) => {
                parts.iter().for_each(|(name, id)| form.shape(name, self.of(*id)));
            }
            Kind::Combined(combined) => {
                form.debug(&(combined.criterion, combined.generated));
                combined.members.iter().for_each(|id| form.shape("member", self.of(*id)));
            }
            Kind::Enum(members) => members.iter().for_each(|member| form.named("enum", member)),
            kind => form.debug(kind),
        }
        form.out
    }

    fn object(&mut self, rules: &ObjectRules, form: &mut Form) {
        form.debug(&(rules.typed, rules.min_properties, rules.max_properties));
        let named = rules.properties.iter().map(|entry| ("property", entry));
        let named = named.chain(rules.schemas_by.iter().map(|entry| ("schema by", entry)));
        for (list, (name, id)) in named {
            form.named(list, name);
            form.shape("", self.of(*id));
        }
        for (pattern, id) in &rules.patterns {
            form.named("pattern", pattern);
            form.shape("", self.of(*id));
        }
        rules.required.iter().for_each(|name| form.named("required", name));
        for (name, names) in &rules.required_by {
            form.named("required by", name);
            names.iter().for_each(|name| form.text(name));
        }
        self.additional(rules.additional, form);
        self.optional("names", rules.property_names, form);
        self.optional("unevaluated", rules.unevaluated, form);
    }

    fn array(&mut self, rules: &ArrayRules, form: &mut Form) {
        form.debug(&(rules.typed, rules.min_items, rules.max_items, rules.unique));
        form.debug(&(&rules.min_contains, &rules.max_contains));
        rules.positions.iter().for_each(|id| form.shape("position", self.of(*id)));
        self.additional(rules.additional, form);
        self.optional("items", rules.items, form);
        self.optional("unevaluated", rules.unevaluated, form);
        self.optional("contains", rules.contains, form);
    }

    fn additional(&mut self, rule: Additional, form: &mut Form) {
        match rule {
            Additional::Allowed => {}
            Additional::Refused => form.named("additional", "refused"),
            Additional::Schema(id) => form.shape("additional", self.of(id)),
        }
    }

    fn optional(&mut self, name: &str, id: Option<NodeId>, form: &mut Form) {
        if let Some(id) = id {
            form.shape(name, self.of(id));
        }
    }
}

/// A text from which what was written could be read back: each text has its length before it.
#[derive(Default)]
struct Form {
    out: String,
}

impl Form {
    fn text(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{}:{text}", text.len());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.out.push('-'),
        }
    }

    fn named(&mut self, name: &str, text: &str) {
        self.out.push_str(name);
        self.out.push('=');
        self.text(text);
    }

    fn shape(&mut self, name: &str, shape: usize) {
        let _ = write!(self.out, "{name}#{shape};");
    }

    fn debug(&mut self, value: &impl std::fmt::Debug) {
        let _ = write!(self.out, "{value:?}");
    }
}
