//! One alignment from two directions.
//!
//! A directional model links every target token to at most one source token (forward) or the other way round (reverse).
//! [`symmetrize`] merges two sets of links as published; [`extract`] takes the links from the posteriors of both
//! directions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use rustc_hash::FxHashSet;
use xlner_core::{Alignment, Error, Evidence, Link, Posteriors, Result};

/// How the links of the two directions are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symmetrize {
    /// Links of both directions.
    Intersect,
    /// Links of either direction.
    Union,
    /// The intersection, grown by the links of the union that touch it, diagonally too, and link a token that has none
    /// (Koehn, Och and Marcu 2003, §3.3; Koehn et al. 2005, figure 1).
    GrowDiag,
    /// Then also every directional link of a token that has none.
    GrowDiagFinal,
    /// Then also every directional link of two tokens that have none.
    GrowDiagFinalAnd,
    /// Links whose mean posterior reaches a threshold (Liang, Taskar and Klein 2006, §4); needs posteriors.
    Soft,
    /// Those, and then for a token without any its directional link, where its posterior is at least .7 and it touches one of
    /// them, diagonally too: articles and other words that stand beside what they belong to. Needs posteriors.
    SoftGrow,
}

/// Posterior of a directional link that [`Symmetrize::SoftGrow`] adds, at least; chosen on XL-WA's development part and every other
/// sentence of KFTT.
const GROWN: f32 = 0.7;

impl Symmetrize {
    /// All of them.
    pub const ALL: [Symmetrize; 7] = [
        Symmetrize::Intersect,
        Symmetrize::Union,
        Symmetrize::GrowDiag,
        Symmetrize::GrowDiagFinal,
        Symmetrize::GrowDiagFinalAnd,
        Symmetrize::Soft,
        Symmetrize::SoftGrow,
    ];

    /// Whether posteriors are needed, and links are not enough.
    pub const fn needs_posteriors(self) -> bool {
        matches!(self, Symmetrize::Soft | Symmetrize::SoftGrow)
    }

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Symmetrize::Intersect => "intersect",
            Symmetrize::Union => "union",
            Symmetrize::GrowDiag => "grow-diag",
            Symmetrize::GrowDiagFinal => "grow-diag-final",
            Symmetrize::GrowDiagFinalAnd => "grow-diag-final-and",
            Symmetrize::Soft => "soft",
            Symmetrize::SoftGrow => "soft-grow",
        }
    }
}

impl fmt::Display for Symmetrize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Symmetrize {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Symmetrize::ALL.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
            let known = Symmetrize::ALL.map(Symmetrize::as_str).join(", ");
            Error::Invalid(format!("“{name}” is not a symmetrisation; there are {known}"))
        })
    }
}

/// Which directional model the links are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The model in which source tokens generate target tokens.
    Forward,
    /// The model in which target tokens generate source tokens.
    Reverse,
    /// Both, merged.
    Both(Symmetrize),
}

/// How the posteriors of the two directions become one probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mean {
    /// Half the sum: a link that one model is sure of gets 0.5.
    Arithmetic,
    /// Square root of the product: a link needs both models.
    #[default]
    Geometric,
}

impl Mean {
    /// Mean of the posteriors of a cell, 0..=1.
    pub fn of(self, cell: &Evidence) -> f64 {
        let (forward, reverse) = (f64::from(cell.forward), f64::from(cell.reverse));
        match self {
            Mean::Arithmetic => 0.5 * (forward + reverse),
            Mean::Geometric => (forward * reverse).sqrt(),
        }
    }
}

/// A link of either direction.
struct Point {
    source: u32,
    target: u32,
    forward: bool,
    reverse: bool,
    probability: f64,
}

/// Merges the links of two directions, both given as source-target. A link of both has the mean of their probabilities.
///
/// Where the published pseudo-code leaves the order of growth open, points are visited by source, then target token,
/// pass after pass until nothing changes, and a point that was added counts at once: the order of `atools`.
///
/// # Errors
/// [`Error::LinkOutOfRange`] where a link leaves the pair; [`Error::Invalid`] for what needs posteriors, which is [`extract`]'s.
pub fn symmetrize(
    forward: &Alignment,
    reverse: &Alignment,
    source_len: usize,
    target_len: usize,
    method: Symmetrize,
) -> Result<Alignment> {
    forward.validate(source_len, target_len)?;
    reverse.validate(source_len, target_len)?;
    let (mut a, mut b) = (forward.links().iter().peekable(), reverse.links().iter().peekable());
    let mut points = Vec::with_capacity(forward.len().max(reverse.len()));
    while let Some(&link) = match (a.peek(), b.peek()) {
        (Some(l), Some(r)) if (r.source, r.target) < (l.source, l.target) => b.peek(),
        (None, _) => b.peek(),
        _ => a.peek(),
    } {
        let key = (link.source, link.target);
        let of_forward = a.next_if(|l| (l.source, l.target) == key);
        let of_reverse = b.next_if(|l| (l.source, l.target) == key);
        let probability = match (of_forward, of_reverse) {
            (Some(l), Some(r)) => 0.5 * (l.probability + r.probability),
            _ => link.probability,
        };
        let (forward, reverse) = (of_forward.is_some(), of_reverse.is_some());
        points.push(Point { source: key.0, target: key.1, forward, reverse, probability });
    }
    merge(&points, source_len, target_len, method)
}

