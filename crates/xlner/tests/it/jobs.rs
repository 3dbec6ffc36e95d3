//! Jobs as a library: options, progress, reports.

use std::path::{Path, PathBuf};

use xlner::{
    AlignJob, AlignerOptions, Error, Input, LinkExtraction, Progress, ProjectJob, ProjectModels, Projector, Stage,
};
use xlner_formats::{ReadOptions, WriteOptions};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

fn files(language: &str) -> Input {
    Input::Files {
        source: sample("en.conll"),
        source_options: ReadOptions::default(),
        target: sample(&format!("{language}.conll")),
        target_options: ReadOptions { no_tags: true, ..ReadOptions::default() },
    }
}

fn project(input: Input, output: PathBuf) -> ProjectJob {
    ProjectJob {
        input,
        alignment: None,
        alignment_options: ReadOptions::default(),
        projector: Projector::default(),
        gold: None,
        output,
        output_options: WriteOptions::default(),
    }
}

/// Every stage once, in this order, each going forward to its total.
fn assert_in_order(events: &[Progress], stages: &[Stage]) {
    let mut seen: Vec<Stage> = events.iter().map(|event| event.stage).collect();
    seen.dedup();
    assert_eq!(seen, stages);
    for stage in stages {
        let events: Vec<&Progress> = events.iter().filter(|event| event.stage == *stage).collect();
        assert!(events.is_sorted_by_key(|event| event.done), "{events:?}");
        assert!(events.iter().all(|event| event.total.is_none_or(|total| event.done <= total)), "{events:?}");
        let last = events[events.len() - 1];
        assert_eq!(last.total, Some(last.done), "{last:?}");
    }
}

#[test]
fn align_then_project_tell_how_far_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let links = folder.path().join("links.pharaoh");
    let job = AlignJob {
        input: files("sw"),
        aligner: AlignerOptions::default(),
        evidence: None,
        train: false,
        save_model: None,
        extraction: LinkExtraction::default(),
        min_confidence: None,
        output: Some(links.clone()),
        output_options: WriteOptions::default(),
    };
    let mut events = Vec::new();
    let report = job.run(&mut |progress| events.push(progress)).unwrap();
    assert_eq!((report.sentences, report.empty_pairs), (66, 0));
    assert_in_order(&events, &[Stage::Read, Stage::Train, Stage::Align]);

    events.clear();
    let output = folder.path().join("sw.jsonl");
    let mut job = project(files("sw"), output.clone());
    job.alignment = Some(links);
    let given = job.run(ProjectModels::default(), &mut |progress| events.push(progress)).unwrap();
    assert_in_order(&events, &[Stage::Project]);
    assert_eq!(given.source_entities, given.projected + given.unprojected.values().sum::<u64>());
    assert_eq!(given.solver.proven + given.solver.with_gap, 65);

    // The records have links now: they are streamed, and give the same.
    let read = std::fs::read_to_string(&output).unwrap();
    let again = Input::Pairs { path: output.clone(), options: ReadOptions::default() };
    let report = project(again, output.clone()).run(ProjectModels::default(), &mut |_| {}).unwrap();
    assert_eq!(report.projected, given.projected);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), read);
}

#[test]
fn without_links_the_aligner_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = Vec::new();
    let report = project(files("hi"), folder.path().join("hi.conll"))
        .run(ProjectModels::default(), &mut |event| events.push(event))
        .unwrap();
    assert_in_order(&events, &[Stage::Read, Stage::Train, Stage::Project]);
    assert_eq!((report.sentences, report.scores.as_deref()), (66, Some("span=1")));
    assert!(report.projected > 0);
}

#[test]
fn wrong_options_are_found_before_any_file_is_touched() {
    let nowhere = Input::Pairs { path: "no/such.jsonl".into(), options: ReadOptions::default() };
    let mut job = project(nowhere, "no/such/out.jsonl".into());
    job.projector.method.max_length = Some(0);
    assert!(matches!(job.run(ProjectModels::default(), &mut |_| {}), Err(Error::Options(_))));
    job.projector.method.max_length = None;
    assert!(matches!(job.run(ProjectModels::default(), &mut |_| {}), Err(Error::Format(_))));
}
