//! Strongly connected components of a graph, found without recursion (Tarjan's algorithm).

/// For each node, the number of its component; nodes share it if each leads to the other.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut search = Search {
        edges,
        order: vec![0; edges.len()],
        low: vec![0; edges.len()],
        component: vec![usize::MAX; edges.len()],
        open: Vec::new(),
        visited: 0,
        components: 0,
    };
    for start in 0..edges.len() {
        if search.order.get(start) == Some(&0) {
            search.run(start);
        }
    }
    search.component
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    /// Position of the first visit, from 1; 0 is unvisited.
    order: Vec<usize>,
    /// Smallest position that the node can reach among the open ones.
    low: Vec<usize>,
    component: Vec<usize>,
    open: Vec<usize>,
    visited: usize,
    components: usize,
}

impl Search<'_> {
    fn run(&mut self, start: usize) {
        let mut path = vec![(start, 0)];
        self.visit(start);
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some(to) = self.edges.get(node).and_then(|edges| edges.get(*next)).copied() else {
                path.pop();
                self.close(node);
                if let Some((outer, _)) = path.last() {
                    self.lower(*outer, value(&self.low, node));
                }
                continue;
            };
            *next += 1;
            if value(&self.order, to) == 0 {
                self.visit(to);
                path.push((to, 0));
            } else if value(&self.component, to) == usize::MAX {
                self.lower(node, value(&self.order, to));
            }
        }
    }

    fn visit(&mut self, node: usize) {
        self.visited += 1;
        set(&mut self.order, node, self.visited);
        set(&mut self.low, node, self.visited);
        self.open.push(node);
    }

    fn lower(&mut self, node: usize, low: usize) {
        let low = low.min(value(&self.low, node));
        set(&mut self.low, node, low);
    }

    /// Gives the open nodes from `node` on their number if `node` is the first of a component.
    fn close(&mut self, node: usize) {
        if value(&self.low, node) != value(&self.order, node) {
            return;
        }
        while let Some(member) = self.open.pop() {
            set(&mut self.component, member, self.components);
            if member == node {
                break;
            }
        }
        self.components += 1;
    }
}

fn value(list: &[usize], at: usize) -> usize {
    list.get(at).copied().unwrap_or_default()
}

fn set(list: &mut [usize], at: usize, value: usize) {
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn nodes_share_a_component_if_each_leads_to_the_other() {
        let edges = [vec![1], vec![2, 3], vec![0], vec![4], vec![3, 4], vec![0]];
        let found = components(&edges);
        assert_eq!(found, [1, 1, 1, 0, 0, 2]);
    }
}
