//! The exact solver against brute force, and against the other solvers.

use proptest::prelude::*;
use xlner_core::Span;
use xlner_project::{Constraint, Match, Problem, Solution, Solver, SolverWorkspace, solvers::Exact};

/// Target tokens, the matches of each entity and the source span that it claims, the constraint.
type Instance = (u32, Vec<(Vec<Match>, Option<Span>)>, Constraint);

fn constraints() -> impl Strategy<Value = Constraint> {
    prop_oneof![
        4 => Just(Constraint::AtMost(1)),
        1 => Just(Constraint::AtMost(2)),
        1 => Just(Constraint::Exactly(1)),
        1 => Just(Constraint::Exactly(2)),
        1 => Just(Constraint::AtLeast(0)),
        1 => Just(Constraint::AtLeast(1)),
        1 => Just(Constraint::AtLeast(2)),
    ]
}

fn instances(entities: usize, matches: usize) -> impl Strategy<Value = Instance> {
    (1u32..9).prop_flat_map(move |tokens| {
        // Few different scores, so that there are ties, or any.
        let score = prop_oneof![(0u32..6).prop_map(|n| f64::from(n) / 4.0), -0.5..1.5f64];
        let candidate = (0..tokens, 1u32..5, score).prop_map(move |(start, length, score)| {
            let end = (start + length).min(tokens);
            Match { start, end, score }
        });
        let row = prop::collection::vec(candidate, 0..=matches);
        let claim = (0usize..6, 1usize..4).prop_map(|(start, length)| Span::new(start, start + length));
        // In half of the problems entities exclude each other, most of them.
        let plain = prop::collection::vec((row.clone(), Just(None)), 1..=entities);
        let rivals = prop::collection::vec((row, prop::option::weighted(0.9, claim)), 1..=entities);
        (Just(tokens), prop_oneof![plain, rivals], constraints())
    })
}

fn problem((tokens, rows, _): &Instance) -> Problem {
    let mut problem = Problem::default();
    problem.clear(*tokens as usize);
    for (row, claim) in rows {
        row.iter().for_each(|&candidate| problem.push(candidate).unwrap());
        match claim {
            Some(claim) => problem.close_rival(*claim),
            None => problem.close_entity(),
        }
    }
    problem
}

/// Required projections made and score of a set of matches; `None` where it overlaps, exceeds a limit, or has matches of
/// entities that exclude each other.
fn worth(problem: &Problem, constraint: Constraint, entity_of: &[usize], set: u32) -> Option<(u32, f64)> {
    let mut taken = 0u32;
    let mut counts = vec![0u32; problem.entities()];
    let mut score = 0.0;
    for (index, candidate) in problem.matches().iter().enumerate().filter(|(index, _)| set >> index & 1 == 1) {
        let tokens = (1 << candidate.end) - (1 << candidate.start);
        if taken & tokens != 0 {
            return None;
        }
        taken |= tokens;
        counts[entity_of[index]] += 1;
        score += candidate.score;
    }
    let limit = constraint.limit().map_or(u32::MAX, u32::from);
    let required = u32::from(constraint.required());
    if (0..counts.len()).any(|entity| counts[entity] > 0 && excluded(problem, &counts, entity)) {
        return None;
    }
    counts.iter().all(|&count| count <= limit).then(|| (counts.iter().map(|&count| count.min(required)).sum(), score))
}

/// Whether an entity that has a projection excludes this one.
fn excluded(problem: &Problem, counts: &[u32], entity: usize) -> bool {
    (0..counts.len()).any(|other| counts[other] > 0 && problem.excludes(entity, other))
}

