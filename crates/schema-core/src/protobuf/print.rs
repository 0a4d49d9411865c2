//! Tree to text, in the reference's own order and layout.
//!
//! Order in a message: reserved, options, fields, oneofs, groups, extensions, extends, messages,
//! enums; source order inside each. A section is set off by a line that is empty but for the
//! indentation of the block it stands in. Options of a field go one per line if there are several.

use std::fmt::Display;

use smol_str::SmolStr;

use super::ast::{
    Constant, Enum, Extend, Extensions, Field, FieldType, File, Group, Label, Message, Oneof,
    OptionNode, OptionValue, Reserved, ReservedItem, Rpc, Service, TypeDecl,
};

pub(super) fn print(file: &File) -> String {
    let mut printer = Printer::default();
    printer.file(file);
    printer.out
}

#[derive(Default)]
struct Printer {
    out: String,
    indent: usize,
    is_line_start: bool,
}

impl Printer {
    /// Appends text; every line that starts here gets the present indentation, empty ones too.
    fn text(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.newline();
            }
            if !line.is_empty() {
                self.start_line();
                self.out.push_str(line);
            }
        }
    }

    fn start_line(&mut self) {
        if self.is_line_start {
            self.is_line_start = false;
            for _ in 0..self.indent {
                self.out.push_str("  ");
            }
        }
    }

    fn newline(&mut self) {
        self.start_line();
        self.out.push('\n');
        self.is_line_start = true;
    }

    fn line(&mut self, text: impl Display) {
        self.text(&text.to_string());
        self.newline();
    }

    fn indented(&mut self, print: impl FnOnce(&mut Self)) {
        self.indent += 1;
        print(self);
        self.indent -= 1;
    }

    /// A separator and the indented items, if any were `written`.
    fn section<T>(&mut self, written: bool, items: &[T], print: impl Fn(&mut Self, &T)) {
        if written {
            self.newline();
        }
        self.indented(|printer| items.iter().for_each(|item| print(printer, item)));
    }

    fn list<T>(&mut self, items: &[T], print: impl Fn(&mut Self, &T)) {
        self.section(!items.is_empty(), items, print);
    }

    fn file(&mut self, file: &File) {
        if let Some(syntax) = file.syntax {
            self.line(format_args!("syntax = \"{}\";", syntax.as_str()));
        }
        if let Some(package) = &file.package {
            self.line(format_args!("package {package};"));
        }
        if !file.imports.is_empty() || !file.public_imports.is_empty() {
            self.newline();
        }
        for path in &file.imports {
            self.line(format_args!("import \"{path}\";"));
        }
        for path in &file.public_imports {
            self.line(format_args!("import public \"{path}\";"));
        }
        if !file.options.is_empty() {
            self.newline();
            file.options.iter().for_each(|option| self.option_statement(option));
        }
        self.types(&file.types);
        if file.extends.written {
            self.newline();
        }
        file.extends.items.iter().for_each(|extend| self.extend(extend));
        if !file.services.is_empty() {
            self.newline();
        }
        file.services.iter().for_each(|service| self.service(service));
    }

    /// Messages before enums, after a separator.
    fn types(&mut self, types: &[TypeDecl]) {
        if !types.is_empty() {
            self.newline();
        }
        for decl in types {
            if let TypeDecl::Message(message) = decl {
                self.message(message);
            }
        }
        for decl in types {
            if let TypeDecl::Enum(decl) = decl {
                self.enumeration(decl);
            }
        }
    }

    fn message(&mut self, message: &Message) {
        self.text(&format!("message {} {{", message.name));
        self.list(&message.reserved, Self::reserved);
        self.list(&message.options, Self::option_statement);
        self.list(&message.fields, Self::field);
        self.section(message.oneofs.written, &message.oneofs.items, Self::oneof);
        self.list(&message.groups, Self::group);
        self.list(&message.extensions, Self::extensions);
        self.section(message.extends.written, &message.extends.items, Self::extend);
        if !message.nested.is_empty() {
            // The separator belongs to the message, the types stand one level in.
            self.newline();
            self.indent += 1;
            self.nested_types(&message.nested);
            self.indent -= 1;
        }
        self.line("}");
    }

    fn nested_types(&mut self, types: &[TypeDecl]) {
        for decl in types {
            if let TypeDecl::Message(message) = decl {
                self.message(message);
            }
        }
        for decl in types {
            if let TypeDecl::Enum(decl) = decl {
                self.enumeration(decl);
            }
        }
    }

    fn enumeration(&mut self, decl: &Enum) {
        self.text(&format!("enum {} {{", decl.name));
        self.list(&decl.reserved, Self::reserved);
        // Observed: after `reserved` the rest follows without a separator.
        if decl.reserved.is_empty() && !(decl.options.is_empty() && decl.constants.is_empty()) {
            self.newline();
        }
        self.indented(|printer| {
            decl.options.iter().for_each(|option| printer.option_statement(option));
            decl.constants.iter().for_each(|constant| printer.constant(constant));
        });
        self.line("}");
    }

    fn constant(&mut self, constant: &Constant) {
        self.text(&format!("{} = {}", constant.name, constant.number));
        self.bracketed(&constant.options);
        self.line(";");
    }

    fn reserved(&mut self, reserved: &Reserved) {
        self.text("reserved ");
        for (index, item) in reserved.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            match item {
                ReservedItem::Name(name) => self.text(&format!("\"{name}\"")),
                ReservedItem::Numbers(range) => self.text(&range.to_string()),
            }
        }
        self.line(";");
    }

    fn extensions(&mut self, extensions: &Extensions) {
        let ranges: Vec<_> = extensions.ranges.iter().map(ToString::to_string).collect();
        self.text(&format!("extensions {}", ranges.join(", ")));
        self.bracketed(&extensions.options);
        self.line(";");
    }

    fn extend(&mut self, extend: &Extend) {
        self.text(&format!("extend {} {{", extend.name));
        self.list(&extend.fields, Self::field);
        self.line("}");
    }

    fn oneof(&mut self, oneof: &Oneof) {
        self.text(&format!("oneof {} {{", oneof.name));
        self.list(&oneof.options, Self::option_statement);
        self.list(&oneof.fields, Self::field);
        self.list(&oneof.groups, Self::group);
        self.line("}");
    }

    fn group(&mut self, group: &Group) {
        self.label(group.label);
        self.text(&format!("group {} = {} {{", group.name, group.number));
        self.list(&group.fields, Self::field);
        self.line("}");
    }

    fn label(&mut self, label: Option<Label>) {
        if let Some(label) = label {
            self.text(label.as_str());
            self.text(" ");
        }
    }

    fn field(&mut self, field: &Field) {
        self.label(field.label);
        self.text(&format!("{} {} = {}", field.ty, field.name, field.number));
        if field.default.is_none() && field.json_name.is_none() {
            self.bracketed(&field.options);
        } else {
            let mut options = field.options.clone();
            options.extend(value_options(field));
            self.bracketed(&options);
        }
        self.line(";");
    }

    fn service(&mut self, service: &Service) {
        self.text(&format!("service {} {{", service.name));
        self.list(&service.options, Self::option_statement);
        self.list(&service.rpcs, Self::rpc);
        self.line("}");
    }

    fn rpc(&mut self, rpc: &Rpc) {
        let stream = |is_stream| if is_stream { "stream " } else { "" };
        self.text(&format!(
            "rpc {} ({}{}) returns ({}{})",
            rpc.name,
            stream(rpc.request.is_stream),
            rpc.request.ty,
            stream(rpc.response.is_stream),
            rpc.response.ty,
        ));
        if !rpc.options.is_empty() {
            self.line(" {");
            self.indented(|printer| {
                rpc.options.iter().for_each(|option| printer.option_statement(option));
            });
            self.text("}");
        }
        self.line(";");
    }

    fn option_statement(&mut self, option: &OptionNode) {
        self.text("option ");
        self.option(option);
        self.line(";");
    }

    fn bracketed(&mut self, options: &[OptionNode]) {
        if !options.is_empty() {
            self.text(" ");
            self.comma_list(options, Self::option);
        }
    }

    /// `[a]`, or one item a line if there is not exactly one.
    fn comma_list<T>(&mut self, items: &[T], print: impl Fn(&mut Self, &T)) {
        if let [only] = items {
            self.text("[");
            print(self, only);
            self.text("]");
        } else {
            self.item_lines('[', items, print, ']');
        }
    }

    fn item_lines<T>(
        &mut self,
        open: char,
        items: &[T],
        print: impl Fn(&mut Self, &T),
        close: char,
    ) {
        self.line(open);
        self.indented(|printer| {
            for (index, item) in items.iter().enumerate() {
                print(printer, item);
                printer.line(if index + 1 < items.len() { "," } else { "" });
            }
        });
        self.text(close.encode_utf8(&mut [0; 4]));
    }

    fn option(&mut self, option: &OptionNode) {
        if option.is_custom {
            self.text(&format!("({})", option.name));
        } else {
            self.text(&option.name);
        }
        match &option.value {
            OptionValue::Nested(inner) => {
                self.text(".");
                self.option(inner);
            }
            OptionValue::List(items) => {
                self.text(" = ");
                self.comma_list(items, Self::value);
            }
            value => {
                self.text(" = ");
                self.value(value);
            }
        }
    }

    fn value(&mut self, value: &OptionValue) {
        match value {
            OptionValue::Text(text) => self.text(&format!("\"{}\"", escape(text))),
            OptionValue::Number(text) | OptionValue::Word(text) => self.text(text),
            OptionValue::Nested(option) => self.option(option),
            OptionValue::List(items) => self.item_lines('[', items, Self::value, ']'),
            OptionValue::Map(entries) => {
                let print = |printer: &mut Self, (key, value): &(SmolStr, OptionValue)| {
                    printer.text(&format!("{key}: "));
                    printer.value(value);
                };
                self.item_lines('{', entries, print, '}');
            }
        }
    }
}

/// `default` and `json_name` as options of their field.
pub(super) fn value_options(field: &Field) -> Vec<OptionNode> {
    let option = |name: &str, value| OptionNode { name: name.into(), is_custom: false, value };
    let default = field.default.as_ref().map(|text| default_value(&field.ty, text));
    let json_name = field.json_name.clone().map(OptionValue::Text);
    default
        .map(|value| option("default", value))
        .into_iter()
        .chain(json_name.map(|value| option("json_name", value)))
        .collect()
}

/// How a default is printed goes by the last part of the type's name (observed: the default of a
/// `bytes` field counts as a number and loses its quotes).
fn default_value(ty: &FieldType, text: &str) -> OptionValue {
    let name = ty.to_string();
    let simple = name.rsplit('.').next().unwrap_or_default();
    let text = SmolStr::new(text);
    match simple {
        "string" => OptionValue::Text(text),
        "bool" => OptionValue::Word(text),
        _ if FieldType::Named(simple.into()).is_scalar() => OptionValue::Number(text),
        _ => OptionValue::Word(text),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7}' => escaped.push_str("\\a"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{b}' => escaped.push_str("\\v"),
            '\\' | '\'' | '"' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}
