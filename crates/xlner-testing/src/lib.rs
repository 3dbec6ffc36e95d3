//! What the tests of several crates share. For tests only: everything panics where something is not as it should be.
//!
//! - [`shared`]: the folder of real data, or a line that says that it is skipped; [`sample`]: a bundled file
//! - [`mutate`]: files damaged in the ways in which files are damaged, one for each seed
//! - [`Bounded`]: a process with a limit of time and memory
//! - [`each_seed`]: damaged files one after the other in a bounded process of its own

mod bounded;
mod mutate;
mod places;
mod seeds;

pub use bounded::{Bounded, Ended};
pub use mutate::{Mutator, mutate};
pub use places::{read_sample, sample, shared};
pub use seeds::{Case, each_seed, is_child, taken};
