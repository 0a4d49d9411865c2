//! One step of a schema's evolution: what people do to schemas, for better or worse.

use super::{Choices, Field, Names, PRIMITIVES, Type, plain_json};

/// The schema after one random change at a random place; it may be no valid schema.
pub(crate) fn evolved(schema: &Type, choices: &mut Choices<'_>) -> Type {
    let mut changed = schema.clone();
    let mut count = 0;
    changed.visit(&mut |_| count += 1);
    let mut target = choices.below(count);
    changed.visit(&mut |node| {
        if target == 0 {
            change(node, choices);
        }
        target = target.wrapping_sub(1);
    });
    changed
}

impl Type {
    /// Every type from the innermost out, so that a change cannot be visited again.
    fn visit(&mut self, seen: &mut dyn FnMut(&mut Self)) {
        match self {
            Self::Array(inner) | Self::Map(inner) => inner.visit(seen),
            Self::Union(branches) => branches.iter_mut().for_each(|branch| branch.visit(seen)),
            Self::Record(_, fields) => {
                for field in fields {
                    field.has.visit(seen);
                }
            }
            _ => {}
        }
        seen(self);
    }
}

fn change(node: &mut Type, choices: &mut Choices<'_>) {
    match node {
        Type::Record(names, fields) => match choices.below(5) {
            0 => rename(names, choices),
            _ => change_fields(fields, choices),
        },
        Type::Enum(names, symbols, default) => match choices.below(4) {
            0 => rename(names, choices),
            1 => symbols.push("NEW".to_owned()),
            2 => drop(symbols.pop()),
            _ => *default = symbols.first().cloned(),
        },
        Type::Fixed(names, size) => match choices.below(2) {
            0 => rename(names, choices),
            _ => *size += 1,
        },
        Type::Union(branches) => match choices.below(3) {
            0 => branches.push(Type::Primitive(choices.pick(PRIMITIVES))),
            1 => branches.reverse(),
            _ => drop(branches.pop()),
        },
        Type::Primitive(name) if choices.is() => *name = choices.pick(PRIMITIVES),
        plain => *plain = Type::Union(vec![Type::Primitive("null"), plain.clone()]),
    }
}

fn rename(names: &mut Names, choices: &mut Choices<'_>) {
    let old = names.full.clone();
    let simple = old.split('.').next_back().unwrap_or_default();
    names.full = match choices.below(3) {
        0 => format!("c.{simple}"),
        _ => format!("{old}x"),
    };
    if choices.is() {
        names.aliases.push(old);
    }
}

/// Field names come from a small stock, so that new ones meet old ones and their aliases.
fn change_fields(fields: &mut Vec<Field>, choices: &mut Choices<'_>) {
    let name = format!("f{}", choices.below(6));
    let at = choices.below(fields.len());
    match (choices.below(4), fields.get_mut(at)) {
        (1, Some(_)) => drop(fields.remove(at)),
        (2, Some(field)) => {
            let old = std::mem::replace(&mut field.name, name);
            if choices.is() {
                field.aliases.push(old);
            }
        }
        (3, Some(_)) => fields.reverse(),
        _ => {
            let has = Type::Primitive(choices.pick(PRIMITIVES));
            let default = if choices.is() { plain_json(&has) } else { None };
            fields.push(Field { name, aliases: vec![], has, default });
        }
    }
}
