//! A tagger without neural network: a linear-chain conditional random field (Lafferty, McCallum and Pereira 2001).
//!
//! Features: the word, its affixes, inner pieces and shapes, the words around it, pairs of them, name lists, and clusters of
//! words learnt from raw text ([`ClusterBuilder`]). Features are 32-bit hashes; no text is made for them, and what depends on one
//! word alone is summed once per word. Training is maximum likelihood with L1 and L2 regularisation, so that most weights are 0 and
//! models are small.
//!
//! (The crates that train CRFs, `crfs` and `crfsuite`, take features as texts, weigh no sentences, and know no forbidden
//! transitions.)

mod chain;
mod clusters;
mod corpus;
mod hash;
mod joint;
mod model;
mod names;
mod objective;
mod optimize;
mod prior;
mod states;
mod tagger;
mod train;
mod weights;
mod words;

pub use clusters::{ClusterBuilder, Clusters};
pub use tagger::CrfTagger;
pub use train::{CrfTrainOptions, Iteration, NameList, Training, TrainingExample};