/// The most required projections, and the largest score with them, but for a forbidden match: all assignments are tried.
fn brute_force(problem: &Problem, constraint: Constraint, forbidden: Option<u32>) -> (u32, f64) {
    struct Try<'a> {
        problem: &'a Problem,
        entity_of: Vec<usize>,
        limit: u32,
        required: u32,
        forbidden: Option<u32>,
        counts: Vec<u32>,
        best: (u32, f64),
    }
    impl Try<'_> {
        fn from(&mut self, index: usize, taken: u32, score: f64) {
            let Some(candidate) = self.problem.matches().get(index) else {
                let made = self.counts.iter().map(|&count| count.min(self.required)).sum();
                if made > self.best.0 || (made == self.best.0 && score > self.best.1) {
                    self.best = (made, score);
                }
                return;
            };
            self.from(index + 1, taken, score);
            let (tokens, entity) = ((1 << candidate.end) - (1 << candidate.start), self.entity_of[index]);
            let allowed = self.counts[entity] < self.limit && !excluded(self.problem, &self.counts, entity);
            if taken & tokens == 0 && allowed && self.forbidden != Some(index as u32) {
                self.counts[entity] += 1;
                self.from(index + 1, taken | tokens, score + candidate.score);
                self.counts[entity] -= 1;
            }
        }
    }
    let mut all = Try {
        problem,
        entity_of: (0..problem.entities()).flat_map(|e| problem.range(e).map(move |_| e)).collect(),
        limit: constraint.limit().map_or(u32::MAX, u32::from),
        required: u32::from(constraint.required()),
        forbidden,
        counts: vec![0; problem.entities()],
        best: (0, f64::NEG_INFINITY),
    };
    all.from(0, 0, 0.0);
    all.best
}

fn solve(solver: Solver, problem: &Problem, constraint: Constraint) -> Solution {
    let mut solution = Solution::default();
    solver.solve(problem, constraint, &mut SolverWorkspace::default(), &mut solution).unwrap();
    solution
}

/// Required projections made, once the solution is checked to be an assignment of the score it claims.
fn check(problem: &Problem, constraint: Constraint, solution: &Solution) -> (u32, f64) {
    let entity_of: Vec<usize> = (0..problem.entities()).flat_map(|e| problem.range(e).map(move |_| e)).collect();
    let set = solution.chosen.iter().fold(0u32, |set, chosen| {
        assert_eq!(entity_of[chosen.index as usize], chosen.entity as usize);
        set | 1 << chosen.index
    });
    assert_eq!(set.count_ones() as usize, solution.chosen.len());
    let found = worth(problem, constraint, &entity_of, set).expect("an assignment without overlap, within the limits");
    assert!((found.1 - solution.objective).abs() < 1e-9);
    found
}

/// Required projections that a solution makes.
fn required(problem: &Problem, constraint: Constraint, solution: &Solution) -> u32 {
    let count = |entity: usize| solution.chosen.iter().filter(|chosen| chosen.entity as usize == entity).count() as u32;
    (0..problem.entities()).map(|entity| count(entity).min(u32::from(constraint.required()))).sum()
}

