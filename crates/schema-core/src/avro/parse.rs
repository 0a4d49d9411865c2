//! From JSON to types, in the order in which the reference does it: a name is known as soon as its
//! definition has been read to the end, and until then stands for itself.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smol_str::SmolStr;

use super::attributes::{
    Attribute, Attributes, at, check_integers, invalid, required, required_array, required_text,
};
use super::defaults::DefaultCheck;
use super::types::{
    Branches, Enum, Field, FieldDefault, Fixed, Primitive, Shape, Type, TypeId, Types,
};
use crate::json_text::{self, Items, Json, NodeId, View};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind, Validation};

/// Largest size of a fixed type, as the reference bounds it: a Java array's.
const FIXED_SIZE_MAX: i64 = i32::MAX as i64 - 8;

/// So many branches are told apart quickest by looking at each pair.
const FEW: usize = 8;

/// About so many values and keys of a schema make a type.
const NODES_PER_TYPE: usize = 4;

/// Reads texts one after the other into one name space.
pub(super) struct Parser<'a> {
    pub(super) types: Types,
    /// Finished definitions, by full name.
    pub(super) names: HashMap<SmolStr, TypeId>,
    /// Room for the full name that is looked up.
    pub(super) full_name: String,
    pub(super) validation: Validation,
    pub(super) limits: &'a Limits,
    /// Whether the text being read is the schema's own and so its places are worth keeping.
    keeps_places: bool,
    /// Bytes left for names written out in full.
    pub(super) name_bytes_left: usize,
    /// Definitions and uses of named types in the text that is read.
    pub(super) names_used: usize,
    /// Bytes of the longest namespace in it.
    pub(super) longest_space: usize,
    /// Steps left for checking defaults.
    default_steps: usize,
    /// Fields whose defaults were accepted for types not defined by then: record and position.
    pub(super) provisional: Vec<(TypeId, usize)>,
    /// Whether a name was used before its definition, which then moves in the canonical text.
    pub(super) has_forward_uses: bool,
    /// Values and keys in the text that was read last.
    pub(super) text_nodes: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(validation: Validation, limits: &'a Limits) -> Self {
        Self {
            types: Types::new(),
            names: HashMap::new(),
            full_name: String::new(),
            validation,
            limits,
            keeps_places: false,
            name_bytes_left: limits.name_bytes_max(),
            names_used: 0,
            longest_space: 0,
            default_steps: limits.pairs_max,
            provisional: Vec::new(),
            has_forward_uses: false,
            text_nodes: 0,
        }
    }

    /// Reads the text of a reference; its named types can be used from now on.
    pub(super) fn reference(&mut self, text: &str) -> Result<TypeId, ParseError> {
        self.text(text)
    }

    /// Reads the schema's own text.
    pub(super) fn main(&mut self, text: &str) -> Result<TypeId, ParseError> {
        self.keeps_places = true;
        (self.names_used, self.longest_space) = (0, 0);
        let root = self.text(text)?;
        self.check_moves()?;
        Ok(root)
    }

    fn text(&mut self, text: &str) -> Result<TypeId, ParseError> {
        let nodes_before = self.types.tape().len();
        let root = self.types.read(text, self.limits)?;
        let tape = self.types.tape();
        self.text_nodes = tape.len() - nodes_before;
        let start = self.types.len();
        self.types.reserve(self.text_nodes / NODES_PER_TYPE);
        let root = self.parse(tape.json(root), None)?;
        self.resolve(start, root)
    }

    /// Where that is, as far as it is worth telling.
    pub(super) fn location(&self, node: NodeId) -> Option<Location> {
        self.keeps_places.then(|| self.types.location(node)).flatten()
    }

    pub(super) fn add(
        &mut self,
        shape: Shape,
        has_props: bool,
        place: Json<'_>,
    ) -> Result<TypeId, ParseError> {
        if self.types.len() >= self.limits.nodes_max {
            let what = "too many types with all references";
            return Err(at(too_large(what, self.limits.nodes_max, "nodes-max"), place));
        }
        let added = Type { shape, node: place.id(), has_props };
        if has_props && matches!(added.shape, Shape::Record(_) | Shape::Array(_) | Shape::Map(_)) {
            check_integers(self.types.props(&added))?;
        }
        Ok(self.types.push(added))
    }

    /// One type. It calls itself for the types inside, so neither it nor what lies in between may
    /// hold much on the stack: whatever is built around a type is built by a function of its own.
    pub(super) fn parse(
        &mut self,
        value: Json<'_>,
        space: Option<&str>,
    ) -> Result<TypeId, ParseError> {
        if let Some(name) = value.as_str() {
            self.find(name, space, value)
        } else if let Some(object) = value.as_object() {
            self.object(&Attributes::of(object, value), space)
        } else if let Some(branches) = value.as_array() {
            self.union(branches, value, space)
        } else {
            Err(no_schema(value))
        }
    }

    fn union(
        &mut self,
        branches: Items<'_>,
        place: Json<'_>,
        space: Option<&str>,
    ) -> Result<TypeId, ParseError> {
        let branches_max = self.limits.union_branches_max;
        let count = branches.clone().count();
        if count > branches_max {
            let what = format!("a union has {count} branches");
            return Err(at(too_large(&what, branches_max, "union-branches-max"), place));
        }
        let mut ids = Branches::with_capacity(count);
        for branch in branches {
            ids.push(self.parse(branch, space)?);
        }
        self.finish_union(ids, place)
    }

    fn finish_union(&mut self, ids: Branches, place: Json<'_>) -> Result<TypeId, ParseError> {
        match union_fault(&self.types, &ids) {
            Some(fault) => Err(invalid(fault, place)),
            None => self.add(Shape::Union(ids), false, place),
        }
    }

    fn object(&mut self, own: &Attributes<'_>, space: Option<&str>) -> Result<TypeId, ParseError> {
        match required_text(own.get(Attribute::Type), "type", own.place)? {
            "record" => self.record(own, space, false),
            "error" => self.record(own, space, true),
            "enum" => self.enumeration(own, space),
            "fixed" => self.fixed(own, space),
            "array" => {
                let items =
                    self.parse(required(own.get(Attribute::Items), "items", own.place)?, space)?;
                self.add(Shape::Array(items), own.has(Attribute::PROPS), own.place)
            }
            "map" => {
                let values =
                    self.parse(required(own.get(Attribute::Values), "values", own.place)?, space)?;
                self.add(Shape::Map(values), own.has(Attribute::PROPS), own.place)
            }
            name => self.primitive_or_name(name, own, space),
        }
    }

    /// `{"type":"int"}`, or `{"type":"Named"}`: a roundabout use of the name, whose other
    /// attributes are lost.
    fn primitive_or_name(
        &mut self,
        name: &str,
        own: &Attributes<'_>,
        space: Option<&str>,
    ) -> Result<TypeId, ParseError> {
        match Primitive::parse(name) {
            Some(primitive) => {
                self.add(Shape::Primitive(primitive), own.has(Attribute::PROPS), own.place)
            }
            None => self.find(name, space, required(own.get(Attribute::Type), "type", own.place)?),
        }
    }

    fn enumeration(
        &mut self,
        own: &Attributes<'_>,
        space: Option<&str>,
    ) -> Result<TypeId, ParseError> {
        let named = self.named(own, space)?;
        let listed = required_array(own.get(Attribute::Symbols), "symbols", own.place)?;
        let symbols_max = self.limits.enum_symbols_max;
        let count = listed.clone().count();
        if count > symbols_max {
            let what = format!("an enum has {count} symbols");
            return Err(at(too_large(&what, symbols_max, "enum-symbols-max"), own.place));
        }
        let mut symbols: Vec<NodeId> = Vec::with_capacity(count);
        let mut seen = HashSet::with_capacity(count);
        for value in listed {
            let Some(symbol) = value.as_str() else {
                let what = format!("an enum symbol is a string, not {}", value.kind());
                return Err(invalid(what, value));
            };
            self.check_name(symbol, value)?;
            if !seen.insert(symbol) {
                return Err(invalid(format!("duplicate enum symbol {symbol:?}"), value));
            }
            symbols.push(value.id());
        }
        let default = own.text(Attribute::Default);
        if let Some((value, symbol)) = default.and_then(|value| Some((value, value.as_str()?)))
            && !seen.contains(symbol)
        {
            let name = &named.name.full;
            let message = format!("enum default {symbol:?} is none of the symbols of {name}");
            return Err(invalid(message, value));
        }
        let default = default.map(Json::id);
        let shape = Shape::Enum(Box::new(Enum { named, symbols, default }));
        self.define(shape, own.has(Attribute::ENUM_PROPS), own.place)
    }

    fn fixed(&mut self, own: &Attributes<'_>, space: Option<&str>) -> Result<TypeId, ParseError> {
        let named = self.named(own, space)?;
        let value = required(own.get(Attribute::Size), "size", own.place)?;
        let size: Option<i64> = match value.view() {
            View::Number(source) => source.parse().ok(),
            _ => None,
        };
        let size = size.filter(|size| (0..=FIXED_SIZE_MAX).contains(size));
        let Some(size) = size.and_then(|size| i32::try_from(size).ok()) else {
            return Err(invalid(
                format!("the size of a fixed type is an integer from 0 to {FIXED_SIZE_MAX}"),
                value,
            ));
        };
        self.define(
            Shape::Fixed(Box::new(Fixed { named, size })),
            own.has(Attribute::PROPS),
            own.place,
        )
    }

    /// Refuses a default that its field's type cannot hold; stored schemas pass unchecked. Returns
    /// whether the verdict must be confirmed once all names are resolved.
    pub(super) fn check_default(
        &mut self,
        field: &Field,
        place: Option<Json<'_>>,
    ) -> Result<bool, ParseError> {
        let (Validation::New, Some(place), Some(default)) =
            (self.validation, place, self.types.default(field))
        else {
            return Ok(false);
        };
        let mut check = DefaultCheck::new(&self.types, self.limits, self.default_steps);
        let fits = check.fits(field.type_id, &default);
        self.default_steps = check.steps_left();
        let is_provisional = check.is_provisional();
        if fits.map_err(|error| at(error, place))? {
            return Ok(is_provisional);
        }
        Err(invalid(misfit(&self.types, field), place))
    }

    pub(super) fn check_provisional(
        &mut self,
        record: TypeId,
        position: usize,
    ) -> Result<(), ParseError> {
        let Shape::Record(shape) = self.types.shape(record) else { return Ok(()) };
        let Some(field) = shape.fields.get(position) else { return Ok(()) };
        let Some(default) = self.types.default(field) else { return Ok(()) };
        let mut check =
            DefaultCheck::new(&self.types, self.limits, self.default_steps).for_owner(record);
        let fits = check.fits(field.type_id, &default);
        self.default_steps = check.steps_left();
        let location = match field.default {
            Some(FieldDefault::AsWritten(node)) => self.location(node),
            Some(FieldDefault::Number(_)) | None => None,
        };
        match fits {
            Ok(true) => Ok(()),
            Ok(false) => {
                let error = ParseError::new(ParseErrorKind::Invalid, misfit(&self.types, field));
                Err(ParseError { location, ..error })
            }
            Err(error) => Err(ParseError { location, ..error }),
        }
    }
}

