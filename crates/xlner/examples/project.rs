//! Pairs in, the same pairs with target entities out: `cargo run -p xlner --example project`.

use xlner::prelude::*;

fn main() -> xlner::Result<()> {
    let pair = |source: &str, entities: Vec<Entity>, target: &str| {
        let mut source = Sentence::from_tokens(source.split(' '));
        source.entities = entities;
        Pair { source, target: Sentence::from_tokens(target.split(' ')), ..Pair::default() }
    };
    let mut pairs = vec![
        pair(
            "Amina visited Nairobi .",
            vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")],
            "Amina alitembelea Nairobi .",
        ),
        pair("Nairobi is large .", vec![Entity::new(0..1, "LOC")], "Nairobi ni kubwa ."),
    ];
    xlner::Projector::default().apply(&mut pairs)?;
    for entity in pairs.iter().flat_map(|pair| pair.target.entities.iter().map(move |entity| (pair, entity))) {
        println!("{}\t{}", entity.1.label, entity.0.target.span_text(entity.1.span));
    }
    Ok(())
}
