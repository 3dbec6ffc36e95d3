//! Europarl-NER with given links: reading, and F1 as `seqeval` counts it.
#![allow(dead_code)] // each user needs a part

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use xlner_core::{Alignment, Entity, Pair, Sentence, Span};
use xlner_project::{Edition, Projector, Workspace};

/// The links of PEERS.md.
pub const LINKS: [&str; 4] = ["eflomal-prefix4.gdfa", "eflomal-prefix4.intersect", "eflomal.gdfa", "fast_align.gdfa"];
/// The target languages.
pub const LANGUAGES: [&str; 3] = ["de", "es", "it"];

/// The folder of Europarl-NER; `None`, and a line that says so, where it is not there.
pub fn europarl() -> Option<PathBuf> {
    xlner_testing::shared("europarl-ner")
}

/// Token and IOB2 tag columns; sentences are divided by blank lines.
pub fn read_conll(path: &Path) -> std::io::Result<Vec<Sentence>> {
    let mut sentences = Vec::new();
    for block in std::fs::read_to_string(path)?.trim_end_matches('\n').split("\n\n") {
        let rows: Vec<(&str, &str)> = block.lines().filter_map(|line| line.split_once('\t')).collect();
        let mut sentence = Sentence::from_tokens(rows.iter().map(|(token, _)| token));
        for (at, (_, tag)) in rows.iter().enumerate() {
            match (tag.split_once('-'), sentence.entities.last_mut()) {
                (Some(("I", label)), Some(last)) if last.span.end == at && last.label == label => last.span.end += 1,
                (Some((_, label)), _) => sentence.entities.push(Entity::new(at..at + 1, label)),
                (None, _) => {}
            }
        }
        sentences.push(sentence);
    }
    Ok(sentences)
}

/// One line of `i-j` a pair.
pub fn read_pharaoh(path: &Path) -> std::io::Result<Vec<Alignment>> {
    let number = |text: &str| text.parse::<u32>().map_err(std::io::Error::other);
    let link = |text: &str| {
        let (source, target) =
            text.split_once('-').ok_or_else(|| std::io::Error::other(format!("{text} is no link")))?;
        Ok::<_, std::io::Error>((number(source)?, number(target)?))
    };
    let lines = std::fs::read_to_string(path)?;
    lines
        .lines()
        .map(|line| Ok(Alignment::from_pairs(line.split_whitespace().map(link).collect::<Result<Vec<_>, _>>()?)))
        .collect()
}

/// The pairs with gold entities on the English side and given links, and the gold entities of the other side.
pub fn read_pairs(folder: &Path, language: &str, links: &str) -> std::io::Result<(Vec<Pair>, Vec<Vec<Entity>>)> {
    let source = read_conll(&folder.join("en-europarl.test.conll02"))?;
    let mut target = read_conll(&folder.join(format!("{language}-europarl.test.conll02")))?;
    let links = read_pharaoh(&folder.join(format!("links/{links}.en-{language}.pharaoh")))?;
    let gold = target.iter_mut().map(|sentence| std::mem::take(&mut sentence.entities)).collect();
    let pair = |((source, target), alignment)| Pair { source, target, alignment: Some(alignment), ..Pair::default() };
    Ok((source.into_iter().zip(target).zip(links).map(pair).collect(), gold))
}

/// What a projector made of some pairs.
pub struct Outcome {
    pub predicted: Vec<Vec<Entity>>,
    pub objective: f64,
    /// Sentences whose assignment is proven optimal.
    pub proven: usize,
}

/// Projects all pairs.
pub fn project(projector: &Projector, pairs: &[Pair], workspace: &mut Workspace) -> xlner_project::Result<Outcome> {
    let mut outcome = Outcome { predicted: Vec::with_capacity(pairs.len()), objective: 0.0, proven: 0 };
    for pair in pairs {
        let (entities, projection) = projector.project(pair, workspace)?;
        outcome.predicted.push(entities);
        outcome.objective += projection.objective;
        outcome.proven += usize::from(projection.bound == Some(projection.objective));
    }
    Ok(outcome)
}

/// Micro-averaged F1 over entities, all labels.
pub fn f1(gold: &[Vec<Entity>], predicted: &[Vec<Entity>]) -> f64 {
    let key = |entity: &Entity| -> (Span, String) { (entity.span, entity.label.clone()) };
    let (mut correct, mut total) = (0, 0);
    for (gold, predicted) in gold.iter().zip(predicted) {
        let set: HashSet<_> = gold.iter().map(key).collect();
        correct += predicted.iter().filter(|entity| set.contains(&key(entity))).count();
        total += gold.len() + predicted.len();
    }
    if total == 0 { 0.0 } else { 2.0 * correct as f64 / total as f64 }
}

/// The methods of PEERS.md by the names there.
pub fn methods() -> Vec<(&'static str, Projector)> {
    use xlner_project::{CandidateKind, CandidateSet, Heuristic, Matching, Solver};
    let matching = |kind, solver| {
        let candidates = CandidateSet { kind, ..CandidateSet::default() };
        Projector::from(Matching { candidates, solver, ..Matching::default() })
    };
    vec![
        ("heuristic, ratio .8, d=1", Heuristic::new(1, false, 0.8, 0).into()),
        ("heuristic, ratio 0, d=1", Heuristic::new(1, false, 0.0, 0).into()),
        ("heuristic, ratio .8, d=1, k=1", Heuristic::new(1, false, 0.8, 1).in_edition(Edition::Thesis).into()),
        ("heuristic, ratio 0, d=1, k=1", Heuristic::new(1, false, 0.0, 1).in_edition(Edition::Thesis).into()),
        ("n-grams, greedy", matching(CandidateKind::Ngram, Solver::Greedy)),
        ("n-grams, bipartite", matching(CandidateKind::Ngram, Solver::Bipartite)),
        ("n-grams, exact", matching(CandidateKind::Ngram, Solver::default())),
        ("aligned, greedy", matching(CandidateKind::Aligned, Solver::Greedy)),
        ("aligned, exact", matching(CandidateKind::Aligned, Solver::default())),
        #[cfg(feature = "milp")]
        ("aligned, milp", matching(CandidateKind::Aligned, Solver::Milp)),
    ]
}