fn misfit(types: &Types, field: &Field) -> String {
    let mut shown = String::new();
    if let Some(default) = types.default(field) {
        json_text::print(&default.to_data(), &mut shown);
    }
    let shown: String = shown.chars().take(80).collect();
    let kind = types.shape(field.type_id).kind();
    let name = types.text(field.name);
    format!("default {shown} of field {name:?} does not fit its type ({kind})")
}

fn too_large(what: &str, max: usize, setting: &str) -> ParseError {
    ParseError::new(ParseErrorKind::TooLarge, breach(what, max, setting))
}

fn no_schema(value: Json<'_>) -> ParseError {
    invalid(format!("a schema is a type name, an object or an array, not {}", value.kind()), value)
}

/// Why the branches make no union: one contains another, or two are alike. Of each unnamed kind
/// there may be one, of each full name one.
pub(super) fn union_fault(types: &Types, branches: &[TypeId]) -> Option<String> {
    /// The name that may stand once; none where that is not known yet.
    fn name(shape: &Shape) -> Option<&str> {
        match shape {
            Shape::Unresolved(_) => None,
            _ => Some(shape.named().map_or(shape.kind(), |named| named.name.full.as_str())),
        }
    }
    let mut seen = HashSet::new();
    for (at, &branch) in branches.iter().enumerate() {
        let shape = types.shape(branch);
        if matches!(shape, Shape::Union(_)) {
            return Some("a union must not directly contain a union".to_owned());
        }
        let Some(own) = name(shape) else { continue };
        let is_repeated = if branches.len() <= FEW {
            branches.iter().take(at).any(|&before| match (types.shape(before), shape) {
                (Shape::Primitive(before), Shape::Primitive(this)) => before == this,
                (before, _) => name(before) == Some(own),
            })
        } else {
            !seen.insert(own)
        };
        if is_repeated {
            return Some(format!("{own} stands twice in a union"));
        }
    }
    None
}
