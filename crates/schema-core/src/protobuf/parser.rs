//! `.proto` text to tree: files, messages, enums, services.
//!
//! The grammar is the reference's, which takes more than the language allows (duplicate numbers,
//! labels on anything but maps, `reserved` anywhere) and in places less (editions). A keyword is
//! one only where the block permits it; elsewhere it is the name of a type.

use foldhash::{HashSet, HashSetExt};
use smol_str::SmolStr;

use super::ast::{
    Constant, Enum, Extend, Extensions, File, Message, NUMBER_MAX, NumberRange, Reserved,
    ReservedItem, Rpc, RpcType, Service, Syntax, TypeDecl,
};
use super::error::{Budget, Failure, Result};
use super::field_parser::Member;
use super::lexer::Lexer;

pub(super) fn parse(text: &str, budget: &mut Budget) -> Result<File> {
    Parser { lexer: Lexer::new(text), budget, syntax: None }.file()
}

pub(super) struct Parser<'a, 'b> {
    pub(super) lexer: Lexer<'a>,
    pub(super) budget: &'b mut Budget,
    pub(super) syntax: Option<Syntax>,
}

impl<'a> Parser<'a, '_> {
    /// Offset of the next token, which counts as one more node.
    pub(super) fn node(&mut self) -> Result<usize> {
        self.lexer.skip()?;
        let at = self.lexer.offset();
        self.budget.node(at)?;
        Ok(at)
    }

    fn file(mut self) -> Result<File> {
        let mut file = File::default();
        let mut names = HashSet::new();
        let mut is_first = true;
        loop {
            self.lexer.skip()?;
            if self.lexer.is_at_end() {
                return Ok(file);
            }
            if !self.lexer.eat(';')? {
                self.file_item(&mut file, &mut names, is_first)?;
            }
            is_first = false;
        }
    }

    fn file_item(
        &mut self,
        file: &mut File,
        names: &mut HashSet<(bool, SmolStr)>,
        is_first: bool,
    ) -> Result<()> {
        let at = self.node()?;
        match self.lexer.word()? {
            "package" => {
                file.package = Some(self.name()?.into());
                self.lexer.require(';')?;
            }
            "import" => self.import(file)?,
            "syntax" => file.syntax = Some(self.syntax_line(at, is_first)?),
            "option" => file.options.push(self.option_statement()?),
            "reserved" => drop(self.reserved()?),
            "message" => file.types.push(TypeDecl::Message(self.message(at)?)),
            "enum" => file.types.push(TypeDecl::Enum(self.enumeration(at)?)),
            "service" => file.services.push(self.service(at)?),
            "extend" => file.extends.push(self.extend(at)?),
            "edition" => return Err(self.edition(at)),
            word => return Err(Failure::syntax(at, format!("unexpected '{word}'"))),
        }
        let declared = match (file.types.last(), file.services.last()) {
            (Some(decl), _) if decl.at() == at => Some((true, SmolStr::new(decl.name()))),
            (_, Some(service)) if service.at == at => Some((false, service.name.clone())),
            _ => None,
        };
        match declared {
            Some(name) if names.contains(&name) => {
                Err(Failure::syntax(at, format!("'{}' is already defined in this file", name.1)))
            }
            Some(name) => {
                names.insert(name);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn import(&mut self, file: &mut File) -> Result<()> {
        let at = self.lexer.offset();
        if matches!(self.lexer.peek()?, '"' | '\'') {
            let path = self.lexer.quoted()?;
            file.imports.push(unix_path(&path));
        } else {
            match self.lexer.word()? {
                // Observed: a weak import is parsed and then forgotten.
                "weak" => drop(self.lexer.quoted()?),
                "public" => {
                    let path = self.lexer.quoted()?;
                    file.public_imports.push(unix_path(&path));
                }
                _ => return Err(Failure::syntax(at, "expected a quoted path to import")),
            }
        }
        self.lexer.require(';')
    }

    fn syntax_line(&mut self, at: usize, is_first: bool) -> Result<Syntax> {
        if self.syntax.is_some() {
            return Err(Failure::syntax(at, "there is more than one 'syntax' line"));
        }
        self.lexer.require('=')?;
        if !is_first {
            return Err(Failure::syntax(at, "'syntax' must be the first declaration of a file"));
        }
        let syntax = match self.lexer.quoted()?.as_str() {
            "proto2" => Syntax::Proto2,
            "proto3" => Syntax::Proto3,
            other => {
                let message = format!("unknown syntax '{other}'; known are proto2, proto3");
                return Err(Failure::syntax(at, message));
            }
        };
        self.lexer.require(';')?;
        self.syntax = Some(syntax);
        Ok(syntax)
    }

    fn edition(&mut self, at: usize) -> Failure {
        let edition = self.lexer.require('=').and_then(|()| self.lexer.quoted());
        let edition = edition.map_or_else(|_| String::new(), |name| format!(" {name}"));
        Failure::syntax(
            at,
            format!(
                "edition{edition} is not supported in schema text; write syntax = \"proto2\" or \
                 syntax = \"proto3\""
            ),
        )
    }

    /// The members of a block, up to and including its closing brace.
    fn block(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.lexer.require('{')?;
        self.budget.enter(self.lexer.offset())?;
        while !self.lexer.eat('}')? {
            if !self.lexer.eat(';')? {
                item(self)?;
            }
        }
        self.budget.leave();
        Ok(())
    }

    /// A message with all that it nests; a stack of open messages instead of recursion, because
    /// how deep a text nests is for the limit to say and not for the size of a thread's stack.
    fn message(&mut self, at: usize) -> Result<Message> {
        let mut open = vec![self.open_message(at)?];
        while let Some(message) = open.last_mut() {
            if self.lexer.eat('}')? {
                self.budget.leave();
                let Some(closed) = open.pop() else { break };
                match open.last_mut() {
                    Some(outer) => outer.nested.push(TypeDecl::Message(closed)),
                    None => return Ok(closed),
                }
            } else if !self.lexer.eat(';')?
                && let Some(nested) = self.message_item(message)?
            {
                open.push(nested);
            }
        }
        self.lexer.fail("unexpected end of a message")
    }

    fn open_message(&mut self, at: usize) -> Result<Message> {
        let name = self.name()?.into();
        self.lexer.require('{')?;
        self.budget.enter(at)?;
        Ok(Message { at, name, ..Message::default() })
    }

    /// Adds one statement to `message`, or returns the nested message that it opens.
    fn message_item(&mut self, message: &mut Message) -> Result<Option<Message>> {
        let at = self.node()?;
        match self.lexer.word()? {
            "option" => message.options.push(self.option_statement()?),
            "reserved" => message.reserved.push(self.reserved()?),
            "message" => return self.open_message(at).map(Some),
            "enum" => message.nested.push(TypeDecl::Enum(self.enumeration(at)?)),
            "extend" => message.extends.push(self.extend(at)?),
            "oneof" => message.oneofs.push(self.oneof()?),
            "extensions" => message.extensions.push(self.extensions()?),
            word => match self.member(at, word)? {
                Member::Field(field) => message.fields.push(field),
                Member::Group(group) => message.groups.push(group),
            },
        }
        Ok(None)
    }

    fn extend(&mut self, at: usize) -> Result<Extend> {
        let mut extend = Extend { at, name: self.name()?.into(), fields: Vec::new() };
        self.block(|parser| {
            let at = parser.node()?;
            match parser.lexer.word()? {
                "option" => drop(parser.option_statement()?),
                "reserved" => drop(parser.reserved()?),
                word => {
                    if let Member::Field(field) = parser.member(at, word)? {
                        extend.fields.push(field);
                    }
                }
            }
            Ok(())
        })?;
        Ok(extend)
    }

    fn enumeration(&mut self, at: usize) -> Result<Enum> {
        let mut decl = Enum {
            at,
            name: self.name()?.into(),
            constants: Vec::new(),
            reserved: Vec::new(),
            options: Vec::new(),
        };
        self.block(|parser| {
            let at = parser.node()?;
            parser.budget.constant(decl.constants.len(), at)?;
            match parser.lexer.member_name()? {
                "option" => decl.options.push(parser.option_statement()?),
                "reserved" => decl.reserved.push(parser.reserved()?),
                name => decl.constants.push(parser.constant(name)?),
            }
            Ok(())
        })?;
        Ok(decl)
    }

    fn constant(&mut self, name: &str) -> Result<Constant> {
        self.lexer.require('=')?;
        let number = self.lexer.integer()?;
        let options = self.bracketed_options()?;
        self.lexer.require(';')?;
        self.lexer.trailing_comment()?;
        Ok(Constant { name: name.into(), number, options })
    }

    fn service(&mut self, at: usize) -> Result<Service> {
        let mut service =
            Service { at, name: self.name()?.into(), rpcs: Vec::new(), options: Vec::new() };
        self.block(|parser| {
            let at = parser.node()?;
            match parser.lexer.word()? {
                "option" => service.options.push(parser.option_statement()?),
                "reserved" => drop(parser.reserved()?),
                "rpc" => service.rpcs.push(parser.rpc()?),
                word => return Err(Failure::syntax(at, format!("unexpected '{word}'"))),
            }
            Ok(())
        })?;
        Ok(service)
    }

    fn rpc(&mut self) -> Result<Rpc> {
        let name = self.name()?.into();
        let request = self.rpc_type()?;
        let at = self.lexer.offset();
        if self.lexer.word()? != "returns" {
            return Err(Failure::syntax(at, "expected 'returns'"));
        }
        let response = self.rpc_type()?;
        let mut options = Vec::new();
        if self.lexer.peek()? == '{' {
            self.block(|parser| {
                let at = parser.node()?;
                match parser.lexer.word()? {
                    "option" => options.push(parser.option_statement()?),
                    "reserved" => drop(parser.reserved()?),
                    word => return Err(Failure::syntax(at, format!("unexpected '{word}'"))),
                }
                Ok(())
            })?;
        } else {
            self.lexer.require(';')?;
        }
        Ok(Rpc { name, request, response, options })
    }

    fn rpc_type(&mut self) -> Result<RpcType> {
        self.lexer.require('(')?;
        self.lexer.skip()?;
        let at = self.lexer.offset();
        let word = self.lexer.word()?;
        let is_stream = word == "stream";
        let ty = if is_stream { self.data_type()? } else { self.data_type_from(word)? };
        self.lexer.require(')')?;
        Ok(RpcType { at, is_stream, ty })
    }

    fn reserved(&mut self) -> Result<Reserved> {
        let mut items = Vec::new();
        loop {
            self.node()?;
            items.push(match self.lexer.peek()? {
                '"' | '\'' => ReservedItem::Name(self.lexer.quoted()?.into()),
                _ => ReservedItem::Numbers(self.range(&[',', ';'])?),
            });
            match self.lexer.next()? {
                ';' => break,
                ',' => {}
                other => return self.lexer.fail(format!("expected ',' or ';', found '{other}'")),
            }
        }
        self.lexer.trailing_comment()?;
        Ok(items)
    }

    fn extensions(&mut self) -> Result<Extensions> {
        let mut ranges = Vec::new();
        loop {
            self.node()?;
            ranges.push(self.range(&[',', ';', '['])?);
            if self.lexer.peek()? == '[' {
                let options = self.bracketed_options()?;
                self.lexer.require(';')?;
                return Ok(Extensions { ranges, options });
            }
            match self.lexer.next()? {
                ';' => return Ok(Extensions { ranges, options: Vec::new() }),
                ',' => {}
                other => return self.lexer.fail(format!("expected ',' or ';', found '{other}'")),
            }
        }
    }

    fn range(&mut self, ends: &[char]) -> Result<NumberRange> {
        let start = self.lexer.integer()?;
        if ends.contains(&self.lexer.peek()?) {
            return Ok(NumberRange { start, end: None });
        }
        let at = self.lexer.offset();
        if self.lexer.word()? != "to" {
            return Err(Failure::syntax(at, "expected ',', ';' or 'to'"));
        }
        self.lexer.skip()?;
        let at = self.lexer.offset();
        let end = match self.lexer.word()? {
            "max" => NUMBER_MAX,
            word => word.parse().map_err(|_| {
                Failure::syntax(at, format!("expected a number or 'max', found '{word}'"))
            })?,
        };
        Ok(NumberRange { start, end: Some(end) })
    }

    /// A name, which may stand in parentheses or brackets; those are dropped.
    pub(super) fn name(&mut self) -> Result<&'a str> {
        let close = match self.lexer.peek()? {
            '(' => ')',
            '[' => ']',
            _ => return self.word_of_parts(),
        };
        self.lexer.next()?;
        let word = self.word_of_parts()?;
        self.lexer.require(close)?;
        Ok(word)
    }

    fn word_of_parts(&mut self) -> Result<&'a str> {
        let at = self.lexer.offset();
        let word = self.lexer.word()?;
        self.budget.parts(word, at)?;
        Ok(word)
    }
}

/// The path of an import as the reference keeps it: forward slashes, no empty or `.` parts.
fn unix_path(path: &str) -> String {
    let is_absolute = path.starts_with(['/', '\\']);
    let parts = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
    let joined = parts.collect::<Vec<_>>().join("/");
    match (is_absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
