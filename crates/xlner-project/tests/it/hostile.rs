//! What must not panic, and must end.

use xlner_core::{Alignment, CandidateScore, Entity, Link, Pair, Reason, Sentence, Span};
use xlner_project::scores::{Row, ScoreInput, Scorer};
use xlner_project::{
    Constraint, Error, Heuristic, Match, Matching, PairProjector, Problem, Result, Solution, Solver, SolverWorkspace,
    Workspace,
};

fn pair(source: usize, target: usize, entities: usize, links: Vec<(u32, u32)>) -> Pair {
    let words = |count: usize| Sentence::from_tokens((0..count).map(|at| format!("w{}", at % 97)));
    let mut pair = Pair { source: words(source), target: words(target), ..Pair::default() };
    let length = (source / entities.max(1)).clamp(1, 3);
    pair.source.entities = (0..entities).map(|e| Entity::new(e * length..(e + 1) * length, "ORG")).collect();
    pair.alignment = Some(Alignment::from_pairs(links));
    pair
}

fn projectors() -> Vec<PairProjector> {
    let mut projectors: Vec<PairProjector> =
        vec![Heuristic::new(1, false, 0.8, 0).into(), Heuristic::new(2, true, 0.0, 1).into()];
    for solver in [Solver::default(), Solver::Greedy, Solver::Bipartite] {
        projectors.push(Matching { solver, ..Matching::default() }.into());
    }
    projectors
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

#[test]
fn ten_thousand_tokens_and_two_hundred_entities() {
    let mut random = Random(1);
    let links = (0..20_000).map(|_| (random.below(10_000) as u32, random.below(10_000) as u32)).collect();
    let long = pair(10_000, 10_000, 200, links);
    for projector in projectors() {
        let (entities, projection) = projector.project(&long, &mut Workspace::default()).unwrap();
        let projected: std::collections::HashSet<_> = entities.iter().map(|entity| entity.from).collect();
        assert_eq!(projected.len() + projection.unprojected.len(), 200);
    }
}

#[test]
fn two_hundred_entities_that_want_the_same_tokens() {
    let everything = (0..600).flat_map(|s| (0..40).map(move |t| (s, t))).collect();
    let crowded = pair(600, 40, 200, everything);
    for projector in projectors() {
        let (entities, projection) = projector.project(&crowded, &mut Workspace::default()).unwrap();
        assert!(entities.len() <= 40);
        assert!(projection.bound.is_none_or(|bound| bound >= projection.objective));
        let reasons = projection.unprojected.iter().filter(|left| left.reason == Reason::Conflict).count();
        assert_eq!(reasons, projection.unprojected.len());
    }
    for constraint in ["=1", ">=1", "<=2", "=3"] {
        let matching = Matching { constraint: constraint.parse().unwrap(), ..Matching::default() };
        let (entities, projection) =
            PairProjector::from(matching).project(&crowded, &mut Workspace::default()).unwrap();
        assert!(entities.len() <= 40);
        assert!(projection.bound.unwrap() >= projection.objective);
        if constraint != "<=2" {
            assert!(projection.unprojected.iter().all(|left| left.reason == Reason::Infeasible));
        }
    }
}

#[test]
fn random_crowds_end_with_a_bound() {
    let mut random = Random(5);
    for (entities, tokens, length) in [(200, 400, 12), (200, 60, 6), (40, 40, 8)] {
        let mut problem = Problem::default();
        problem.clear(tokens);
        for _ in 0..entities {
            for _ in 0..30 {
                let start = random.below(tokens as u64 - length) as u32;
                let end = start + 1 + random.below(length) as u32;
                problem.push(Match { start, end, score: random.below(50) as f64 / 50.0 }).unwrap();
            }
            problem.close_entity();
        }
        let (mut workspace, mut greedy) = (SolverWorkspace::default(), Solution::default());
        Solver::Greedy.solve(&problem, Constraint::default(), &mut workspace, &mut greedy).unwrap();
        for constraint in [Constraint::AtMost(1), Constraint::Exactly(2), Constraint::AtLeast(1)] {
            let (mut first, mut second) = (Solution::default(), Solution::default());
            Solver::default().solve(&problem, constraint, &mut workspace, &mut first).unwrap();
            Solver::default().solve(&problem, constraint, &mut SolverWorkspace::default(), &mut second).unwrap();
            assert_eq!(first, second);
            assert!(first.bound.unwrap() >= first.objective);
            if constraint == Constraint::AtMost(1) {
                assert!(first.objective >= greedy.objective);
                assert!(first.bound.unwrap() <= 1.05 * first.objective, "gap: {:?} {}", first.bound, first.objective);
            }
        }
    }
}

#[test]
fn nothing_to_do() {
    for projector in projectors() {
        let mut workspace = Workspace::default();
        let (entities, projection) = projector.project(&Pair::default(), &mut workspace).unwrap();
        assert!(entities.is_empty() && projection.unprojected.is_empty() && projection.objective == 0.0);
        assert!(projector.project(&pair(3, 3, 0, vec![(0, 0)]), &mut workspace).unwrap().0.is_empty());
        let (_, projection) = projector.project(&pair(3, 0, 2, vec![]), &mut workspace).unwrap();
        assert!(projection.unprojected.iter().all(|left| left.reason == Reason::EmptyTarget));
        assert_eq!(projection.unprojected.len(), 2);
        let (_, projection) = projector.project(&pair(4, 3, 1, vec![(3, 2)]), &mut workspace).unwrap();
        assert_eq!(projection.unprojected[0].reason, Reason::Unaligned);
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    for projector in projectors() {
        let mut workspace = Workspace::default();
        for links in [vec![(0, 3)], vec![(3, 0)], vec![(u32::MAX, u32::MAX)]] {
            let error = projector.project(&pair(3, 3, 1, links), &mut workspace).unwrap_err();
            assert!(matches!(error, Error::Core(xlner_core::Error::LinkOutOfRange { .. })), "{error}");
        }
        let mut outside = pair(3, 3, 1, vec![(0, 0)]);
        outside.source.entities[0].span = Span::new(2, 4);
        assert!(matches!(projector.project(&outside, &mut workspace), Err(Error::Core(_))));
        outside.source.entities[0].span = Span::new(2, 1);
        assert!(matches!(projector.project(&outside, &mut workspace), Err(Error::Core(_))));
        outside.source.entities[0].span = Span::new(0, 1);
        outside.alignment = None;
        assert!(matches!(projector.project(&outside, &mut workspace), Err(Error::NoAlignment(_))));
    }
    let matching =
        |weights: &str| PairProjector::from(Matching { weights: weights.parse().unwrap(), ..Matching::default() });
    let mut given = pair(3, 3, 1, vec![(0, 0)]);
    assert_eq!(matching("nmt").project(&given, &mut Workspace::default()).unwrap_err(), Error::NoScore("nmt".into()));
    let nan = CandidateScore { entity: 0, span: Span::new(0, 1), score: f64::NAN };
    given.scores.insert("nmt".into(), vec![nan]);
    assert!(matches!(matching("nmt").project(&given, &mut Workspace::default()), Err(Error::BadScore { .. })));
    given.alignment = Some(Alignment::new(vec![Link { source: 0, target: 0, probability: f64::INFINITY }]));
    assert!(matches!(matching("align").project(&given, &mut Workspace::default()), Err(Error::BadScore { .. })));
    let bipartite = Matching { solver: Solver::Bipartite, constraint: Constraint::AtMost(2), ..Matching::default() };
    let error =
        PairProjector::from(bipartite).project(&pair(3, 3, 1, vec![(0, 0)]), &mut Workspace::default()).unwrap_err();
    assert_eq!(error, Error::BipartiteConstraint(Constraint::AtMost(2)));
}

#[test]
fn a_minimum_score_leaves_reasons() {
    let given = pair(6, 6, 2, vec![(0, 0), (1, 1), (3, 3), (4, 4), (5, 5)]);
    let matching = Matching { min_score: Some(0.9), ..Matching::default() };
    let (entities, projection) = PairProjector::from(matching).project(&given, &mut Workspace::default()).unwrap();
    assert_eq!(entities.iter().map(|found| found.span).collect::<Vec<_>>(), [Span::new(3, 6)]);
    assert_eq!(projection.unprojected[0].reason, Reason::BelowMinimum);
    assert_eq!(entities[0].margin, Some(1.0));
}

/// A score of one's own is used under its name, and may stand in for one that is built in.
#[test]
fn scores_can_be_plugged_in() {
    struct LastToken;
    impl Scorer for LastToken {
        fn score(&mut self, input: ScoreInput<'_>, _: usize, row: &mut Row) -> Result<()> {
            let last = input.candidates.target_len() - 1;
            if let Some(candidate) = input.candidates.find(Span::new(last, last + 1)) {
                row.add(candidate, 3.0);
            }
            Ok(())
        }
    }
    let given = pair(3, 4, 1, vec![(0, 0), (1, 1), (2, 2)]);
    for name in ["span", "align"] {
        let matching = Matching { weights: format!("{name}=2").parse().unwrap(), ..Matching::default() };
        let (entities, projection) = PairProjector::from(matching)
            .project_with(&given, &mut [(name, &mut LastToken)], &mut Workspace::default())
            .unwrap();
        assert_eq!((entities[0].span, projection.objective), (Span::new(3, 4), 6.0));
    }
}
