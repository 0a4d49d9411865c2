//! A largest matching of a bipartite graph, after Hopcroft and Karp, without recursion and without
//! asking for edges that it can do without.

use std::collections::VecDeque;

/// A matching that is grown until it is as large as it can be.
#[derive(Debug)]
pub(super) struct Matching {
    /// The right vertices that each left vertex is joined to, once they were asked for.
    edges: Vec<Option<Vec<usize>>>,
    /// The right partner of each left vertex, and the other way round.
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
    /// The distance of a left vertex from the free ones, in this phase.
    layer: Vec<Option<usize>>,
    size: usize,
}

impl Matching {
    pub(super) fn new(left_count: usize, right_count: usize) -> Self {
        Self {
            edges: vec![None; left_count],
            left: vec![None; left_count],
            right: vec![None; right_count],
            layer: vec![None; left_count],
            size: 0,
        }
    }

    /// Pairs off two vertices that an edge joins, if both are free.
    pub(super) fn join(&mut self, vertex: usize, right: usize) {
        if let (Some(a @ None), Some(b @ None)) =
            (self.left.get_mut(vertex), self.right.get_mut(right))
        {
            (*a, *b) = (Some(right), Some(vertex));
            self.size += 1;
        }
    }

    /// Whether every left vertex has its partner in a largest matching. `edges` tells the right
    /// vertices that a left one is joined to; it is asked once for a vertex, and only for those
    /// that a longer matching might go through.
    pub(super) fn covers_left<E>(
        mut self,
        mut edges: impl FnMut(usize) -> Result<Vec<usize>, E>,
    ) -> Result<bool, E> {
        let left_count = self.left.len();
        while self.size < left_count && self.layers(&mut edges)? {
            let mut next_edge = vec![0; left_count];
            for start in 0..left_count {
                if self.partner_of_left(start).is_none() && self.augment(start, &mut next_edge) {
                    self.size += 1;
                }
            }
        }
        Ok(self.size == left_count)
    }

    fn partner_of_left(&self, vertex: usize) -> Option<usize> {
        self.left.get(vertex).copied().flatten()
    }

    fn partner_of_right(&self, vertex: usize) -> Option<usize> {
        self.right.get(vertex).copied().flatten()
    }

    fn layer(&self, vertex: usize) -> Option<usize> {
        self.layer.get(vertex).copied().flatten()
    }

    fn neighbours(&self, vertex: usize) -> &[usize] {
        self.edges.get(vertex).and_then(Option::as_deref).unwrap_or(&[])
    }

    /// Numbers the left vertices by distance, as far as the nearest from which a free right vertex
    /// can be reached; whether there is one.
    fn layers<E>(
        &mut self,
        edges: &mut impl FnMut(usize) -> Result<Vec<usize>, E>,
    ) -> Result<bool, E> {
        let mut queue = VecDeque::new();
        for vertex in 0..self.left.len() {
            let free = self.partner_of_left(vertex).is_none();
            if let Some(layer) = self.layer.get_mut(vertex) {
                *layer = free.then_some(0);
            }
            if free {
                queue.push_back(vertex);
            }
        }
        let mut last = usize::MAX;
        while let Some(vertex) = queue.pop_front() {
            let distance = self.layer(vertex).unwrap_or(0);
            if distance > last {
                break;
            }
            if let Some(asked @ None) = self.edges.get_mut(vertex) {
                *asked = Some(edges(vertex)?);
            }
            for index in 0..self.neighbours(vertex).len() {
                let Some(&right) = self.neighbours(vertex).get(index) else { continue };
                match self.partner_of_right(right) {
                    None => last = distance,
                    Some(partner) if self.layer(partner).is_none() => {
                        if let Some(layer) = self.layer.get_mut(partner) {
                            *layer = Some(distance + 1);
                        }
                        queue.push_back(partner);
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(last != usize::MAX)
    }

    /// Finds a path from the free vertex `start` to a free right vertex along the layers, and
    /// exchanges its edges. `next_edge` remembers what was tried in this phase.
    fn augment(&mut self, start: usize, next_edge: &mut [usize]) -> bool {
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut vertex = start;
        loop {
            let tried = next_edge.get(vertex).copied().unwrap_or(usize::MAX);
            let Some(&right) = self.neighbours(vertex).get(tried) else {
                // A dead end; back up the path.
                if let Some(layer) = self.layer.get_mut(vertex) {
                    *layer = None;
                }
                match path.pop() {
                    Some((before, _)) => vertex = before,
                    None => return false,
                }
                continue;
            };
            if let Some(next) = next_edge.get_mut(vertex) {
                *next += 1;
            }
            match self.partner_of_right(right) {
                None => {
                    path.push((vertex, right));
                    self.exchange(&path);
                    return true;
                }
                Some(partner)
                    if self.layer(partner) == self.layer(vertex).map(|layer| layer + 1) =>
                {
                    path.push((vertex, right));
                    vertex = partner;
                }
                Some(_) => {}
            }
        }
    }

    fn exchange(&mut self, path: &[(usize, usize)]) {
        for &(vertex, right) in path {
            if let Some(slot) = self.left.get_mut(vertex) {
                *slot = Some(right);
            }
            if let Some(slot) = self.right.get_mut(right) {
                *slot = Some(vertex);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::Matching;

    fn covers_left(edges: &[Vec<usize>], right_count: usize) -> bool {
        let matching = Matching::new(edges.len(), right_count);
        let Ok(covers) = matching.covers_left(|at| Ok::<_, Infallible>(edges[at].clone()));
        covers
    }

    #[test]
    fn greedy_choices_are_revised() {
        assert!(covers_left(&[vec![0, 1], vec![0]], 2));
        assert!(covers_left(&[vec![0, 1], vec![0, 2], vec![0, 1]], 3));
        assert!(!covers_left(&[vec![0], vec![0], vec![0]], 3));
        assert!(covers_left(&[], 3));
        assert!(!covers_left(&[vec![], vec![1]], 2));
    }

    /// Each vertex fits its own partner and the next one's; only one way pairs off all.
    #[test]
    fn long_augmenting_paths_need_no_stack() {
        let count = 2000;
        let mut edges: Vec<Vec<usize>> = (0..count - 1).map(|at| vec![at + 1, at]).collect();
        edges.push(vec![count - 1]);
        assert!(covers_left(&edges, count));
    }

    /// Of four vertices the last fits the partner of the first alone, which fits one more.
    #[test]
    fn only_vertices_on_the_way_are_asked_for_their_edges() {
        let edges = [vec![0, 3], vec![1], vec![2], vec![0]];
        let mut matching = Matching::new(4, 4);
        for at in 0..3 {
            matching.join(at, at);
        }
        let mut asked = Vec::new();
        let Ok(covers) = matching.covers_left(|at| {
            asked.push(at);
            Ok::<_, Infallible>(edges[at].clone())
        });
        assert!(covers);
        assert_eq!(asked, [3, 0]);
    }
}
