//! Taggers that are not ours: programs, and language models behind servers.

mod answer;
mod command;
#[cfg(feature = "http")]
pub(crate) mod server;

pub use command::{CommandOptions, CommandTagger};
#[cfg(feature = "http")]
pub use server::ServerTagger;
