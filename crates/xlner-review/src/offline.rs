//! One HTML file with sentences inside, for a person without a server.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use xlner_core::Pair;

use crate::Store;
use crate::error::Result;
use crate::images::Images;
use crate::page;
use crate::queue::Index;
use crate::store::NewEvent;

/// What the offline page saves, and `import` reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Version of the format: 1.
    #[serde(rename = "xlner-review")]
    pub version: u32,
    /// Name of the store that the sentences are from.
    pub store: String,
    /// Who did it.
    pub annotator: String,
    /// Sentences that were touched.
    pub items: Vec<SavedItem>,
}

/// What was done to a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedItem {
    /// Key of the item.
    pub id: String,
    /// Operations, in order.
    pub events: Vec<NewEvent>,
}

/// The page with all sentences that an annotator has not done yet, in the order of the queue, and with the images of their pages.
///
/// # Errors
/// Where the store or an image cannot be read.
pub fn page(
    store: &Store,
    annotator: &str,
    labels: &[String],
    guidelines: Option<&str>,
    images: Option<&Images>,
) -> Result<String> {
    let index = Index::new(store.items(), None);
    let versions: rustc_hash::FxHashMap<_, _> =
        store.versions_by(annotator)?.into_iter().map(|owned| (owned.item, owned.version)).collect();
    let assigned = store.assigned(annotator)?;
    let query = crate::queue::Query { state: Some(crate::version::State::Open), ..Default::default() };
    let chosen = index.select(store.items(), &query, &versions, assigned.as_deref());
    let items: Vec<Value> = chosen
        .iter()
        .map(|&at| -> Result<Value> {
            let version = store.version(at, annotator)?;
            let mut item = crate::server::described(&store.items()[at], at, &version, images);
            item["flags"] = json!(index.flags(at));
            item["line"] = json!(index.line(store.items(), at, versions.get(&at)));
            Ok(item)
        })
        .collect::<Result<_>>()?;
    let shown = chosen.iter().map(|&at| &store.items()[at].pair);
    let batch = json!({ "store": store.name()?, "items": items, "images": inside(images, shown)? });
    Ok(page::offline(
        &page::Setup {
            store: store.name()?,
            annotator: annotator.to_owned(),
            names_free: true,
            adjudicates: false,
            labels: page::labels(store.items(), labels),
            guidelines: guidelines.map(str::to_owned),
        },
        &batch,
    ))
}

/// The images that sentences need, by name, as addresses that hold their bytes.
fn inside<'a>(images: Option<&Images>, pairs: impl Iterator<Item = &'a Pair>) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let Some(images) = images else { return Ok(found) };
    for sentence in pairs.flat_map(|pair| [&pair.source, &pair.target]) {
        for name in images.of_sentence(sentence).into_values() {
            if !found.contains_key(name)
                && let Some((bytes, kind)) = images.read(name)?
            {
                found.insert(name.to_owned(), format!("data:{kind};base64,{}", BASE64_STANDARD.encode(bytes)));
            }
        }
    }
    Ok(found)
}
