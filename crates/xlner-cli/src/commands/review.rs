//! `xlner review`, `review export`, `review import`, `review simulate`.

mod exchange;
mod simulate;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use xlner::decision::Relearner;
use xlner_core::{Entity, Pair};
use xlner_formats::{Format, Output, ReadOptions};
use xlner_review::images::Images;
use xlner_review::learn::Decides;
use xlner_review::people::AccessTokens;
use xlner_review::{Store, offline, server};

use crate::context::{Context, UsageError, review_failed};

const EXAMPLES: &str = "\
Examples:
  xlner review projected.jsonl --store review.db
  xlner review one.jsonl other.jsonl --store review.db --guidelines rules.txt --labels PER,LOC,ORG
  xlner review --store review.db --listen 0.0.0.0:7878 --tokens tokens.txt --assign 2
  xlner review projected.jsonl --store review.db --annotator ada --offline ada.html
  xlner review scans.jsonl --store review.db --images scans/
  xlner review export --store review.db -o gold.jsonl
  xlner review import --store review.db review-ada.json
  xlner review simulate projected.jsonl --gold gold.conll --json

The page is on this machine alone unless --listen is given; nothing leaves it. Every change is on the disk before it is acknowledged, \
and stays in the browser until then. A file of tokens has a line `NAME TOKEN` for everybody, with `adjudicator` after it for those who \
decide between versions; people open the page once as http://HOST:PORT/?token=TOKEN.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Records of pairs with projected entities, or sentences with entities. More files: new records, or for the same ones what
    /// other routes found
    #[arg(value_name = "RECORDS")]
    records: Vec<PathBuf>,
    /// Where all work is kept; made where it is not there [default: the name of the records with `.review.db`]
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Port of the page; the browser keeps unsent changes for this port
    #[arg(long, value_name = "N", default_value_t = 7878, conflicts_with = "listen")]
    port: u16,
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
    /// Let other machines in; wants --tokens
    #[arg(long, value_name = "ADDR:PORT", requires = "tokens")]
    listen: Option<SocketAddr>,
    /// Who may use the page: a line `NAME TOKEN` or `NAME TOKEN adjudicator` for everybody
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// A name of this machine that people use in the address; repeatable
    #[arg(long, value_name = "NAME", requires = "listen")]
    host: Vec<String>,
    /// Who you are, where there are no tokens [default: the name of your account]
    #[arg(long, value_name = "NAME", conflicts_with = "tokens")]
    annotator: Option<String>,
    /// Those who work on it, for --assign [default: those with a token]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', requires = "assign")]
    annotators: Vec<String>,
    /// Give every sentence to so many annotators, in turn
    #[arg(long, value_name = "N")]
    assign: Option<usize>,
    /// Labels to choose from, before those of the records
    #[arg(long, value_name = "LABEL,…", value_delimiter = ',')]
    labels: Vec<String>,
    /// A text that says what is to be annotated and how, shown beside the sentences
    #[arg(long, value_name = "FILE")]
    guidelines: Option<PathBuf>,
    /// Images of scanned pages, shown where records have regions on them: named as the regions' `image`, or as their page (`7.png`,
    /// `page-007.jpg`)
    #[arg(long, value_name = "FOLDER")]
    images: Option<PathBuf>,
    /// Learn from the corrections after every so many sentences; 0: never
    #[arg(long, value_name = "N", default_value_t = 10)]
    learn_every: usize,
    /// Write one HTML file with the sentences that are to do, for a person without a server, and end
    #[arg(long, value_name = "FILE")]
    offline: Option<PathBuf>,
    /// Format of the records [default: from the name]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write what people made of the sentences
    Export(exchange::ExportArgs),
    /// Take in what was annotated elsewhere as an annotator's versions
    Import(exchange::ImportArgs),
    /// Tell how many sentences people have to look at, with gold in their place
    Simulate(simulate::Args),
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    match &args.command {
        Some(Command::Export(args)) => return exchange::export(args, context),
        Some(Command::Import(args)) => return exchange::import(args, context),
        Some(Command::Simulate(args)) => return simulate::run(args, context),
        None => {}
    }
    let path = store_path(&args)?;
    if args.records.is_empty() && !path.is_file() {
        let message = format!("there is no store {}; give the records to review", path.display());
        return Err(UsageError(message).into());
    }
    let options = server_options(&args)?;
    let is_new = !path.exists();
    let mut store = Store::open(&path).map_err(review_failed)?;
    let read = ReadOptions { format: args.from_format, ..context.read() };
    for file in &args.records {
        let loaded = match store.load(file, &read) {
            Ok(loaded) => loaded,
            Err(error) => {
                if is_new && store.items().is_empty() {
                    store.discard();
                }
                return Err(review_failed(error));
            }
        };
        context.note(format_args!(
            "{}: {} records added, {} in {} already{}",
            file.display(),
            loaded.added,
            loaded.known,
            path.display(),
            if loaded.routes > 0 {
                format!(", {} of them with other entities: another route", loaded.routes)
            } else {
                String::new()
            }
        ));
    }
    if let Some(each) = args.assign {
        let with_token = options.tokens.as_ref().map(AccessTokens::names).unwrap_or_default();
        let names = if args.annotators.is_empty() { &with_token } else { &args.annotators };
        for name in names {
            xlner_review::people::check_name(name).map_err(review_failed)?;
        }
        store.assign(names, each).map_err(review_failed)?;
    }
    if let Some(images) = &options.images {
        let (pages, found) = images.pages(store.items());
        context.note(format_args!("{found} of {pages} pages have an image"));
    }
    if let Some(file) = &args.offline {
        let page = offline::page(
            &store,
            &options.annotator,
            &options.labels,
            options.guidelines.as_deref(),
            options.images.as_ref(),
        );
        let mut output = Output::create(file)?;
        output.write_all(page.map_err(review_failed)?.as_bytes())?;
        output.finish()?;
        return Ok(());
    }
    context.tell_notes();
    server::serve(store, options, |address| {
        context.note(format_args!("the page is at {address} (Ctrl-C ends it; nothing is lost)"));
        if !args.no_open
            && let Err(problem) = open::that_detached(address)
        {
            context.note(format_args!("no browser can be opened ({problem}); open the page yourself"));
        }
    })
    .map_err(review_failed)
}

