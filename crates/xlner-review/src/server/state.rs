//! What the requests share.

use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use xlner_core::{Entity, Pair};

use super::ServerOptions;
use crate::Store;
use crate::error::Result;
use crate::item::Item;
use crate::learn::{self, Correction, F1Estimate};
use crate::queue::Index;
use crate::store::{ADJUDICATED, NewEvent};
use crate::version::{Operation, State, Version};

/// Messages that a slow listener may be behind before it has to ask again.
const WAITING: usize = 1024;

/// Something that pages are told at once.
#[derive(Debug, Clone)]
pub(super) struct News {
    /// Whose pages; `None`: everybody's.
    pub to: Option<String>,
    /// Its sequence number, where it is an event.
    pub seq: Option<u64>,
    /// What.
    pub body: Value,
}

pub(super) struct Shared {
    pub options: ServerOptions,
    pub address: SocketAddr,
    pub news: broadcast::Sender<News>,
    inner: Mutex<Inner>,
}

/// The store and what is known of it.
pub(super) struct Inner {
    pub store: Store,
    pub index: Index,
    /// Versions by annotator, those that were asked for.
    versions: FxHashMap<String, FxHashMap<usize, Version>>,
    /// Sentences done since suggestions were made.
    done: usize,
    learning: bool,
    pub estimate: Option<F1Estimate>,
}

impl Shared {
    pub fn new(store: Store, options: ServerOptions, address: SocketAddr) -> Result<Self> {
        let index = Index::new(store.items(), None);
        let inner = Inner { store, index, versions: FxHashMap::default(), done: 0, learning: false, estimate: None };
        Ok(Shared { options, address, news: broadcast::channel(WAITING).0, inner: Mutex::new(inner) })
    }

    /// The store, for one request at a time. A panic in another leaves the store as it was: its transactions are whole.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in operations and tells the person's other pages; true where it is time to learn.
    pub fn append(&self, key: &str, annotator: &str, author: &str, events: &[NewEvent]) -> Result<(Version, bool)> {
        let mut inner = self.lock();
        let item = inner.store.find(key)?;
        let before = inner.store.version(item, annotator)?.seq;
        let head = inner.store.append(item, annotator, author, events)?;
        if head.seq != before {
            if let Some(known) = inner.versions.get_mut(annotator) {
                known.insert(item, head.clone());
            }
            let body = json!({ "kind": "version", "id": key, "seq": head.seq, "state": head.state });
            // Nobody may be listening.
            let _ = self.news.send(News { to: Some(annotator.to_owned()), seq: Some(head.seq), body });
            let done =
                events.iter().any(|event| matches!(event.operation, Operation::Submit | Operation::Decide { .. }));
            inner.done += usize::from(done);
        }
        let due = self.options.learn_every > 0 && inner.done >= self.options.learn_every && !inner.learning;
        if due {
            inner.learning = true;
            inner.done = 0;
        }
        Ok((head, due))
    }

    /// Learns from what is done and keeps the suggestions. Takes long; the store is free while it does.
    pub fn learn(&self) -> Result<()> {
        let (items, corrections) = {
            let inner = self.lock();
            (inner.store.items().to_vec(), corrections(&inner.store)?)
        };
        let borrowed: Vec<Correction<'_>> =
            corrections.iter().map(|(item, before, after)| Correction { item: *item, before, after }).collect();
        let decided = self.decided(&items, &borrowed);
        let found = learn::suggest(&items, &borrowed, decided.as_deref());
        let index = {
            // The queue's order follows the new suggestions.
            let mut items = items.clone();
            for (at, entities) in &found.entities {
                items[*at].suggestions.push((u32::MAX, entities.clone()));
            }
            Index::new(&items, Some(&found.errors))
        };
        let mut inner = self.lock();
        inner.learning = false;
        let round = if found.entities.is_empty() { 0 } else { inner.store.suggest(found.entities)? };
        inner.index = index;
        inner.estimate = found.estimate;
        let body = json!({
            "kind": "learned", "round": round, "changes": found.changes, "estimate": found.estimate,
            "corrections": corrections.len(),
        });
        let _ = self.news.send(News { to: None, seq: None, body });
        Ok(())
    }

    /// What the decision makes of the items, learnt again from corrections; pages are told where that fails.
    fn decided(&self, items: &[Item], corrections: &[Correction<'_>]) -> Option<Vec<Vec<Entity>>> {
        let decides = self.options.decides.as_ref()?;
        let pairs: Vec<&Pair> = items.iter().map(|item| &item.pair).collect();
        let right: Vec<(usize, &[Entity])> =
            corrections.iter().map(|correction| (correction.item, correction.after)).collect();
        match decides.decide(&pairs, &right) {
            Ok(decided) => decided.filter(|decided| decided.len() == items.len()),
            Err(problem) => {
                let body = json!({ "kind": "error", "error": format!("the decision was not learnt again: {problem}") });
                // Nobody may be listening.
                let _ = self.news.send(News { to: None, seq: None, body });
                None
            }
        }
    }

    /// Says that learning failed, and why.
    pub fn learning_failed(&self, error: &crate::Error) {
        self.lock().learning = false;
        let body = json!({ "kind": "error", "error": format!("no new suggestions: {error}") });
        let _ = self.news.send(News { to: None, seq: None, body });
    }
}

impl Inner {
    /// Reads what a person has made of items, where that was not done before.
    pub fn load_versions(&mut self, annotator: &str) -> Result<()> {
        if !self.versions.contains_key(annotator) {
            let all = self.store.versions_by(annotator)?;
            let all = all.into_iter().map(|owned| (owned.item, owned.version)).collect();
            self.versions.insert(annotator.to_owned(), all);
        }
        Ok(())
    }

    /// What a person has made of items; it was read by [`load_versions`](Self::load_versions).
    pub fn versions(&self, annotator: &str) -> &FxHashMap<usize, Version> {
        static NONE: LazyLock<FxHashMap<usize, Version>> = LazyLock::new(FxHashMap::default);
        self.versions.get(annotator).unwrap_or(&NONE)
    }
}

/// The item, the entities it began with, and those that are right.
type Corrected = (usize, Vec<Entity>, Vec<Entity>);

/// Sentences that are done. Right are the adjudicated entities, or those of the first annotator who is done with it.
pub(super) fn corrections(store: &Store) -> Result<Vec<Corrected>> {
    let mut corrections: Vec<Corrected> = Vec::new();
    for owned in store.versions()? {
        let usable = owned.version.state == State::Submitted && !owned.version.unsure || owned.annotator == ADJUDICATED;
        if usable && corrections.last().is_none_or(|(item, ..)| *item != owned.item) {
            let before = store.items()[owned.item].start(owned.version.round).to_vec();
            corrections.push((owned.item, before, owned.version.entities));
        }
    }
    Ok(corrections)
}
