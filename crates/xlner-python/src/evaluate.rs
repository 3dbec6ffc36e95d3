//! Figures and reports.

use pyo3::prelude::*;
use serde_json::{Value, json};
use xlner::report::Analyser;
use xlner_core::Sentence;
use xlner_core::tags::{Scheme, encode};
use xlner_eval::{Evaluator, Report, TagId};

use crate::error::{Failure, Result};
use crate::options::EvaluateOptions;
use crate::records::Records;
use crate::{call, options, records};

/// Compares predicted entities with gold ones; returns the figures as JSON, the object that `xlner eval --json` prints.
#[pyfunction]
pub fn evaluate(py: Python<'_>, gold: Records, systems: Vec<(String, Records)>, arguments: String) -> PyResult<String> {
    call::run(py, None, move |_| {
        let (options, resampling) = options::parse::<EvaluateOptions>(&arguments)?.options()?;
        let gold = records::sentences(&gold)?;
        let named: Vec<(&str, Scheme)> = systems.iter().map(|(name, _)| (name.as_str(), Scheme::Iob2)).collect();
        let mut evaluator = Evaluator::new(&options, Scheme::Iob2, &named);
        let mut predictions = Vec::with_capacity(systems.len());
        for (name, lines) in &systems {
            let sentences = records::sentences(lines)?;
            if sentences.len() != gold.len() {
                let (found, expected) = (sentences.len(), gold.len());
                return Err(Failure::options(format!(
                    "{name}: {found} sentences, and gold has {expected}; item n of both must be the same sentence"
                )));
            }
            predictions.push(sentences);
        }
        for (at, sentence) in gold.iter().enumerate() {
            let failed = |problem: String| Failure::record(at as u64 + 1, &records::id(sentence), problem);
            let mut found = Vec::with_capacity(predictions.len());
            for ((name, _), sentences) in systems.iter().zip(&predictions) {
                if !sentences[at].tokens().eq(sentence.tokens()) {
                    return Err(failed(format!("{name}: its tokens are not those of the gold sentence")));
                }
                found.push(tags(&mut evaluator, &sentences[at]).map_err(failed)?);
            }
            let own = tags(&mut evaluator, sentence).map_err(failed)?;
            evaluator.push(&own, &found).map_err(|error| failed(error.to_string()))?;
        }
        figures(&evaluator.finish(&resampling))
    })
}

fn tags(evaluator: &mut Evaluator, sentence: &Sentence) -> std::result::Result<Vec<TagId>, String> {
    let tags = encode(sentence.len(), &sentence.entities, Scheme::Iob2).map_err(|error| error.to_string())?;
    tags.iter().map(|tag| evaluator.intern(tag, Scheme::Iob2).map_err(|error| error.to_string())).collect()
}

fn figures(report: &Report) -> Result<String> {
    let value = |figures: &xlner_eval::Evaluation| serde_json::to_value(figures).map_err(Failure::model);
    let mut result = json!({"signature": report.signature, "sentences": report.sentences, "tokens": report.tokens});
    match report.systems.as_slice() {
        [one] => extend(&mut result, value(one)?),
        several => {
            let systems = several.iter().map(|system| {
                let mut named = json!({"name": system.name});
                extend(&mut named, value(system)?);
                Ok(named)
            });
            result["systems"] = Value::Array(systems.collect::<Result<_>>()?);
            result["comparisons"] = serde_json::to_value(&report.comparisons).map_err(Failure::model)?;
        }
    }
    serde_json::to_string(&result).map_err(Failure::model)
}

fn extend(object: &mut Value, other: Value) {
    if let (Value::Object(object), Value::Object(other)) = (object, other) {
        object.extend(other);
    }
}

/// An HTML page on what systems found: their pairs by name, and gold sentences where they are known.
#[pyfunction]
#[pyo3(signature = (systems, gold, title, examples))]
pub fn report(
    py: Python<'_>,
    systems: Vec<(String, Records)>,
    gold: Option<Records>,
    title: String,
    examples: usize,
) -> PyResult<String> {
    call::run(py, None, move |_| {
        let names: Vec<&str> = systems.iter().map(|(name, _)| name.as_str()).collect();
        let pairs = systems.iter().map(|(_, lines)| records::tokenized_pairs(lines)).collect::<Result<Vec<_>>>()?;
        let gold = gold.map(|gold| records::sentences(&gold)).transpose()?;
        let count = pairs.first().map_or(0, Vec::len);
        if pairs.iter().any(|pairs| pairs.len() != count) || gold.as_ref().is_some_and(|gold| gold.len() != count) {
            return Err(Failure::options("systems and gold have different numbers of sentences"));
        }
        let mut analyser = Analyser::new(&names, examples);
        for at in 0..count {
            let row: Vec<_> = pairs.iter().map(|pairs| pairs[at].clone()).collect();
            let right = gold.as_ref().map(|gold| gold[at].entities.as_slice());
            analyser.push(&row, right).map_err(|(_, problem)| Failure::record(at as u64 + 1, &row[0].id, problem))?;
        }
        Ok(analyser.finish(&title, &xlner_eval::Resampling::default()).html())
    })
}
