//! A component, laid out for solving.

use std::ops::Range;

use super::reduce::Item;
use super::value::Scale;
use crate::Problem;

/// No node, no item.
pub(super) const NONE: u32 = u32::MAX;

/// A component, laid out for solving. Positions are numbered by *node*: the distinct starts of items, and the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    /// By start.
    pub items: Vec<Item>,
    /// Node after each item; entity of each item, numbered within the component.
    pub landing: Vec<u32>,
    pub entity: Vec<u32>,
    /// `node_items[n]..node_items[n + 1]`: the items that start at node n.
    pub node_items: Vec<u32>,
    /// Index of each entity in the problem, ascending.
    pub ids: Vec<u32>,
    /// By entity: projections that earn the bonus, first and last node of its items.
    pub limit: Vec<u32>,
    pub first: Vec<u32>,
    pub last: Vec<u32>,
    /// By entity: those that it excludes. Empty where none excludes another; else `last` is that of these as well.
    pub rivals: Vec<Vec<u32>>,
}

impl Layout {
    pub fn nodes(&self) -> usize {
        self.node_items.len() - 1
    }

    pub fn entities(&self) -> usize {
        self.limit.len()
    }

    pub fn at_node(&self, node: usize) -> Range<usize> {
        self.node_items[node] as usize..self.node_items[node + 1] as usize
    }

    /// Numbers entities and nodes of the items.
    pub fn build(&mut self, problem: &Problem, scale: &Scale) {
        self.items.sort_unstable_by_key(|item| (item.start, item.end, item.entity));
        self.ids.clear();
        self.ids.extend(self.items.iter().map(|item| item.entity));
        self.ids.sort_unstable();
        self.ids.dedup();
        self.entity.clear();
        let number = |item: &Item| self.ids.partition_point(|&id| id < item.entity) as u32;
        self.entity.extend(self.items.iter().map(number));
        let members = self.ids.len();
        self.limit.clear();
        self.limit.resize(members, 0);
        self.first.clear();
        self.first.resize(members, NONE);
        self.last.clear();
        self.last.resize(members, 0);
        self.node_items.clear();
        let mut start = None;
        for (at, item) in self.items.iter().enumerate() {
            if start != Some(item.start) {
                start = Some(item.start);
                self.node_items.push(at as u32);
            }
            let (entity, node) = (self.entity[at] as usize, self.node_items.len() as u32 - 1);
            self.limit[entity] += 1;
            self.first[entity] = self.first[entity].min(node);
            self.last[entity] = node;
        }
        self.find_rivals(problem);
        // Where entities exclude each other, whether one was used counts even if nothing is required of it.
        let most = scale.limit.max(u32::from(!self.rivals.is_empty()));
        self.limit.iter_mut().for_each(|limit| *limit = (*limit).min(most));
        let nodes = self.node_items.len();
        self.landing.clear();
        let starts = |node: &u32| self.items[*node as usize].start;
        self.landing.extend(self.items.iter().map(|item| {
            let landing = self.node_items.partition_point(|node| starts(node) < item.end);
            landing.min(nodes) as u32
        }));
        self.node_items.push(self.items.len() as u32);
    }

    fn find_rivals(&mut self, problem: &Problem) {
        self.rivals.clear();
        if !problem.has_rivals() {
            return;
        }
        let excluded = |id: u32| {
            let others =
                self.ids.iter().enumerate().filter(move |(_, other)| problem.excludes(id as usize, **other as usize));
            others.map(|(at, _)| at as u32).collect()
        };
        self.rivals = self.ids.iter().map(|&id| excluded(id)).collect();
        let own = self.last.clone();
        for (last, rivals) in self.last.iter_mut().zip(&self.rivals) {
            *last = rivals.iter().map(|&rival| own[rival as usize]).fold(*last, u32::max);
        }
    }
}