/// The store that is named, or the records' own.
fn store_path(args: &Args) -> Result<PathBuf> {
    if let Some(store) = &args.store {
        return Ok(store.clone());
    }
    let first = args.records.first().ok_or_else(|| UsageError("give the records to review, or a --store".into()))?;
    let name = first.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("records");
    Ok(PathBuf::from(format!("{stem}.review.db")))
}

fn server_options(args: &Args) -> Result<server::ServerOptions> {
    let tokens = args.tokens.as_deref().map(AccessTokens::read).transpose().map_err(review_failed)?;
    let guidelines = args.guidelines.as_deref().map(read_text).transpose()?;
    let account = || std::env::var("USER").or_else(|_| std::env::var("USERNAME")).ok();
    let usable = |name: &String| xlner_review::people::check_name(name).is_ok();
    let annotator = match &args.annotator {
        Some(name) => name.clone(),
        None => account().filter(usable).unwrap_or_else(|| "annotator".into()),
    };
    xlner_review::people::check_name(&annotator).map_err(review_failed)?;
    let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port);
    Ok(server::ServerOptions {
        address: args.listen.unwrap_or(loopback),
        tokens,
        hosts: args.host.clone(),
        annotator,
        labels: args.labels.clone(),
        guidelines,
        images: args.images.as_deref().map(Images::open).transpose().map_err(review_failed)?,
        learn_every: args.learn_every,
        decides: Some(Arc::new(Relearning(Relearner::default()))),
    })
}

/// The decision learnt again: of records with a tagger's probabilities.
#[derive(Debug)]
struct Relearning(Relearner);

impl Decides for Relearning {
    fn decide(
        &self,
        pairs: &[&Pair],
        corrections: &[(usize, &[Entity])],
    ) -> std::result::Result<Option<Vec<Vec<Entity>>>, String> {
        self.0.decide(pairs, corrections).map_err(|error| error.to_string())
    }
}

fn read_text(path: &Path) -> Result<String> {
    xlner_formats::read_small_text(path).with_context(|| format!("{}: cannot read", path.display()))
}
