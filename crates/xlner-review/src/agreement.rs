//! How far the annotators of a store agree.

use xlner_core::Entity;
use xlner_eval::agreement::{Agreement, Annotated, agreement};

use crate::Store;
use crate::error::Result;
use crate::store::ADJUDICATED;
use crate::version::State;

/// The figures of the sentences that annotators are done with.
///
/// # Errors
/// Where the store cannot be read.
pub fn of(store: &Store) -> Result<Agreement> {
    let done = |owned: &crate::store::Owned| owned.version.state == State::Submitted && owned.annotator != ADJUDICATED;
    let versions: Vec<_> = store.versions()?.into_iter().filter(done).collect();
    let mut names: Vec<&str> = versions.iter().map(|owned| owned.annotator.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut sentences: Vec<(usize, Annotated<'_>)> = Vec::new();
    for owned in &versions {
        if sentences.last().is_none_or(|(item, _)| *item != owned.item) {
            let tokens = store.items()[owned.item].pair.target.len();
            sentences.push((owned.item, Annotated { tokens, versions: vec![None; names.len()] }));
        }
        let (Some((_, sentence)), Ok(at)) = (sentences.last_mut(), names.binary_search(&owned.annotator.as_str()))
        else {
            continue;
        };
        let entities: &[Entity] = &owned.version.entities;
        sentence.versions[at] = Some(entities);
    }
    let sentences: Vec<Annotated<'_>> = sentences.into_iter().map(|(_, sentence)| sentence).collect();
    Ok(agreement(&names, &sentences))
}

/// The figures as CSV: a line for every two annotators, and one for all.
pub fn csv(figures: &Agreement) -> String {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
    let mut text = String::from(
        "annotator_a,annotator_b,sentences,entities_a,entities_b,f1_exact,f1_overlap,cohen_kappa,fleiss_kappa,unitizing_alpha\n",
    );
    for pair in &figures.pairs {
        let [a, b] = &pair.annotators;
        text += &format!(
            "{a},{b},{},{},{},{},{},{},,{}\n",
            pair.sentences,
            pair.entities[0],
            pair.entities[1],
            number(pair.f1_exact),
            number(pair.f1_overlap),
            number(pair.cohen_kappa),
            number(pair.unitizing_alpha)
        );
    }
    let (fleiss, alpha) = (number(figures.fleiss_kappa), number(figures.unitizing_alpha));
    text += &format!("all,all,{},,,,,,{fleiss},{alpha}\n", figures.sentences);
    text
}
