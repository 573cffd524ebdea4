//! Runs `tests/scenarios/*.txt`: commands, and below each the events that it must cause.
//!
//! `REWRITE=1 cargo test -p acd-core --test scenarios` writes what the Router really says.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod plans;
mod scenario;
mod words;

use acd_core::Router;
use scenario::{run, run_with};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// By a Router that is written down and read back after each command, too: it goes on as the one that lived.
#[test]
fn scenarios_go_as_written_whenever_the_router_is_restored() {
    if std::env::var("REWRITE").is_ok() {
        return;
    }
    for path in files() {
        let written = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let restored = |router: Router| {
            let restored = Router::restore(Arc::clone(router.plan()), &router.snapshot()).unwrap();
            restored.check_invariants();
            restored
        };
        let real = run_with(&name, &written, restored);
        assert!(real == written, "{}", difference(&name, &written, &real));
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty(), "there are scenarios");
    files
}

#[test]
fn scenarios_go_as_written() {
    let mut wrong = Vec::new();
    for path in files() {
        let written = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let real = run(&name, &written);
        if real != written {
            if std::env::var("REWRITE").is_ok() {
                fs::write(&path, &real).unwrap();
            } else {
                wrong.push(difference(&name, &written, &real));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(name: &str, written: &str, real: &str) -> String {
    let mut lines = written.lines().zip(real.lines()).enumerate();
    match lines.find(|(_, (written, real))| written != real) {
        Some((number, (written, real))) => {
            format!("{name}:{}:\n  written: {written}\n  said:    {real}", number + 1)
        }
        None => format!("{name}: one of the two goes on where the other ends\n{real}"),
    }
}
