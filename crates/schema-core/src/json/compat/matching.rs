//! A largest matching of a bipartite graph, after Hopcroft and Karp, without recursion.

use std::collections::VecDeque;

/// The size of a largest matching; `edges` lists for each left vertex its right ones.
pub(super) fn largest_matching(edges: &[Vec<usize>], right_count: usize) -> usize {
    let mut graph = Graph {
        edges,
        left: vec![None; edges.len()],
        right: vec![None; right_count],
        layer: vec![None; edges.len()],
    };
    let mut size = 0;
    while graph.layers() {
        let mut next_edge = vec![0; edges.len()];
        for start in 0..edges.len() {
            if graph.partner_of_left(start).is_none() && graph.augment(start, &mut next_edge) {
                size += 1;
            }
        }
    }
    size
}

struct Graph<'a> {
    edges: &'a [Vec<usize>],
    /// The right partner of each left vertex, and the other way round.
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
    /// The distance of a left vertex from the free ones, in this phase.
    layer: Vec<Option<usize>>,
}

impl Graph<'_> {
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
        self.edges.get(vertex).map_or(&[], Vec::as_slice)
    }

    /// Numbers the left vertices by distance; whether a free right vertex can be reached.
    fn layers(&mut self) -> bool {
        let mut queue = VecDeque::new();
        for vertex in 0..self.edges.len() {
            let free = self.partner_of_left(vertex).is_none();
            if let Some(layer) = self.layer.get_mut(vertex) {
                *layer = free.then_some(0);
            }
            if free {
                queue.push_back(vertex);
            }
        }
        let mut reached = false;
        while let Some(vertex) = queue.pop_front() {
            let distance = self.layer(vertex).map_or(0, |layer| layer + 1);
            for index in 0..self.neighbours(vertex).len() {
                let Some(&right) = self.neighbours(vertex).get(index) else { continue };
                match self.partner_of_right(right) {
                    None => reached = true,
                    Some(partner) if self.layer(partner).is_none() => {
                        if let Some(layer) = self.layer.get_mut(partner) {
                            *layer = Some(distance);
                        }
                        queue.push_back(partner);
                    }
                    Some(_) => {}
                }
            }
        }
        reached
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
    use super::largest_matching;

    #[test]
    fn greedy_choices_are_revised() {
        assert_eq!(largest_matching(&[vec![0, 1], vec![0]], 2), 2);
        assert_eq!(largest_matching(&[vec![0, 1], vec![0, 2], vec![0, 1]], 3), 3);
        assert_eq!(largest_matching(&[vec![0], vec![0], vec![0]], 3), 1);
        assert_eq!(largest_matching(&[], 3), 0);
        assert_eq!(largest_matching(&[vec![], vec![1]], 2), 1);
    }

    /// Each vertex fits its own partner and the next one's; only one way pairs off all.
    #[test]
    fn long_augmenting_paths_need_no_stack() {
        let count = 2000;
        let mut edges: Vec<Vec<usize>> = (0..count - 1).map(|at| vec![at + 1, at]).collect();
        edges.push(vec![count - 1]);
        assert_eq!(largest_matching(&edges, count), count);
    }
}
