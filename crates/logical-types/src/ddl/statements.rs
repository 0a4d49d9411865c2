//! The statements of a script: what it declares, and which type it registers.

use indexmap::{IndexMap, IndexSet};
use levada_schema_core::Limits;

use super::cursor::Cursor;
use super::lexer::{Token, invalid};
use super::names::{Names, implied_root};
use super::parser::Parser;
use crate::error::{LogicalError, breach};
use crate::model::{Kind, Named, Script, Type};

/// Reads a script.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Script, LogicalError> {
    if text.len() > limits.text_bytes_max {
        let what = format!("type definition has {} bytes", text.len());
        return Err(LogicalError::TooLarge(breach(&what, limits.text_bytes_max, "text-bytes-max")));
    }
    // Uses may stand before declarations, and what they mean depends on those.
    let names = declared_names(&mut Cursor::new(text, limits)?)?;
    let mut cursor = Cursor::new(text, limits)?;
    namespace(&mut cursor)?;
    let imports = imports(&mut cursor)?;
    let mut parser = Parser { cursor: &mut cursor, names: &names };
    let declared = declarations(&mut parser)?;
    let root = root(&mut parser, &declared)?;
    let namespace = names.namespace.clone();
    let script = Script { namespace, root, named: declared, imports };
    check_imports(&script, &cursor)?;
    Ok(script)
}

fn namespace(cursor: &mut Cursor<'_>) -> Result<Option<String>, LogicalError> {
    if !cursor.take_word("NAMESPACE")? {
        return Ok(None);
    }
    let name = cursor.path()?;
    cursor.symbol(';')?;
    Ok(Some(name))
}

fn imports(cursor: &mut Cursor<'_>) -> Result<IndexMap<String, String>, LogicalError> {
    let mut imports = IndexMap::new();
    while cursor.take_word("USING")? {
        cursor.count()?;
        cursor.word("TYPE")?;
        let place = cursor.place();
        let name = cursor.path()?;
        cursor.word("FOR")?;
        let address = cursor.text()?;
        if address.trim().is_empty() {
            return Err(invalid(format!("USING TYPE {name} names no address"), place));
        }
        if imports.insert(name.clone(), address).is_some() {
            return Err(invalid(format!("USING TYPE {name} is there twice"), place));
        }
        cursor.symbol(';')?;
    }
    Ok(imports)
}

fn at_declaration(cursor: &Cursor<'_>) -> bool {
    ["STRUCT", "ROW", "ENUM"].iter().any(|word| cursor.at_word(word))
}

/// The names of all declarations; their bodies are passed over.
fn declared_names(cursor: &mut Cursor<'_>) -> Result<Names, LogicalError> {
    let mut names = Names { namespace: namespace(cursor)?, ..Names::default() };
    imports(cursor)?;
    while at_declaration(cursor) {
        cursor.advance()?;
        let place = cursor.place();
        let name = names.of_declaration(&cursor.path()?);
        if let Some(parent) = names.parent(&name)
            && name.rsplit_once('.').is_none_or(|(direct, _)| direct != parent)
        {
            return Err(invalid(
                format!("'{name}' nests in '{parent}', but what stands between is not declared"),
                place,
            ));
        }
        if !names.declared.insert(name.clone()) {
            return Err(invalid(format!("type '{name}' is declared twice"), place));
        }
        while !cursor.take_symbol(';')? {
            if *cursor.peek() == Token::End {
                return Ok(names);
            }
            cursor.advance()?;
        }
    }
    Ok(names)
}

fn declarations(parser: &mut Parser<'_, '_>) -> Result<IndexMap<String, Named>, LogicalError> {
    let mut named = IndexMap::new();
    // Completed against the names so far, as in the first pass.
    let mut so_far = Names { namespace: parser.names.namespace.clone(), ..Names::default() };
    while at_declaration(parser.cursor) {
        parser.cursor.count()?;
        let is_enum = parser.cursor.take_word("ENUM")?;
        if !is_enum {
            parser.cursor.advance()?;
        }
        let name = so_far.of_declaration(&parser.cursor.path()?);
        let body = if is_enum {
            Named::Enum(parser.declared_enum()?)
        } else {
            Named::Struct(parser.declared_struct()?)
        };
        so_far.declared.insert(name.clone());
        named.insert(name, body);
        if !parser.cursor.take_symbol(';')? {
            break;
        }
    }
    Ok(named)
}

/// What the last statement registers, or what the declarations imply.
fn root(
    parser: &mut Parser<'_, '_>,
    named: &IndexMap<String, Named>,
) -> Result<Type, LogicalError> {
    let place = parser.cursor.place();
    let is_explicit = parser.cursor.take_word("TYPE")?;
    let explicit = if is_explicit { Some(parser.type_expression()?) } else { None };
    if is_explicit {
        parser.cursor.take_symbol(';')?;
    }
    if *parser.cursor.peek() != Token::End {
        return Err(parser.cursor.expected("';', a declaration, or a last TYPE statement"));
    }
    if let Some(Type { kind: Kind::Named(name), .. }) = &explicit
        && let Some(parent) = parser.names.parent(name)
    {
        let reason = format!("'{name}' nests in '{parent}' and cannot be registered without it");
        return Err(invalid(reason, place));
    }
    if named.is_empty() && explicit.is_none() {
        return Err(invalid(
            "nothing to register: declare a STRUCT or an ENUM, or add TYPE",
            place,
        ));
    }
    explicit.or_else(|| implied_root(named)).ok_or_else(|| {
        let reason =
            "the declared types all use each other; add 'TYPE <name>' to say which to register";
        invalid(reason, place)
    })
}

/// Every import belongs to a type that is used and not declared.
fn check_imports(script: &Script, cursor: &Cursor<'_>) -> Result<(), LogicalError> {
    let mut used = IndexSet::new();
    script.root.kind.add_names(&mut used);
    script.named.values().for_each(|body| body.add_names(&mut used));
    for name in script.imports.keys() {
        if script.named.contains_key(name) {
            let reason = format!("USING TYPE {name}: the type is declared here");
            return Err(cursor.error(reason));
        }
        if !used.contains(name.as_str()) {
            return Err(cursor.error(format!("USING TYPE {name}: nothing uses the type")));
        }
    }
    Ok(())
}
