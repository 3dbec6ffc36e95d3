//! `xlner eval`.

use anyhow::Result;

use crate::context::Context;

#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _context: &Context) -> Result<()> {
    anyhow::bail!("written in a commit that follows")
}