/// Takes the links from posteriors. Each carries the mean of its two posteriors, or where one direction is asked for the
/// posterior of that direction, as does one that [`Symmetrize::SoftGrow`] adds.
///
/// With [`Symmetrize::Soft`] the links are all cells that reach the threshold. Otherwise each direction gives every
/// generated token its most probable generating token (the first of equals; none where it was more probably generated
/// by none), the two sets are merged as in [`symmetrize`], and links below the threshold are dropped.
///
/// # Errors
/// [`Error::LinkOutOfRange`] where a cell lies outside the pair.
pub fn extract(posteriors: &Posteriors, direction: Direction, mean: Mean, threshold: f64) -> Result<Alignment> {
    let (source_len, target_len) = (posteriors.source_len, posteriors.target_len);
    for cell in &posteriors.cells {
        if cell.source as usize >= source_len || cell.target as usize >= target_len {
            let (from, to) = (cell.source as usize, cell.target as usize);
            return Err(Error::LinkOutOfRange { from, to, source_len, target_len });
        }
    }
    let forward = || best_cells(posteriors, target_len, |cell| (cell.target, cell.forward));
    let reverse = || best_cells(posteriors, source_len, |cell| (cell.source, cell.reverse));
    let cells = || posteriors.cells.iter();
    let link = |cell: &Evidence, probability| Link { source: cell.source, target: cell.target, probability };
    let alignment: Alignment = match direction {
        Direction::Forward => {
            cells().zip(forward()).filter(|(_, best)| *best).map(|(c, _)| link(c, f64::from(c.forward))).collect()
        }
        Direction::Reverse => {
            cells().zip(reverse()).filter(|(_, best)| *best).map(|(c, _)| link(c, f64::from(c.reverse))).collect()
        }
        Direction::Both(Symmetrize::Soft) => cells().map(|c| link(c, mean.of(c))).collect(),
        Direction::Both(Symmetrize::SoftGrow) => grown(posteriors, &forward(), &reverse(), mean, threshold),
        Direction::Both(method) => {
            let points: Vec<Point> = cells()
                .zip(forward().into_iter().zip(reverse()))
                .filter(|(_, (forward, reverse))| *forward || *reverse)
                .map(|(cell, (forward, reverse))| Point {
                    source: cell.source,
                    target: cell.target,
                    forward,
                    reverse,
                    probability: mean.of(cell),
                })
                .collect();
            merge(&points, source_len, target_len, method)?
        }
    };
    Ok(alignment.links().iter().filter(|link| link.probability >= threshold).copied().collect())
}

/// The cells that reach the threshold, and the directional links of other tokens that touch one of them.
fn grown(posteriors: &Posteriors, forward: &[bool], reverse: &[bool], mean: Mean, threshold: f64) -> Alignment {
    let is_soft = |cell: &&Evidence| mean.of(cell) >= threshold;
    let soft: FxHashSet<(u32, u32)> = posteriors.cells.iter().filter(is_soft).map(|c| (c.source, c.target)).collect();
    let sources: FxHashSet<u32> = soft.iter().map(|(source, _)| *source).collect();
    let targets: FxHashSet<u32> = soft.iter().map(|(_, target)| *target).collect();
    let touches = |cell: &Evidence| {
        let around = |at: u32| at.saturating_sub(1)..=at.saturating_add(1);
        around(cell.source).any(|source| around(cell.target).any(|target| soft.contains(&(source, target))))
    };
    let links = posteriors.cells.iter().zip(forward.iter().zip(reverse)).filter_map(|(cell, (forward, reverse))| {
        let of_target = if *forward && !targets.contains(&cell.target) { cell.forward } else { 0.0 };
        let of_source = if *reverse && !sources.contains(&cell.source) { cell.reverse } else { 0.0 };
        let added = of_target.max(of_source);
        let probability = match is_soft(&cell) {
            true => mean.of(cell),
            false if added >= GROWN && touches(cell) => f64::from(added),
            false => return None,
        };
        Some(Link { source: cell.source, target: cell.target, probability })
    });
    links.collect()
}

/// For every cell whether its generating token is the best of its generated token, `of(cell)` giving the generated
/// token and the posterior.
fn best_cells(posteriors: &Posteriors, generated_len: usize, of: impl Fn(&Evidence) -> (u32, f32)) -> Vec<bool> {
    const NONE: usize = usize::MAX;
    let mut best = vec![(NONE, 0.0_f32); generated_len];
    let mut mass = vec![0.0_f32; generated_len];
    for (index, cell) in posteriors.cells.iter().enumerate() {
        let (generated, posterior) = of(cell);
        mass[generated as usize] += posterior;
        if posterior > best[generated as usize].1 {
            best[generated as usize] = (index, posterior);
        }
    }
    let mut chosen = vec![false; posteriors.cells.len()];
    for ((index, posterior), mass) in best.into_iter().zip(mass) {
        // What is missing to 1 is the posterior of having been generated by none.
        if index != NONE && posterior >= 1.0 - mass {
            chosen[index] = true;
        }
    }
    chosen
}

