//! Measures the decision (METHODS: “Deciding with all the evidence”) on sets of pairs, each learnt from others, and learns the default.
//!
//! ```text
//! cargo run --release -p xlner --example decision -- [--write FILE] [--prepared FOLDER] GROUP:[DOMAIN/]NAME=PAIRS.jsonl …
//! ```
//! Nearly all of the time goes into aligning, projecting and the target's taggers: `--prepared` keeps what comes of them in a
//! folder, by name of set, and reads it from there in later runs.
//!
//! Pairs have the source's `probabilities` and `gold` target entities. The groups `en` and `fr` are held-out languages by
//! source; of `open` the default is learnt; `other` is measured only. Sets of one domain count as one in learning. One
//! JSON object a set and way of learning comes out.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use xlner::AlignerOptions;
use xlner::decision::TuningSet;
use xlner_core::{Entity, LabelProbabilities, Pair};
use xlner_eval::Calibration;
use xlner_formats::{ReadOptions, read_pairs};
use xlner_project::decision::{Cut, Decision, FitOptions, Judged, fit};

/// Weight of the squares: what is learnt from nothing goes to texts of other kinds. Chosen on languages of English source.
const OPTIONS: FitOptions = FitOptions { l2: 1000.0 };

struct Set {
    group: String,
    name: String,
    judged: Judged,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let write = option(&mut words, "--write");
    let prepared = option(&mut words, "--prepared").map(PathBuf::from);
    let mut sets = Vec::new();
    for word in &words {
        let (group, rest) = word.split_once(':').ok_or("GROUP:NAME=FILE")?;
        let (name, file) = rest.split_once('=').ok_or("GROUP:NAME=FILE")?;
        let (domain, name) = name.split_once('/').unwrap_or((name, name));
        let kept = prepared.as_ref().map(|folder| folder.join(format!("{name}.jsonl")));
        let judged = match &kept {
            Some(kept) if kept.exists() => read_prepared(kept)?,
            _ => {
                let (options, aligner) = (ReadOptions::default(), AlignerOptions::default());
                let evidence = TuningSet::read(Path::new(file), &options, &aligner, &mut |_| ())?;
                if let Some(kept) = &kept {
                    write_prepared(kept, &evidence)?;
                }
                evidence.judged
            }
        };
        eprintln!("{name}: read");
        let judged = judged.of_domain(domain);
        sets.push(Set { group: group.to_owned(), name: name.to_owned(), judged });
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
            let decision = fit(&learnt_from, None, &OPTIONS);
            tell(set, way, &decision)?;
        }
    }
    let open: Vec<Judged> = sets.iter().filter(|set| set.group == "open").map(|set| set.judged.clone()).collect();
    if let (Some(path), false) = (write, open.is_empty()) {
        std::fs::write(path, fit(&open, None, &OPTIONS).to_text())?;
    }
    Ok(())
}

/// Takes an option and its value out of the words.
fn option(words: &mut Vec<String>, name: &str) -> Option<String> {
    let at = words.iter().position(|word| word == name).filter(|at| at + 1 < words.len())?;
    words.drain(at..at + 2).nth(1)
}

/// Writes pairs that are ready to be judged, their right entities in `gold`.
fn write_prepared(path: &Path, evidence: &TuningSet) -> Result<(), Box<dyn std::error::Error>> {
    let part = path.with_extension("part");
    let mut file = BufWriter::new(File::create(&part)?);
    for (pair, gold) in evidence.pairs.iter().zip(&evidence.gold) {
        let mut pair = pair.clone();
        for side in [&mut pair.source, &mut pair.target] {
            let tokens = side.len();
            // The exact spans say all that is looked at.
            if let Some(probabilities) =
                side.probabilities.as_mut().filter(|given| !given.spans.is_empty() || given.rows.is_empty())
            {
                *probabilities = LabelProbabilities {
                    rows: vec![Vec::new(); tokens],
                    spans: std::mem::take(&mut probabilities.spans),
                    ..LabelProbabilities::default()
                };
            }
        }
        pair.extra.insert("gold", serde_json::to_value(gold)?);
        serde_json::to_writer(&mut file, &pair)?;
        file.write_all(b"\n")?;
    }
    file.into_inner()?.sync_all()?;
    Ok(std::fs::rename(part, path)?)
}

fn read_prepared(path: &Path) -> Result<Judged, Box<dyn std::error::Error>> {
    let (mut pairs, mut gold) = (Vec::new(), Vec::new());
    for pair in read_pairs(path, &ReadOptions::default())? {
        let mut pair: Pair = pair?;
        let given = pair.extra.remove("gold").ok_or("a prepared pair has `gold`")?;
        gold.push(serde_json::from_value::<Vec<Entity>>(given)?);
        pairs.push(pair);
    }
    Ok(Judged::new(&pairs, &gold))
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
