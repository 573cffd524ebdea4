//! A real disk that is full, or does not hold what was written: the daemon goes on, or says why not.

use crate::CONFIG;
use crate::harness::{Adapter, Daemon, call, soon};
use acd_proto::v1 as acd;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Builder;

/// How large the small disks are.
const DISK_BYTES: usize = 1 << 20;
/// Names a folder to a test that runs where it may mount a disk of its own.
const MAY_MOUNT_IN: &str = "ACDD_TEST_MAY_MOUNT_IN";
/// Ways to get a mount namespace: for root, and for anybody else.
const NAMESPACES: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];

/// Runs the body of this test in a mount namespace of its own, so that nothing is left mounted
/// whatever happens. Where there can be none the test proves nothing, and says so.
fn where_disks_can_be_mounted<T: Future<Output = ()>>(test: &str, body: impl FnOnce(TempDir) -> T) {
    if let Some(folder) = std::env::var_os(MAY_MOUNT_IN) {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        return runtime.block_on(body(small_disk(Path::new(&folder))));
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let may_mount = |namespace: &&&[&str]| {
        let mut command = Command::new("unshare");
        command.args(**namespace).args(["mount", "-t", "tmpfs", "none"]).arg(folder.path());
        command.output().is_ok_and(|output| output.status.success())
    };
    let Some(namespace) = NAMESPACES.iter().find(may_mount) else {
        // Past the capture of output: nobody must take this for proof.
        let skipped = format!("\nSKIPPED: {test}: no disk can be mounted here\n");
        io::stderr().write_all(skipped.as_bytes()).expect("a place for errors");
        return;
    };
    let program = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new("unshare");
    command.args(*namespace).arg(program).args([test, "--exact", "--nocapture"]);
    let output = command.env(MAY_MOUNT_IN, folder.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in a mount namespace:\n{said}\n{errors}");
    assert!(said.contains("1 passed"), "it has run: {said}");
}

/// A folder whose `journal` is a small disk. It stays mounted until the process ends.
fn small_disk(within: &Path) -> TempDir {
    let folder = tempfile::tempdir_in(within).expect("a temporary folder");
    let journal = folder.path().join("journal");
    fs::create_dir(&journal).expect("a writable folder");
    let size = format!("size={DISK_BYTES}");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(&journal);
    let mounted = mount.status().expect("there is a command to mount");
    assert!(mounted.success(), "the small disk is mounted");
    folder
}

/// Fills the disk of a folder to its last byte; removing the file makes room again.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("ballast");
    let mut file = File::create(&path).expect("a writable folder");
    loop {
        match file.write(&[0x55; 4_096]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return path,
            Err(error) => panic!("the disk does something else than to fill up: {error}"),
        }
    }
}

/// A call that is larger than what may be left in the last block of a file.
fn large_call(call_id: &str, queue: &str) -> acd::CallOffered {
    let attributes = (0..30).map(|number| (format!("key-{number}"), "v".repeat(250)));
    acd::CallOffered { attributes: attributes.collect(), ..call(call_id, queue) }
}

async fn until_health(daemon: &Daemon, health: &str) -> acd::GetStatusResponse {
    let reached = async {
        loop {
            let status = daemon.status().await;
            if status.health == health {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(health, reached).await
}

/// A daemon on a full disk, with an agent at work and a call that the disk has no room for.
async fn on_a_full_disk(disk: TempDir, config: &str) -> (Daemon, Adapter, PathBuf) {
    let daemon = Daemon::start_kept_in(disk, config, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("before", "billing").await;
    pbx.everything_acknowledged().await;
    let ballast = fill(&daemon.journal());
    pbx.offer_call_with(large_call("large", "billing")).await;
    (daemon, pbx, ballast)
}

async fn routing_goes_on_and_nothing_is_lost(disk: TempDir) {
    let (daemon, mut pbx, ballast) = on_a_full_disk(disk, CONFIG).await;
    let status = until_health(&daemon, "degraded").await;
    assert!(status.health_reason.contains("No space left"), "{}", status.health_reason);
    let acknowledged = pbx.acknowledged;

    // A call is offered, answered and connected all the same.
    pbx.offer_call("meanwhile", "front-desk").await;
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.call.as_ref().expect("a name").call_id, "meanwhile");
    pbx.answer(&offer).await;
    let mut watcher = daemon.watcher().await;
    while watcher.calls.values().all(|call| call.state() != acd::CallState::Connected) {
        watcher.take_in().await;
    }
    assert_eq!(pbx.acknowledged, acknowledged, "nothing of it is acknowledged");
    let mut ben = daemon.agent_at_home("ben").await;
    let answer = tokio::spawn(async move { ben.log_in(false).await });
    assert_eq!(daemon.status().await.health, "degraded");
    assert!(!answer.is_finished(), "nobody is told that it counts");

    // Room again: all of it becomes durable, and is said.
    fs::remove_file(ballast).expect("it was there");
    pbx.everything_acknowledged().await;
    soon("an answer", answer).await.expect("no panic").expect("ben is logged in");
    until_health(&daemon, "serving").await;
    survives(daemon).await;
}

/// What was acknowledged is there after a kill.
async fn survives(mut daemon: Daemon) {
    let (calls, ben) = (daemon.calls().await, daemon.agent_seen("ben").await);
    let names: Vec<_> = calls.iter().filter_map(|call| call.call.as_ref()).collect();
    let names: Vec<_> = names.iter().map(|call| &*call.call_id).collect();
    assert_eq!(names, ["before", "large", "meanwhile"]);
    daemon.kill();
    let daemon = daemon.start_again().await;
    assert_eq!(daemon.calls().await, calls);
    assert_eq!(daemon.agent_seen("ben").await, ben);
}

#[test]
fn a_full_disk_stops_acknowledgements_and_not_routing() {
    let test = "disks::a_full_disk_stops_acknowledgements_and_not_routing";
    where_disks_can_be_mounted(test, routing_goes_on_and_nothing_is_lost);
}

async fn ends_and_comes_back(disk: TempDir) {
    let config = format!("{CONFIG}\n[journal]\non_failure = \"stop\"\n");
    let (mut daemon, pbx, ballast) = on_a_full_disk(disk, &config).await;
    let acknowledged = pbx.acknowledged;
    let exit = daemon.exit().await;
    assert_eq!(exit.code(), Some(1), "{}", daemon.log());
    assert!(daemon.log().contains("`on_failure` says to stop"), "{}", daemon.log());

    fs::remove_file(ballast).expect("it was there");
    let daemon = daemon.start_again().await;
    let pbx = daemon.welcome(pbx.introduction()).await;
    assert_eq!(pbx.welcome.received, acknowledged, "what was acknowledged, and nothing else");
    assert_eq!(daemon.calls().await.len(), 1);
}

#[test]
fn a_full_disk_ends_the_daemon_that_is_to_stop_then() {
    let test = "disks::a_full_disk_ends_the_daemon_that_is_to_stop_then";
    where_disks_can_be_mounted(test, ends_and_comes_back);
}

async fn tells_what_a_stop_has_lost(disk: TempDir) {
    let (mut daemon, _pbx, _ballast) = on_a_full_disk(disk, CONFIG).await;
    until_health(&daemon, "degraded").await;
    daemon.signal("TERM");
    let exit = daemon.exit().await;
    assert_eq!(exit.code(), Some(1), "{}", daemon.log());
    assert!(daemon.log().contains("could not be made durable"), "{}", daemon.log());
}

#[test]
fn a_stop_on_a_full_disk_tells_by_its_exit_code_that_something_is_lost() {
    let test = "disks::a_stop_on_a_full_disk_tells_by_its_exit_code_that_something_is_lost";
    where_disks_can_be_mounted(test, tells_what_a_stop_has_lost);
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("readable");
    change(&mut bytes);
    let mut file = OpenOptions::new().write(true).truncate(true).open(path).expect("writable");
    file.write_all(&bytes).expect("writable");
}

#[tokio::test]
async fn a_flipped_byte_in_the_middle_stops_the_start_and_is_named() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    for call in ["first", "second", "third"] {
        pbx.offer_call(call, "billing").await;
        pbx.everything_acknowledged().await;
    }
    daemon.kill();
    let segment = daemon.last_segment();
    // In the first record: the header has 36 bytes, and the record's own begins with 48 more.
    change(&segment, |bytes| bytes[100] ^= 1);
    let (code, said) = daemon.refuses_to_start();
    assert_eq!(code, Some(1), "{said}");
    let path = segment.to_str().expect("UTF-8");
    let journal = daemon.journal();
    let journal = journal.to_str().expect("UTF-8");
    for part in ["journal:", path, "damaged at byte 36", "up to sequence 0", "journal repair"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(said.contains(&format!("repair {journal} --keep-until 0")), "{said}");

    // Flipped back, all is there.
    change(&segment, |bytes| bytes[100] ^= 1);
    let daemon = daemon.start_again().await;
    assert_eq!(daemon.calls().await.len(), 3);
}

#[tokio::test]
async fn a_torn_last_record_is_cut_off_and_logged() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("first", "billing").await;
    pbx.everything_acknowledged().await;
    daemon.kill();
    let segment = daemon.last_segment();
    let length = fs::metadata(&segment).expect("it is there").len();
    change(&segment, |bytes| bytes.extend_from_slice(&[0x5a; 21]));
    let daemon = daemon.start_again().await;
    let line = daemon.until_logged("was torn").await;
    assert!(line.contains(&format!("offset={length}")) && line.contains("bytes=21"), "{line}");
    assert_eq!(daemon.calls().await.len(), 1, "what was acknowledged is there");
}
