//! Measures the decision (METHODS: “Deciding with all the evidence”) on sets of pairs, each learnt from others, and learns the default.
//!
//! ```text
//! cargo run --release -p xlner --example decision -- [--write FILE] GROUP:NAME=PAIRS.jsonl …
//! ```
//! Pairs have the source's `probabilities` and `gold` target entities. The groups `en` and `fr` are held-out languages by
//! source; of `open` the default is learnt; `other` is measured only. One JSON object a set and way of learning comes out.

use std::path::Path;

use serde_json::json;
use xlner::AlignerOptions;
use xlner::decision::Evidence;
use xlner_eval::Calibration;
use xlner_formats::ReadOptions;
use xlner_project::decision::{Cut, Decision, FitOptions, Judged, fit};

struct Set {
    group: String,
    name: String,
    judged: Judged,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let write = (words.first().map(String::as_str) == Some("--write")).then(|| words.drain(..2).nth(1)).flatten();
    let mut sets = Vec::new();
    for word in &words {
        let (group, rest) = word.split_once(':').ok_or("GROUP:NAME=FILE")?;
        let (name, file) = rest.split_once('=').ok_or("GROUP:NAME=FILE")?;
        let (options, aligner) = (ReadOptions::default(), AlignerOptions::default());
        let evidence = Evidence::read(Path::new(file), &options, &aligner, &mut |_| ())?;
        eprintln!("{name}: read");
        sets.push(Set { group: group.to_owned(), name: name.to_owned(), judged: evidence.judged });
    }
    let masakhane = |group: &str| matches!(group, "en" | "fr");
    for set in &sets {
        type From<'a> = &'a dyn Fn(&Set) -> bool;
        let ways: [(&str, From<'_>); 3] = [
            ("others", &|other| masakhane(&set.group) && masakhane(&other.group)),
            ("other source", &|other| masakhane(&set.group) && masakhane(&other.group) && other.group != set.group),
            ("default", &|other| other.group == "open"),
        ];
        for (way, from) in ways {
            let learnt_from: Vec<Judged> = sets
                .iter()
                .filter(|other| other.name != set.name && from(other))
                .map(|other| other.judged.clone())
                .collect();
            if learnt_from.is_empty() {
                continue;
            }
            let decision = fit(&learnt_from, None, &FitOptions::default());
            tell(set, way, &decision)?;
        }
    }
    let open: Vec<Judged> = sets.iter().filter(|set| set.group == "open").map(|set| set.judged.clone()).collect();
    if let (Some(path), false) = (write, open.is_empty()) {
        std::fs::write(path, fit(&open, None, &FitOptions::default()).to_text())?;
    }
    Ok(())
}

/// The mean; 0 of nothing.
fn share(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

fn tell(set: &Set, way: &str, decision: &Decision) -> Result<(), Box<dyn std::error::Error>> {
    let found = set.judged.judge(decision, Cut::F1, true)?;
    let alone = set.judged.judge(decision, Cut::F1, false)?;
    let precise = set.judged.judge(decision, Cut::Precision(0.9), true)?;
    let right = precise.kept.iter().map(|(_, right)| f64::from(u8::from(*right)));
    println!(
        "{}",
        json!({
            "set": set.name, "group": set.group, "learnt": way, "f1": found.f1(), "without_target_tagger": alone.f1(),
            "ece": Calibration::new(&found.kept).ece,
            "kept": found.kept.len(), "gold": found.gold,
            "mean_probability": share(found.kept.iter().map(|(probability, _)| *probability)),
            "precision": share(found.kept.iter().map(|(_, right)| f64::from(u8::from(*right)))), "distance": found.distance, "reach": decision.reach,
            "precision_asked_0.9": share(right), "kept_at_0.9": precise.kept.len(),
        })
    );
    Ok(())
}
