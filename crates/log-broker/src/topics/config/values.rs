//! Which values a topic config takes, and how each is kept and shown.

/// Which values a config takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values {
    Boolean,
    /// A whole number in the range, ends included.
    Number(i64, i64),
    /// As [`Self::Number`], or the number before it, which stands for "the usual".
    UsualOrNumber(i64, i64, i64),
    /// A real number from 0 to 1.
    Ratio,
    One(&'static [&'static str]),
    /// A list of these words, which may be empty.
    Some(&'static [&'static str]),
    /// Replica throttles: `*`, or a list of `partition:broker`.
    Replicas,
    /// The default alone, for another value would promise what this broker does not do.
    Only(&'static str, &'static str),
}

impl Values {
    /// The value as it is kept: without blanks, signs and repetitions that say nothing; or what is
    /// wrong with it.
    pub(super) fn canonical(self, value: &str) -> Result<String, String> {
        let value = value.trim();
        match self {
            Self::Boolean => match value.to_ascii_lowercase().as_str() {
                word @ ("true" | "false") => Ok(word.to_owned()),
                _ => Err("it must be true or false".to_owned()),
            },
            Self::Number(min, max) => number(value, min, max),
            Self::UsualOrNumber(usual, min, max) => match number(value, usual, usual) {
                Ok(usual) => Ok(usual),
                Err(_) => number(value, min, max).map_err(|reason| format!("{reason}, or {usual}")),
            },
            Self::Ratio => match value.parse::<f64>() {
                Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(format!("{ratio:?}")),
                _ => Err("it must be a number from 0 to 1".to_owned()),
            },
            Self::One(allowed) if allowed.contains(&value) => Ok(value.to_owned()),
            Self::One(allowed) => Err(format!("it must be one of {}", allowed.join(", "))),
            Self::Some(allowed) => words(value, allowed),
            Self::Replicas => replicas(value),
            Self::Only(only, _) if value.eq_ignore_ascii_case(only) => Ok(only.to_owned()),
            Self::Only(only, reason) => Err(format!("it can only be {only}: {reason}")),
        }
    }
}

fn number(value: &str, min: i64, max: i64) -> Result<String, String> {
    match value.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number.to_string()),
        Ok(_) => Err(format!("it must be from {min} to {max}")),
        Err(_) => Err("it must be a whole number".to_owned()),
    }
}

/// Each word once, in the order of the first of each.
fn words(value: &str, allowed: &[&str]) -> Result<String, String> {
    let mut kept: Vec<&str> = Vec::new();
    for word in value.split(',').map(str::trim).filter(|_| !value.is_empty()) {
        if !allowed.contains(&word) {
            return Err(format!("it must be a list of {}", allowed.join(", ")));
        }
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    Ok(kept.join(","))
}

fn replicas(value: &str) -> Result<String, String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let is_replica = |word: &str| {
        word.split_once(':')
            .is_some_and(|(partition, broker)| is_number(partition) && is_number(broker))
    };
    let words: Vec<&str> =
        value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words == ["*"] || words.iter().all(|word| is_replica(word)) {
        return Ok(words.join(","));
    }
    Err("it must be * or a list of partition:broker".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Values = Values::Some(&["compact", "delete"]);

    #[test]
    fn values_are_kept_without_blanks_signs_and_repetitions() {
        for (values, value, kept) in [
            (Values::Boolean, " TRUE ", "true"),
            (Values::Number(0, 9_000), " 5000 ", "5000"),
            (Values::Number(0, 9_000), "0100", "100"),
            (Values::Number(0, 9_000), "+5", "5"),
            (Values::UsualOrNumber(-1, 1, 9), "-1", "-1"),
            (Values::UsualOrNumber(-1, 1, 9), " 9", "9"),
            (Values::Ratio, " 0.50 ", "0.5"),
            (Values::Ratio, "1", "1.0"),
            (Values::One(&["a", "b"]), " b ", "b"),
            (POLICY, " compact , delete", "compact,delete"),
            (POLICY, "delete,compact,delete", "delete,compact"),
            (POLICY, "", ""),
            (Values::Replicas, " 0:1 , 1:1,", "0:1,1:1"),
            (Values::Replicas, " * ", "*"),
            (Values::Replicas, "", ""),
            (Values::Only("false", "why"), " False", "false"),
        ] {
            assert_eq!(values.canonical(value).as_deref(), Ok(kept), "{values:?} {value:?}");
        }
    }

    #[test]
    fn other_values_are_refused_with_a_reason() {
        for (values, value, reason) in [
            (Values::Boolean, "yes", "it must be true or false"),
            (Values::Number(0, 9), "10", "it must be from 0 to 9"),
            (Values::Number(0, 9), "", "it must be a whole number"),
            (Values::UsualOrNumber(-1, 1, 9), "0", "it must be from 1 to 9, or -1"),
            (Values::Ratio, "1.1", "it must be a number from 0 to 1"),
            (Values::One(&["a", "b"]), "A", "it must be one of a, b"),
            (POLICY, ",", "it must be a list of compact, delete"),
            (POLICY, "compact,", "it must be a list of compact, delete"),
            (Values::Only("false", "why"), "true", "it can only be false: why"),
        ] {
            assert_eq!(values.canonical(value), Err(reason.to_owned()), "{values:?} {value:?}");
        }
        for value in ["abc", "none", "0:x", "0:1:2", "-1:1", "0:1,*", "*,*"] {
            let reason = "it must be * or a list of partition:broker";
            assert_eq!(Values::Replicas.canonical(value), Err(reason.to_owned()), "{value}");
        }
    }
}
