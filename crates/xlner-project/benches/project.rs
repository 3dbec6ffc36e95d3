//! The projection step on 799 sentence pairs (Europarl-NER where it is there, else made up), one thread.

#[path = "../tests/it/support/mod.rs"]
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use xlner_core::{Alignment, Entity, Pair, Sentence};
use xlner_project::{Match, Problem, Solution, Solver, SolverWorkspace, Workspace};

/// Pairs of 28 tokens that are linked in order but for every fifth, with an entity in every second pair.
fn made_up() -> Vec<Pair> {
    (0..799u32)
        .map(|number| {
            let tokens: Vec<String> = (0..28).map(|token| format!("t{}", (token * 7 + number) % 40)).collect();
            let links = (0..28u32).map(|token| (token, if token % 5 == 4 { (token + number) % 28 } else { token }));
            let mut source = Sentence::from_tokens(&tokens);
            if number % 2 == 0 {
                let start = number as usize % 24;
                source.entities = vec![Entity::new(start..start + 1 + number as usize % 3, "ORG")];
            }
            let target = Sentence::from_tokens(&tokens);
            Pair { source, target, alignment: Some(Alignment::from_pairs(links)), ..Pair::default() }
        })
        .collect()
}

fn step(c: &mut Criterion) {
    let pairs = support::europarl()
        .and_then(|folder| support::read_pairs(&folder, "de", support::LINKS[0]).ok())
        .map_or_else(made_up, |(pairs, _)| pairs);
    let mut workspace = Workspace::default();
    for (name, projector) in support::methods() {
        if name.contains("milp") {
            continue;
        }
        c.bench_function(name, |b| {
            b.iter(|| {
                for pair in &pairs {
                    black_box(projector.project(pair, &mut workspace).is_ok());
                }
            });
        });
    }
}

/// A sentence in which every entity may go nearly everywhere.
fn crowded(entities: u64, tokens: u32) -> Problem {
    let mut problem = Problem::default();
    problem.clear(tokens as usize);
    let mut state = 7u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % n
    };
    for _ in 0..entities {
        for _ in 0..20 {
            let start = next(u64::from(tokens) - 4) as u32;
            let candidate = Match { start, end: start + 1 + next(4) as u32, score: next(1000) as f64 / 1000.0 };
            let _ = problem.push(candidate);
        }
        problem.close_entity();
    }
    problem
}

fn hard(c: &mut Criterion) {
    let problem = crowded(12, 60);
    let (mut workspace, mut solution) = (SolverWorkspace::default(), Solution::default());
    c.bench_function("exact, 12 entities with 20 matches each", |b| {
        b.iter(|| {
            let solved = Solver::default().solve(&problem, Default::default(), &mut workspace, &mut solution);
            black_box(solved.is_ok());
        });
    });
}

criterion_group!(benches, step, hard);
criterion_main!(benches);
