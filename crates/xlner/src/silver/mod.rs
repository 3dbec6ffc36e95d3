//! Silver test sets: a set that several systems agree on, a sample of it that people judge, an interval for its F1.
//!
//! The idea is that of Rahmani et al. (2024, arXiv 2412.10008), moved from search to entities: routes of projection (or any
//! taggers) vote, sentence by sentence, and the majority is the set ([`SilverSet`]). How far they agree tells the doubtful
//! sentences; [`SilverSampleJob`] draws more of those. What people made of the sample goes back into the set, and
//! [`SilverFinishJob`] says by it how good the whole is ([`xlner_eval::stratified`]).

mod finish;
mod routes;
mod sample;

pub use finish::{SilverFigures, SilverFinishJob};
pub use routes::SilverSet;
pub use sample::{SilverSample, SilverSampleJob, Stratum};
