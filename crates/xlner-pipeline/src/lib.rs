//! Stages wired into jobs: read, align, project, write.
//!
//! A job is a value whose fields are its options; [`ProjectJob::run`] does it and tells a listener how far it is
//! ([`Progress`]). Pairs go through in batches on all threads of the current rayon pool and come out in their
//! order: same input, same options, same bytes out, whatever the number of threads.

mod error;
mod input;
mod progress;
pub mod project;
mod stream;

pub use error::{Error, Result};
pub use input::Input;
pub use progress::{Listener, Progress, Stage};
pub use project::{ProjectJob, ProjectReport};