/// The links that a method keeps of the union, which is ordered by source, then target token.
fn merge(points: &[Point], source_len: usize, target_len: usize, method: Symmetrize) -> Result<Alignment> {
    let mut grid = Grid::new(points, source_len, target_len);
    match method {
        Symmetrize::Union => grid.chosen.fill(true),
        Symmetrize::Intersect => {}
        Symmetrize::GrowDiag => grid.grow(),
        Symmetrize::GrowDiagFinal => {
            grid.grow();
            grid.finish(|point| point.forward, |source, target| !(source && target));
            grid.finish(|point| point.reverse, |source, target| !(source && target));
        }
        Symmetrize::GrowDiagFinalAnd => {
            grid.grow();
            grid.finish(|point| point.forward, |source, target| !source && !target);
            grid.finish(|point| point.reverse, |source, target| !source && !target);
        }
        Symmetrize::Soft | Symmetrize::SoftGrow => {
            let problem = format!("symmetrisation “{method}” needs posteriors, not links; use another");
            return Err(Error::Invalid(problem));
        }
    }
    Ok(points
        .iter()
        .zip(&grid.chosen)
        .filter(|(_, chosen)| **chosen)
        .map(|(p, _)| Link { source: p.source, target: p.target, probability: p.probability })
        .collect())
}

/// The union, and which of it was chosen so far: the intersection to begin with.
struct Grid<'a> {
    points: &'a [Point],
    chosen: Vec<bool>,
    /// First point of each source token, and one past the last point.
    rows: Vec<usize>,
    source_linked: Vec<bool>,
    target_linked: Vec<bool>,
}

impl<'a> Grid<'a> {
    fn new(points: &'a [Point], source_len: usize, target_len: usize) -> Self {
        let mut rows = Vec::with_capacity(source_len + 1);
        for (index, point) in points.iter().enumerate() {
            while rows.len() <= point.source as usize {
                rows.push(index);
            }
        }
        rows.resize(source_len + 1, points.len());
        let mut grid = Grid {
            points,
            chosen: vec![false; points.len()],
            rows,
            source_linked: vec![false; source_len],
            target_linked: vec![false; target_len],
        };
        for (index, point) in points.iter().enumerate() {
            if point.forward && point.reverse {
                grid.choose(index);
            }
        }
        grid
    }

    fn choose(&mut self, index: usize) {
        self.chosen[index] = true;
        self.source_linked[self.points[index].source as usize] = true;
        self.target_linked[self.points[index].target as usize] = true;
    }

    /// Both whether the source and whether the target token of a point have a link.
    fn linked(&self, index: usize) -> (bool, bool) {
        let point = &self.points[index];
        (self.source_linked[point.source as usize], self.target_linked[point.target as usize])
    }

    /// Grows the chosen points.
    ///
    /// A point can be added from the moment that a neighbour is chosen, and never again once both its tokens are linked.
    /// So instead of passing over all points until nothing changes, each is visited when the passes would first find it
    /// with a neighbour: in the same pass where it comes after that neighbour, else in the next.
    fn grow(&mut self) {
        let mut visits = BinaryHeap::new();
        let mut waiting: Vec<bool> = self.chosen.iter().map(|chosen| !chosen).collect();
        for index in 0..self.points.len() {
            if self.chosen[index] {
                self.neighbours(index, |neighbour| {
                    if std::mem::take(&mut waiting[neighbour]) {
                        visits.push(Reverse((0_u32, neighbour)));
                    }
                });
            }
        }
        while let Some(Reverse((pass, index))) = visits.pop() {
            if self.linked(index) != (true, true) {
                self.choose(index);
                self.neighbours(index, |neighbour| {
                    if std::mem::take(&mut waiting[neighbour]) {
                        visits.push(Reverse((pass + u32::from(neighbour < index), neighbour)));
                    }
                });
            }
        }
    }

    /// Calls `visit` with every point of the union in the eight cells around a point.
    fn neighbours(&self, index: usize, mut visit: impl FnMut(usize)) {
        let Point { source, target, .. } = self.points[index];
        for row in source.saturating_sub(1)..=source.saturating_add(1) {
            let Some(&[start, end]) = self.rows.get(row as usize..row as usize + 2) else { continue };
            let first =
                start + self.points[start..end].partition_point(|point| point.target < target.saturating_sub(1));
            for neighbour in (first..end).take_while(|&i| self.points[i].target <= target.saturating_add(1)) {
                if neighbour != index {
                    visit(neighbour);
                }
            }
        }
    }

    /// Adds the points of one direction whose tokens (source linked, target linked) are wanted.
    fn finish(&mut self, of_direction: impl Fn(&Point) -> bool, wanted: impl Fn(bool, bool) -> bool) {
        for index in 0..self.points.len() {
            let (source, target) = self.linked(index);
            if !self.chosen[index] && of_direction(&self.points[index]) && wanted(source, target) {
                self.choose(index);
            }
        }
    }
}

#[cfg(test)]
mod tests;
