//! The walk over pairs of types.
//!
//! Depth first in reader order, every pair once: the result of a pair is kept, and a pair met
//! again, even while it is still being compared, costs nothing. That follows the reference to the
//! letter, because it shows. A pair met again repeats its findings with the paths of the first
//! visit; a pair first met while a union is probed has paths that begin at the probe.
//!
//! The open pairs lie in a list, not on the stack, and all work is charged to a budget. Findings
//! are not copied from pair to pair: a pair keeps a list that names the lists inside it, and only
//! the answer is written out. Shared types can still multiply what the answer repeats without end,
//! so that is charged too.

use foldhash::{HashMap, HashMapExt};

use super::local::own_differences;
use super::records::{self, Ambiguous, Match};
use super::{Difference, Finding, unions};
use crate::avro::types::{Shape, Type, TypeId, Types};

/// What a finding costs in pairs: to keep it, and to write it out with so many bytes for each.
const FINDING_COST: usize = 3;
const BYTES_PER_COST: usize = 16;

/// So many branches are looked at one by one without a charge.
const FEW: usize = 8;

type Pair = (TypeId, TypeId);

/// The findings of one pair: a position in [`Walker::lists`], of which there are fewer than pairs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct List(u32);

impl List {
    fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A pair in eight bytes; there may be hundreds of thousands of them, of far fewer types.
fn key((reader, writer): Pair) -> u64 {
    let half = |id: TypeId| u64::from(u32::try_from(id.position()).unwrap_or(u32::MAX));
    half(reader) << 32 | half(writer)
}

/// The list that is always there and empty.
const NOTHING: List = List(0);

/// Where a pair stands: a position in [`Walker::places`], or the root of the walk or of a probe.
type Place = Option<usize>;

#[derive(Clone, Copy)]
enum Part {
    /// A position in [`Walker::findings`].
    One(usize),
    /// All findings of a pair inside.
    All(List),
}

/// Why a walk ended early.
pub(super) enum Stop {
    TooComplex,
    Ambiguous(Box<Finding>),
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Step {
    Items,
    Values,
    FieldType(usize),
    WriterBranch(usize),
}

/// How a pair goes on with the types inside it.
#[derive(Clone, Copy)]
enum Plan {
    /// The one type inside an array or map.
    Inside(Step, Pair),
    /// The fields of two records.
    Fields,
    /// A plain reader must read every branch of the writer.
    EveryWriterBranch,
    /// The reader's union must read every branch of the writer's.
    UnionReadsBranches,
    /// Some branch of the reader must read the plain writer.
    AnyReaderBranch,
    /// One does.
    Settled,
}

/// A pair that is being compared.
struct Open {
    pair: Pair,
    plan: Plan,
    /// How many of the types inside have been looked at.
    next: usize,
    place: Place,
    found: Vec<Part>,
}

pub(super) struct Walker<'a> {
    reader: &'a Types,
    writer: &'a Types,
    budget: usize,
    /// `None` while the pair is open.
    known: HashMap<u64, Option<List>>,
    findings: Vec<(Difference, Place)>,
    lists: Vec<Vec<Part>>,
    /// Steps, each behind the one that leads to it.
    places: Vec<(Place, Step)>,
    open: Vec<Open>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(reader: &'a Types, writer: &'a Types, budget: usize) -> Self {
        Self {
            reader,
            writer,
            budget,
            known: HashMap::with_capacity(reader.len()),
            findings: Vec::new(),
            lists: vec![Vec::new()],
            places: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn walk(mut self, reader: TypeId, writer: TypeId) -> Result<Vec<Finding>, Stop> {
        let mut result = self.enter((reader, writer), None)?;
        while let Some(mut open) = self.open.pop() {
            if let Some(inside) = result.take() {
                self.receive(&mut open, inside)?;
            }
            result = self.advance(open)?;
        }
        self.written_out(result.unwrap_or(NOTHING))
    }

    /// The findings of a list in order, those it shares with others as often as they occur.
    fn written_out(mut self, list: List) -> Result<Vec<Finding>, Stop> {
        let mut answer = Vec::new();
        let mut open = vec![(list, 0)];
        while let Some((list, next)) = open.pop() {
            self.charge(1)?;
            let Some(&part) = self.lists.get(list.position()).and_then(|parts| parts.get(next))
            else {
                continue;
            };
            open.push((list, next + 1));
            match part {
                Part::All(inside) => open.push((inside, 0)),
                Part::One(position) => {
                    if let Some((difference, place)) = self.findings.get(position).cloned() {
                        let finding = self.finding(difference, place);
                        let bytes = finding.path.len() + finding.difference.detail.len();
                        self.charge(FINDING_COST + bytes / BYTES_PER_COST)?;
                        answer.push(finding);
                    }
                }
            }
        }
        Ok(answer)
    }

    fn charge(&mut self, cost: usize) -> Result<(), Stop> {
        self.budget = self.budget.checked_sub(cost).ok_or(Stop::TooComplex)?;
        Ok(())
    }

    /// The findings of a pair if they are known or need no look inside; else the pair is opened.
    fn enter(&mut self, pair: Pair, place: Place) -> Result<Option<List>, Stop> {
        self.charge(1)?;
        match self.known.get(&key(pair)) {
            Some(Some(found)) => return Ok(Some(*found)),
            Some(None) => return Ok(Some(NOTHING)),
            None => {}
        }
        let (reader, writer) = (self.reader.get(pair.0), self.writer.get(pair.1));
        let differences = self.own_differences(reader, writer)?;
        let mut found = Vec::with_capacity(differences.len());
        for difference in differences {
            found.push(self.part(difference, place)?);
        }
        match plan(&reader.shape, &writer.shape) {
            Some(Plan::UnionReadsBranches) if self.is_read_by_name(pair) => Ok(Some(NOTHING)),
            Some(plan) => {
                self.known.insert(key(pair), None);
                self.open.push(Open { pair, plan, next: 0, place, found });
                Ok(None)
            }
            // Looking once more is quicker than remembering that there was nothing to see.
            None if found.is_empty() => Ok(Some(NOTHING)),
            None => Ok(Some(self.keep(pair, found))),
        }
    }

    /// Whether it is plain to see that there is nothing to find: the two are the same primitive, or
    /// unions, and each branch of the writer is a primitive that the reader's has.
    fn is_read_by_name(&self, (reader, writer): Pair) -> bool {
        let is_same =
            |(reader, writer): Pair| match (self.reader.shape(reader), self.writer.shape(writer)) {
                (Shape::Primitive(read), Shape::Primitive(written)) => read == written,
                _ => false,
            };
        match (self.reader.shape(reader), self.writer.shape(writer)) {
            (Shape::Union(readers), Shape::Union(writers)) if readers.len() <= FEW => {
                let is_read = |writer| readers.iter().any(|reader| is_same((*reader, writer)));
                writers.iter().all(|writer| is_read(*writer))
            }
            _ => is_same((reader, writer)),
        }
    }

    fn keep(&mut self, pair: Pair, found: Vec<Part>) -> List {
        let list = match found.as_slice() {
            [] => NOTHING,
            [Part::All(inside)] => *inside,
            _ => {
                self.lists.push(found);
                List(u32::try_from(self.lists.len() - 1).unwrap_or(u32::MAX))
            }
        };
        self.known.insert(key(pair), Some(list));
        list
    }

    /// Charges for the lists that the rules about the two types themselves go through.
    fn own_differences(&mut self, reader: &Type, writer: &Type) -> Result<Vec<Difference>, Stop> {
        if let (Some(r), Some(_)) = (reader.shape.named(), writer.shape.named()) {
            self.charge(r.aliases.len())?;
        }
        if let (Shape::Enum(r), Shape::Enum(w)) = (&reader.shape, &writer.shape) {
            self.charge(r.symbols.len() + w.symbols.len())?;
        }
        Ok(own_differences((self.reader, reader), (self.writer, writer)))
    }

    /// Takes the next step of an open pair: enters a type inside it, or closes it.
    fn advance(&mut self, mut open: Open) -> Result<Option<List>, Stop> {
        if matches!(open.plan, Plan::Fields) {
            return self.fields(open);
        }
        let index = open.next;
        open.next += 1;
        let (reader, writer) = open.pair;
        match open.plan {
            Plan::Inside(step, pair) if index == 0 => return self.step_into(open, step, pair),
            Plan::EveryWriterBranch => {
                if let Some(branch) = branch(self.writer, writer, index) {
                    return self.step_into(open, Step::WriterBranch(index), (reader, branch));
                }
            }
            Plan::UnionReadsBranches => {
                if let Some(branch) = branch(self.writer, writer, index) {
                    return self.probe(open, (reader, branch));
                }
            }
            Plan::AnyReaderBranch => {
                if let Some(branch) = branch(self.reader, reader, index) {
                    return self.probe(open, (branch, writer));
                }
                let (reader, writer) = (self.reader.get(reader), self.writer.get(writer));
                self.add(&mut open, unions::missing_branch(reader, writer, None))?;
            }
            Plan::Fields | Plan::Inside(..) | Plan::Settled => {}
        }
        Ok(Some(self.keep(open.pair, open.found)))
    }

    /// Compares a pair whose findings count for the open one.
    fn step_into(&mut self, open: Open, step: Step, pair: Pair) -> Result<Option<List>, Stop> {
        self.places.push((open.place, step));
        self.open.push(open);
        self.enter(pair, Some(self.places.len() - 1))
    }

    /// Compares a pair only to learn whether it fits; its paths begin anew.
    fn probe(&mut self, open: Open, pair: Pair) -> Result<Option<List>, Stop> {
        self.open.push(open);
        self.enter(pair, None)
    }

    /// Compares the fields from the next one on, up to one that needs a look inside its type.
    fn fields(&mut self, mut open: Open) -> Result<Option<List>, Stop> {
        let (reader_types, (reader, writer)) = (self.reader, open.pair);
        let writer_type = self.writer.get(writer);
        let (Shape::Record(r), Shape::Record(w)) = (reader_types.shape(reader), &writer_type.shape)
        else {
            return Ok(Some(self.keep(open.pair, open.found)));
        };
        while let Some(field) = r.fields.get(open.next) {
            let index = open.next;
            open.next += 1;
            self.charge(1 + field.aliases.len())?;
            match records::find((field, index), reader_types, (self.writer, writer_type, w)) {
                Ok(Match::Written(written)) if self.is_read_by_name((field.type_id, written)) => {
                    self.charge(1)?;
                }
                Ok(Match::Written(written)) => {
                    return self.step_into(open, Step::FieldType(index), (field.type_id, written));
                }
                Ok(Match::EnumAgainstRecord) => {
                    return self.step_into(open, Step::FieldType(index), (field.type_id, writer));
                }
                Ok(Match::Filled) => {}
                Ok(Match::Missing(difference)) => self.add(&mut open, difference)?,
                Err(Ambiguous) => {
                    let difference =
                        Ambiguous::difference((field, index), reader_types, (self.writer, writer));
                    return Err(Stop::Ambiguous(Box::new(self.finding(difference, open.place))));
                }
            }
        }
        Ok(Some(self.keep(open.pair, open.found)))
    }

    /// Hands the findings of a type inside to the open pair.
    fn receive(&mut self, open: &mut Open, inside: List) -> Result<(), Stop> {
        match open.plan {
            Plan::Inside(..) | Plan::Fields | Plan::EveryWriterBranch => {
                if inside != NOTHING {
                    open.found.push(Part::All(inside));
                }
            }
            Plan::UnionReadsBranches => {
                let index = open.next - 1;
                let (reader, writer) = open.pair;
                if let (false, Some(branch)) =
                    (inside == NOTHING, branch(self.writer, writer, index))
                {
                    let (reader, branch) = (self.reader.get(reader), self.writer.get(branch));
                    self.add(open, unions::missing_branch(reader, branch, Some(index)))?;
                }
            }
            Plan::AnyReaderBranch => {
                if inside == NOTHING {
                    open.plan = Plan::Settled;
                }
            }
            Plan::Settled => {}
        }
        Ok(())
    }

    fn add(&mut self, open: &mut Open, difference: Difference) -> Result<(), Stop> {
        let part = self.part(difference, open.place)?;
        open.found.push(part);
        Ok(())
    }

    fn part(&mut self, difference: Difference, place: Place) -> Result<Part, Stop> {
        self.charge(FINDING_COST)?;
        self.findings.push((difference, place));
        Ok(Part::One(self.findings.len() - 1))
    }

    fn finding(&self, difference: Difference, mut place: Place) -> Finding {
        let mut steps = Vec::new();
        while let Some(&(before, step)) = place.and_then(|position| self.places.get(position)) {
            steps.push(step);
            place = before;
        }
        steps.reverse();
        Finding { path: path_text(&steps, &difference.below), difference }
    }
}

fn plan(reader: &Shape, writer: &Shape) -> Option<Plan> {
    match (reader, writer) {
        (Shape::Array(r), Shape::Array(w)) => Some(Plan::Inside(Step::Items, (*r, *w))),
        (Shape::Map(r), Shape::Map(w)) => Some(Plan::Inside(Step::Values, (*r, *w))),
        (Shape::Record(_), Shape::Record(_)) => Some(Plan::Fields),
        (Shape::Union(_), Shape::Union(_)) => Some(Plan::UnionReadsBranches),
        (_, Shape::Union(_)) => Some(Plan::EveryWriterBranch),
        (Shape::Union(_), _) => Some(Plan::AnyReaderBranch),
        _ => None,
    }
}

fn branch(types: &Types, union: TypeId, index: usize) -> Option<TypeId> {
    match types.shape(union) {
        Shape::Union(branches) => branches.get(index).copied(),
        _ => None,
    }
}

/// The path as messages show it: `/` for the root, `/fields/0/type/items` further down.
fn path_text(steps: &[Step], below: &str) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Items => path.push_str("/items"),
            Step::Values => path.push_str("/values"),
            Step::FieldType(index) => {
                path.push_str("/fields/");
                path.push_str(&index.to_string());
                path.push_str("/type");
            }
            Step::WriterBranch(index) => {
                path.push('/');
                path.push_str(&index.to_string());
            }
        }
    }
    if !below.is_empty() || path.is_empty() {
        path.push('/');
        path.push_str(below);
    }
    path
}
