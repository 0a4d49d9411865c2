//! An option's value while the settings of one option are put together, each in constant time.

use foldhash::{HashMap, HashSet, HashSetExt};
use smol_str::SmolStr;

use crate::protobuf::ast::OptionValue;

pub(super) enum Merged {
    /// As it was written.
    One(OptionValue),
    Map {
        entries: Vec<(SmolStr, Merged)>,
        index: HashMap<SmolStr, usize>,
    },
    /// Several values of one key, without repetitions.
    List {
        items: Vec<OptionValue>,
        seen: HashSet<OptionValue>,
    },
}

impl Merged {
    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::One(OptionValue::Map(_)) | Self::Map { .. })
    }

    /// The entry of a map under `key`.
    pub(super) fn entry(&mut self, key: &str) -> Option<&mut Self> {
        self.open_map();
        let Self::Map { entries, index } = self else { return None };
        entries.get_mut(*index.get(key)?).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, key: SmolStr, value: OptionValue) {
        self.open_map();
        if let Self::Map { entries, index } = self {
            index.insert(key.clone(), entries.len());
            entries.push((key, Self::One(value)));
        }
    }

    fn open_map(&mut self) {
        if let Self::One(OptionValue::Map(written)) = self {
            let written = std::mem::take(written);
            let index = (0..).zip(&written).map(|(at, (key, _))| (key.clone(), at)).collect();
            let entries = written.into_iter().map(|(key, value)| (key, Self::One(value))).collect();
            *self = Self::Map { entries, index };
        }
    }

    /// Makes the value a list that holds it and `new`, each item once.
    pub(super) fn accumulate(&mut self, new: OptionValue) {
        if !matches!(self, Self::List { .. }) {
            let list = Self::List { items: Vec::new(), seen: HashSet::new() };
            let first = std::mem::replace(self, list).into_value();
            self.add(first);
        }
        self.add(new);
    }

    fn add(&mut self, value: OptionValue) {
        let Self::List { items, seen } = self else { return };
        let new = match value {
            OptionValue::List(new) => new,
            value => vec![value],
        };
        for item in new {
            if seen.insert(item.clone()) {
                items.push(item);
            }
        }
    }

    pub(super) fn into_value(self) -> OptionValue {
        match self {
            Self::One(value) => value,
            Self::Map { entries, .. } => OptionValue::Map(
                entries.into_iter().map(|(key, value)| (key, value.into_value())).collect(),
            ),
            Self::List { items, .. } => OptionValue::List(items),
        }
    }
}
