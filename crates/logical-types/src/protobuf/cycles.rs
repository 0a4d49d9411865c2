//! Which types lead back to themselves.

use std::collections::HashSet;

use indexmap::IndexMap;

/// Those of the names that lead back to themselves through what they use.
pub(super) fn cyclic<'n>(uses: &IndexMap<&'n str, Vec<&str>>) -> HashSet<&'n str> {
    let indexes = |used: &Vec<&str>| -> Vec<usize> {
        used.iter().filter_map(|name| uses.get_index_of(*name)).collect()
    };
    let forward: Vec<Vec<usize>> = uses.values().map(indexes).collect();
    let mut backward = vec![Vec::new(); forward.len()];
    for (from, targets) in forward.iter().enumerate() {
        for target in targets {
            if let Some(sources) = backward.get_mut(*target) {
                sources.push(from);
            }
        }
    }
    let mut seen = HashSet::new();
    let mut finished = Vec::new();
    for start in 0..forward.len() {
        walk(&forward, start, &mut seen, &mut finished);
    }
    seen.clear();
    let mut found = HashSet::new();
    // Kosaraju: against the edges, the last to finish reaches its own component alone.
    for start in finished.into_iter().rev() {
        let mut component = Vec::new();
        walk(&backward, start, &mut seen, &mut component);
        let uses_itself = forward.get(start).is_some_and(|targets| targets.contains(&start));
        if component.len() > 1 || uses_itself {
            found.extend(component.iter().filter_map(|at| Some(*uses.get_index(*at)?.0)));
        }
    }
    found
}

/// Visits what `start` reaches and nobody saw, and adds each node behind those that it leads to.
fn walk(edges: &[Vec<usize>], start: usize, seen: &mut HashSet<usize>, finished: &mut Vec<usize>) {
    let mut open = Vec::new();
    if seen.insert(start) {
        open.push((start, 0));
    }
    while let Some((at, next)) = open.last_mut() {
        let (node, target) = (*at, edges.get(*at).and_then(|targets| targets.get(*next)));
        *next += 1;
        match target {
            Some(target) if seen.insert(*target) => open.push((*target, 0)),
            Some(_) => {}
            None => {
                finished.push(node);
                open.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_between_cycles_are_in_none() {
        let uses = IndexMap::from([
            ("a", vec!["b"]),
            ("b", vec!["a", "between"]),
            ("between", vec!["self", "far"]),
            ("self", vec!["self"]),
            ("last", vec![]),
        ]);
        assert_eq!(cyclic(&uses), HashSet::from(["a", "b", "self"]));
    }
}
