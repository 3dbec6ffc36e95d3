//! MILP: HiGHS (Huangfu and Hall 2018). The cross-check of [`exact`](super::exact).
//!
//! One binary variable per match of positive worth; per target token, the matches that cover it sum to at most 1 (the
//! published code has a row for each pair of overlapping candidates, which is weaker); per entity, a row for the
//! constraint, softened by a variable for the required projections that are not made, each of which costs more than all
//! scores together. An entity that excludes others has a variable that says whether it is projected at all; per source
//! token, those of the entities that claim it sum to at most 1.

use std::collections::BTreeMap;

use highs::{Col, HighsModelStatus, RowProblem, Sense};

use crate::{Constraint, Error, Problem, Result, Solution};

/// Chooses matches of largest total score. Of equal totals whichever HiGHS finds first, which is the same every time.
///
/// # Errors
/// [`Error::Milp`] where HiGHS ends without an optimum.
pub fn solve(problem: &Problem, constraint: Constraint, solution: &mut Solution) -> Result<()> {
    solution.bound = Some(0.0);
    let required = f64::from(constraint.required());
    let largest = problem.matches().iter().map(|m| m.score.abs()).fold(0.0, f64::max);
    let usable = |score: f64| score > 0.0 || constraint.required() > 0;
    if problem.matches().iter().all(|m| !usable(m.score)) {
        return Ok(());
    }
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let penalty = 2.0 * (problem.target_len() as f64 + 1.0);
    let mut model = RowProblem::default();
    let mut columns: Vec<(usize, usize, Col)> = Vec::new();
    let mut rows: Vec<Vec<(Col, f64)>> = vec![Vec::new(); problem.target_len()];
    let mut claims: BTreeMap<usize, Vec<(Col, f64)>> = BTreeMap::new();
    for entity in 0..problem.entities() {
        let from = columns.len();
        for index in problem.range(entity) {
            let candidate = problem.matches()[index];
            if usable(candidate.score) {
                let column = model.add_integer_column(candidate.score / scale, 0..=1);
                columns.push((entity, index, column));
                candidate.span().range().for_each(|token| rows[token].push((column, 1.0)));
            }
        }
        if from == columns.len() {
            continue;
        }
        if let Some(claim) = problem.claim(entity) {
            let projected = model.add_integer_column(0.0, 0..=1);
            for &(_, _, column) in &columns[from..] {
                model.add_row(..=0, [(column, 1.0), (projected, -1.0)]);
            }
            claim.range().for_each(|token| claims.entry(token).or_default().push((projected, 1.0)));
        }
        let mut row: Vec<(Col, f64)> = columns[from..].iter().map(|&(_, _, column)| (column, 1.0)).collect();
        if let Some(limit) = constraint.limit() {
            model.add_row(..=f64::from(limit), &row);
        }
        if required > 0.0 {
            row.push((model.add_integer_column(-penalty, 0.0..=required), 1.0));
            model.add_row(required.., &row);
        }
    }
    for row in rows.iter().chain(claims.values()).filter(|row| row.len() > 1) {
        model.add_row(..=1, row);
    }
    let mut model = model.optimise(Sense::Maximise);
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("mip_rel_gap", 0.0);
    model.set_option("mip_abs_gap", 1e-9);
    let solved = model.solve();
    if solved.status() != HighsModelStatus::Optimal {
        return Err(Error::Milp(format!("{:?}", solved.status())));
    }
    let values = solved.get_solution();
    for &(entity, index, column) in &columns {
        if values[column] > 0.5 {
            solution.choose(entity, index);
        }
    }
    solution.finish(problem);
    solution.bound = Some(solution.objective);
    Ok(())
}
