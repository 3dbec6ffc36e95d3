//! Word alignment without a neural network.
//!
//! A [`Model`] is trained on a [`Bitext`] and gives [`Posteriors`](xlner_core::Posteriors) for any pair of tokenised
//! sentences; [`symmetrize::extract`] makes links of them.
//!
//! ```
//! use xlner_align::symmetrize::{Direction, Mean, Symmetrize, extract};
//! use xlner_align::{Bitext, Model, TrainOptions};
//!
//! let mut bitext = Bitext::default();
//! bitext.push(["the", "house"], ["das", "Haus"]);
//! bitext.push(["the", "Parliament"], ["das", "Parlament"]);
//! let model = Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ());
//! let posteriors = model.posteriors(&["the", "Parliament"], &["das", "Parlament"]);
//! let alignment = extract(&posteriors, Direction::Both(Symmetrize::Soft), Mean::Geometric, 0.3)?;
//! assert!(alignment.contains(0, 0) && alignment.contains(1, 1));
//! # Ok::<(), xlner_core::Error>(())
//! ```
//!
//! [`similarity`] extracts links from similarity matrices, which encoders give.

mod bitext;
mod column;
mod confidence;
mod counts;
mod cut;
mod error;
mod estimate;
mod first;
mod hmm;
mod keys;
mod model;
mod pass;
mod prior;
mod spelling;
mod spool;
mod store;
mod strings;
mod table;
mod train;
mod trainer;
mod vectors;
mod views;
mod vocabulary;

pub mod similarity;
pub mod symmetrize;

pub use bitext::Bitext;
pub use confidence::Confidence;
pub use counts::{Columns, Counts, Error as CountsError};
pub use error::{Error, Result};
pub use keys::{Keys, PairCounts};
pub use model::{Model, Scratch};
pub use spool::Spool;
pub use train::{TrainOptions, TrainProgress};
pub use trainer::Trainer;
pub use vectors::WordVectors;
pub use vocabulary::{Vocabularies, WordCounts};
