//! Measures silver test sets by simulation: people are played by gold.
//!
//! ```text
//! cargo run --release -p xlner --example silver -- [--size 200] [--draws 1000] [--ignore DATE,MISC] NAME=GOLD.jsonl,A.jsonl,B.jsonl,C.jsonl …
//! ```
//! GOLD has the right target entities in its field `gold`, the other files are what the routes found. One JSON object a set
//! comes out: how often the interval covers the true F1, how wide it is, and the same for a random sample of equal size.

use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::json;
use xlner::silver::SilverSet;
use xlner_core::Entity;
use xlner_eval::Resampling;
use xlner_eval::stratified::{Estimate, Interval, JudgedCounts, Unit, allocate, estimate, sample};
use xlner_formats::{ReadOptions, read_pairs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut size, mut draws, mut ignore, mut sets) = (200, 1000, Vec::new(), Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--size" => size = words.next().ok_or("--size N")?.parse()?,
            "--draws" => draws = words.next().ok_or("--draws N")?.parse()?,
            "--ignore" => ignore = words.next().ok_or("--ignore LABELS")?.split(',').map(str::to_owned).collect(),
            _ => sets.push(word),
        }
    }
    for word in sets {
        let (name, files) = word.split_once('=').ok_or("NAME=GOLD,ROUTE,ROUTE…")?;
        let files: Vec<PathBuf> = files.split(',').map(PathBuf::from).collect();
        measure(name, &files, size, draws, &ignore)?;
    }
    Ok(())
}

fn measure(
    name: &str,
    files: &[PathBuf],
    size: usize,
    draws: u64,
    ignore: &[String],
) -> Result<(), Box<dyn std::error::Error>> {
    let (gold, routes) = files.split_first().ok_or("GOLD,ROUTE,ROUTE…")?;
    let options = ReadOptions::default();
    let set = SilverSet::read(routes, &options)?;
    let (units, mut judged) = (set.units, Vec::new());
    for (pair, set) in read_pairs(gold, &options)?.zip(&set.pairs) {
        let gold = pair?.extra.remove("gold").ok_or("a record without gold")?;
        let mut gold: Vec<Entity> = serde_json::from_value(gold)?;
        gold.retain(|entity| !ignore.contains(&entity.label));
        let same = |a: &&Entity| gold.iter().any(|b| a.span == b.span && a.label == b.label);
        let right = set.target.entities.iter().filter(same).count() as f64;
        judged.push(JudgedCounts { right, gold: gold.len() as f64 });
    }
    let strata: Vec<usize> = units.iter().map(|unit| unit.stratum).collect();
    let wanted = allocate(&strata, &set.doubts, size);
    let plan = Plan { units: units.clone(), strata, wanted, judged: judged.clone() };
    let random = Plan { strata: vec![0; units.len()], wanted: vec![size], units, judged };
    let (ours, theirs) = (plan.simulate(draws), random.plain(draws));
    println!(
        "{}",
        json!({
            "set": name, "sentences": set.pairs.len(), "f1": plan.truth(&[]).0, "size": size, "draws": draws,
            "stratified": ours, "random": theirs,
            "width": ours["width"].as_f64().unwrap_or(0.0) / theirs["width"].as_f64().unwrap_or(1.0),
        })
    );
    Ok(())
}

/// A set with its gold, and how it is sampled.
struct Plan {
    units: Vec<Unit>,
    strata: Vec<usize>,
    wanted: Vec<usize>,
    judged: Vec<JudgedCounts>,
}

impl Plan {
    /// F1 of the set, and F1 with the sentences of a sample put right.
    fn truth(&self, sample: &[usize]) -> (f64, f64) {
        let found: f64 = self.units.iter().map(|unit| unit.found).sum();
        let right: f64 = self.judged.iter().map(|judged| judged.right).sum();
        let gold: f64 = self.judged.iter().map(|judged| judged.gold).sum();
        let more: f64 = sample.iter().map(|&at| self.judged[at].gold - self.judged[at].right).sum();
        let other: f64 = sample.iter().map(|&at| self.judged[at].gold - self.units[at].found).sum();
        (2.0 * right / (found + gold), 2.0 * (right + more) / (found + other + gold))
    }

    fn simulate(&self, draws: u64) -> serde_json::Value {
        let draw = |seed: u64| -> Option<[f64; 4]> {
            let taken = sample(&self.strata, &self.wanted, seed);
            let mut seen = self.units.clone();
            taken.iter().for_each(|&at| seen[at].judged = Some(self.judged[at]));
            let Estimate { found, corrected, .. } = estimate(&seen, &Resampling { seed, ..Resampling::default() })?;
            let (truth, put_right) = self.truth(&taken);
            let of = |interval: Interval, truth: f64| {
                let [low, high] = interval.ci95;
                (f64::from(u8::from((low..=high).contains(&truth))), high - low)
            };
            let ((a, b), (c, d)) = (of(found, truth), of(corrected, put_right));
            Some([a, b, c, d])
        };
        let all: Vec<[f64; 4]> = (0..draws).into_par_iter().filter_map(draw).collect();
        let mean = |at: usize| all.iter().map(|figures| figures[at]).sum::<f64>() / all.len().max(1) as f64;
        json!({ "covered": mean(0), "width": mean(1), "covered_corrected": mean(2), "width_corrected": mean(3) })
    }

    /// What a random sample says: F1 of its sentences, a ratio of sums, and its interval by the delta method.
    fn plain(&self, draws: u64) -> serde_json::Value {
        let truth = self.truth(&[]).0;
        let draw = |seed: u64| {
            let taken = sample(&self.strata, &self.wanted, seed);
            let sum = |of: &dyn Fn(usize) -> f64| taken.iter().map(|&at| of(at)).sum::<f64>();
            let both = |at: usize| self.units[at].found + self.judged[at].gold;
            let (all, n) = (sum(&both).max(1.0), taken.len() as f64);
            let f1 = sum(&|at| 2.0 * self.judged[at].right) / all;
            let squares = sum(&|at| (2.0 * self.judged[at].right - f1 * both(at)).powi(2)) / (n - 1.0);
            let share = 1.0 - n / self.units.len() as f64;
            let half = 1.96 * (share * squares / n).sqrt() * n / all;
            [f64::from(u8::from((f1 - truth).abs() <= half)), 2.0 * half]
        };
        let all: Vec<[f64; 2]> = (0..draws).into_par_iter().map(draw).collect();
        let mean = |at: usize| all.iter().map(|figures| figures[at]).sum::<f64>() / all.len().max(1) as f64;
        json!({ "covered": mean(0), "width": mean(1) })
    }
}
