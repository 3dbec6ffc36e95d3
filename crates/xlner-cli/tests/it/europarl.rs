//! `xlner project` on Europarl-NER.

use crate::common::{folder, shared, stdout};

#[test]
fn given_links_give_the_published_f1() {
    let Some(data) = shared("europarl-ner") else { return };
    let folder = folder(&[]);
    let file = |name: &str| data.join(name).display().to_string();
    let (en, es) = (file("en-europarl.test.conll02"), file("es-europarl.test.conll02"));
    let links = file("links/eflomal-prefix4.gdfa.en-es.pharaoh");
    stdout(&folder, &format!("project --source {en} --target {es} --alignment {links} -o es.conll"));
    let figures = stdout(&folder, &format!("eval --gold {es} --pred es.conll --json --bootstrap 0"));
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    // The published exact matching on these links gives .8397; optima that are equal may differ by .006.
    let f1 = figures["micro"]["f1"].as_f64().unwrap();
    assert!((f1 - 0.8397).abs() <= 0.006, "{f1}");
}