proptest! {
    #[test]
    fn exact_is_brute_force(instance in instances(4, 4)) {
        let (problem, constraint) = (problem(&instance), instance.2);
        let solution = solve(Solver::default(), &problem, constraint);
        let found = check(&problem, constraint, &solution);
        let best = brute_force(&problem, constraint, None);
        prop_assert_eq!(found.0, best.0);
        prop_assert!((found.1 - best.1).abs() < 1e-9, "{} is not {}", found.1, best.1);
        prop_assert_eq!(solution.bound, Some(solution.objective));
    }

    /// So many entities that bounds come into play.
    #[test]
    fn exact_is_brute_force_in_a_crowd(instance in instances(12, 3)) {
        let (problem, constraint) = (problem(&instance), instance.2);
        let solution = solve(Solver::default(), &problem, constraint);
        let best = brute_force(&problem, constraint, None);
        prop_assert_eq!(required(&problem, constraint, &solution), best.0);
        prop_assert!((solution.objective - best.1).abs() < 1e-9, "{} is not {}", solution.objective, best.1);
        prop_assert_eq!(solution.bound, Some(solution.objective));
        for chosen in &solution.chosen {
            let without = brute_force(&problem, constraint, Some(chosen.index));
            let expected = (without.0 == best.0).then_some(best.1 - without.1);
            prop_assert!(match (expected, chosen.margin) {
                (Some(expected), Some(margin)) => (margin - expected).abs() < 1e-9,
                (expected, margin) => expected == margin,
            }, "{expected:?} {chosen:?}");
        }
    }

    #[test]
    fn margins_are_brute_force(instance in instances(3, 4)) {
        let (problem, constraint) = (problem(&instance), instance.2);
        let solution = solve(Solver::default(), &problem, constraint);
        let (required, _) = brute_force(&problem, constraint, None);
        for chosen in &solution.chosen {
            let without = brute_force(&problem, constraint, Some(chosen.index));
            if without.0 < required {
                prop_assert_eq!(chosen.margin, None);
            } else {
                let margin = chosen.margin.unwrap();
                prop_assert!((margin - (solution.objective - without.1)).abs() < 1e-9, "{margin} for {chosen:?}");
            }
        }
    }

    /// However small the budget: an assignment, and a bound that holds.
    #[test]
    fn a_spent_budget_leaves_a_gap_that_holds(instance in instances(4, 4), budget in 0u64..200) {
        let (problem, constraint) = (problem(&instance), instance.2);
        let solution = solve(Solver::Exact(Exact { budget }), &problem, constraint);
        let found = check(&problem, constraint, &solution);
        let best = brute_force(&problem, constraint, None);
        prop_assert!(found.0 <= best.0);
        let bound = solution.bound.unwrap();
        prop_assert!(bound >= solution.objective);
        if found.0 == best.0 {
            prop_assert!(bound >= best.1 - 1e-9, "bound {bound}, optimum {}", best.1);
        }
        if bound == solution.objective {
            prop_assert_eq!(found.0, best.0);
            prop_assert!((found.1 - best.1).abs() < 1e-9);
        }
    }

    /// Of equal scores the fewest tokens, then late and in the order of the source.
    #[test]
    fn ties_are_broken_as_stated(instance in instances(3, 4)) {
        let (problem, constraint) = (problem(&instance), Constraint::AtMost(1));
        let entity_of: Vec<usize> = (0..problem.entities()).flat_map(|e| problem.range(e).map(move |_| e)).collect();
        let key = |set: u32| {
            let chosen = (0..problem.matches().len()).filter(|index| set >> index & 1 == 1);
            chosen.fold((0, 0i32), |(tokens, order), index| {
                let m = problem.matches()[index];
                (tokens + (m.end - m.start), order - (entity_of[index] as i32 + 1) * m.start as i32)
            })
        };
        let solution = solve(Solver::default(), &problem, constraint);
        let set = solution.chosen.iter().fold(0u32, |set, chosen| set | 1 << chosen.index);
        for other in 0..1u32 << problem.matches().len() {
            if let Some((_, score)) = worth(&problem, constraint, &entity_of, other)
                && score >= solution.objective - 1e-13
            {
                // Matches of score 0 cost tokens and are never part of the answer.
                prop_assert!(key(set) <= key(other), "{:?} {:?}", key(set), key(other));
            }
        }
    }

    #[test]
    fn no_solver_is_better(instance in instances(5, 6)) {
        let problem = problem(&instance);
        let exact = solve(Solver::default(), &problem, Constraint::AtMost(1));
        for solver in [Solver::Greedy, Solver::Bipartite] {
            let other = solve(solver, &problem, Constraint::AtMost(1));
            check(&problem, Constraint::AtMost(1), &other);
            prop_assert!(other.objective <= exact.objective + 1e-9);
            prop_assert_eq!(other.bound, None);
        }
    }
}

#[cfg(feature = "milp")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exact_is_highs(instance in instances(6, 8)) {
        let (problem, constraint) = (problem(&instance), instance.2);
        let exact = solve(Solver::default(), &problem, constraint);
        let milp = solve(Solver::Milp, &problem, constraint);
        prop_assert!((exact.objective - milp.objective).abs() < 1e-6, "{} is not {}", exact.objective, milp.objective);
        prop_assert_eq!(exact.bound, Some(exact.objective));
    }
}
