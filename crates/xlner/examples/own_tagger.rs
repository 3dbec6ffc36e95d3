//! A tagger of one's own finds the entities that are projected: `cargo run -p xlner --example own_tagger`.

use xlner::prelude::*;

/// Finds the names of a list, each of one token.
struct Gazetteer {
    names: Vec<(&'static str, &'static str)>,
    tags: Vec<String>,
}

impl Tagger for Gazetteer {
    fn tags(&self) -> &[String] {
        &self.tags
    }

    fn signature(&self) -> String {
        format!("gazetteer {:?}", self.names)
    }

    fn tag(&self, sentences: &mut [Sentence], _probabilities: bool) -> ModelResult<()> {
        for sentence in sentences {
            let known = |token: &str| self.names.iter().find(|(name, _)| *name == token).map(|(_, label)| *label);
            let found = sentence.tokens().enumerate().filter_map(|(at, token)| Some((at, known(token)?)));
            sentence.entities = found.map(|(at, label)| Entity::new(at..at + 1, label)).collect();
        }
        Ok(())
    }
}

fn main() -> xlner::Result<()> {
    let tagger = Gazetteer {
        names: vec![("Amina", "PER"), ("Nairobi", "LOC")],
        tags: ["O", "B-LOC", "B-PER"].map(str::to_owned).to_vec(),
    };
    let mut pairs = vec![Pair {
        source: Sentence::from_text("Amina visited Nairobi."),
        target: Sentence::from_text("Amina alitembelea Nairobi."),
        ..Pair::default()
    }];
    let models = ProjectModels { tagger: Some(&tagger), ..ProjectModels::default() };
    let report = Projector::default().apply_with(&mut pairs, models, &mut |_| ())?;
    println!("{} of {} entities projected", report.projected, report.source_entities);
    for entity in &pairs[0].target.entities {
        println!("{}\t{}", entity.label, pairs[0].target.span_text(entity.span));
    }
    Ok(())
}
