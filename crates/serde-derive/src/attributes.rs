//! What stands in `#[avro(…)]` and in documentation comments.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Path, Result};

/// All that can be said; who takes them refuses what makes no sense there.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) name: Option<LitStr>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) default: Option<LitStr>,
    pub(crate) logical: Option<LitStr>,
    pub(crate) decimal: Option<Decimal>,
    /// The file that has the same schema.
    pub(crate) schema: Option<LitStr>,
    /// Where it is said that an option has no default.
    pub(crate) no_default: Option<Path>,
    pub(crate) doc: String,
}

/// `decimal(precision = …, scale = …)`.
pub(crate) struct Decimal {
    pub(crate) precision: u32,
    pub(crate) scale: u32,
}

impl Attributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut parsed = Self::default();
        let mut lines = Vec::new();
        for attribute in attributes {
            if attribute.path().is_ident("avro") {
                attribute.parse_nested_meta(|meta| parsed.take(&meta))?;
            } else if let Some(line) = doc_line(attribute) {
                lines.push(line.strip_prefix(' ').unwrap_or(&line).to_owned());
            }
        }
        lines.join("\n").trim().clone_into(&mut parsed.doc);
        Ok(parsed)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let text = || meta.value()?.parse::<LitStr>();
        if meta.path.is_ident("name") {
            self.name = Some(checked_name(text()?)?);
        } else if meta.path.is_ident("namespace") {
            self.namespace = Some(text()?);
        } else if meta.path.is_ident("alias") {
            self.aliases.push(text()?);
        } else if meta.path.is_ident("default") {
            self.default = Some(text()?);
        } else if meta.path.is_ident("logical") {
            self.logical = Some(text()?);
        } else if meta.path.is_ident("schema") {
            self.schema = Some(text()?);
        } else if meta.path.is_ident("no_default") {
            self.no_default = Some(meta.path.clone());
        } else if meta.path.is_ident("decimal") {
            self.decimal = Some(Decimal::parse(meta)?);
        } else {
            return Err(meta.error(
                "`avro` knows name, namespace, alias, default, no_default, logical, decimal(…) and \
                 schema",
            ));
        }
        Ok(())
    }
}

impl Decimal {
    fn parse(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        let (mut precision, mut scale) = (None, 0);
        meta.parse_nested_meta(|part| {
            let number: LitInt = part.value()?.parse()?;
            if part.path.is_ident("precision") {
                precision = Some(number.base10_parse()?);
            } else if part.path.is_ident("scale") {
                scale = number.base10_parse()?;
            } else {
                return Err(part.error("a decimal has a precision and a scale"));
            }
            Ok(())
        })?;
        match precision {
            Some(precision) if precision > 0 && scale <= precision => Ok(Self { precision, scale }),
            Some(_) => Err(meta.error("the precision is at least 1 and at least the scale")),
            None => Err(meta.error("a decimal needs a precision")),
        }
    }
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    match &meta.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if meta.path.is_ident("doc") => {
            Some(text.value())
        }
        _ => None,
    }
}

/// Avro's names: a letter or `_`, then letters, digits and `_`.
fn checked_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_name =
        text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit());
    if is_name {
        return Ok(name);
    }
    Err(syn::Error::new(name.span(), format!("`{text}` is no name in Avro")))
}
