//! The real daemon as a child process, and an adapter, agents and watchers that speak to it.

// By their paths, so that another test can have this room as its own.
#[path = "harness/adapter.rs"]
mod adapter;
#[path = "harness/agent.rs"]
mod agent;
#[path = "harness/network.rs"]
mod network;
#[path = "harness/watcher.rs"]
mod watcher;

pub(crate) use adapter::{Adapter, Hello, Lost, call};
pub(crate) use agent::Agent;
pub(crate) use network::{Fate, Network};
pub(crate) use watcher::Watcher;

use acd_proto::v1::adapter_service_client::AdapterServiceClient;
use acd_proto::v1::admin_service_client::AdminServiceClient;
use acd_proto::v1::agent_service_client::AgentServiceClient;
use acd_proto::v1::supervisor_service_client::SupervisorServiceClient;
use acd_proto::v1::{self as acd};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::Channel;

/// A guard against hanging, not a promise about speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What comes of `work`, which must not hang.
pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what} did not happen within {PATIENCE:?}"),
    }
}

/// A command line of the real binary, not yet started.
pub(crate) fn acdd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acdd"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Where the operator's client is. It is built with the workspace, beside the daemon; for these tests
/// alone, `cargo build -p acdctl` builds it.
pub(crate) fn acdctl_path() -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_acdd")).with_file_name("acdctl");
    path.with_extension(std::env::consts::EXE_EXTENSION)
}

/// What the operator's client comes to.
pub(crate) fn acdctl(arguments: &[&str]) -> Output {
    let path = acdctl_path();
    let output = Command::new(&path).args(arguments).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{path:?}, from `cargo build -p acdctl`: {error}"))
}

/// Sends a signal to a process that a test has started.
pub(crate) fn signal(pid: u32, name: &str) {
    let pid = pid.to_string();
    // The shell's own `kill` is there on the barest machine.
    let script = "kill -s \"$0\" \"$1\"";
    let sent = Command::new("sh").args(["-c", script, name, &pid]).status().expect("a shell");
    assert!(sent.success(), "kill -s {name} {pid}");
}

/// A daemon on ports of its own, killed when the test ends.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    /// The line that said it was ready.
    pub(crate) ready_line: String,
    log: Arc<Mutex<String>>,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Daemon {
    /// Starts with a configuration, at the pace of the real clock.
    pub(crate) async fn start(config: &str) -> Self {
        Self::start_with(config, &[]).await
    }

    /// Starts with a clock that runs `scale` times as fast.
    pub(crate) async fn start_fast(config: &str, scale: u32) -> Self {
        Self::start_with(config, &["--clock-scale", &scale.to_string()]).await
    }

    /// Starts with more arguments.
    pub(crate) async fn start_with(config: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("acdd.toml");
        std::fs::write(&file, config).expect("a writable temporary folder");
        let file = file.to_str().expect("a path in UTF-8");
        let mut all = vec!["--config", file];
        all.extend(arguments);
        Self::launch(&all, folder).await
    }

    /// Starts with a folder that keeps its state from one start to the next.
    pub(crate) async fn start_kept(config: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::start_kept_in(folder, config, arguments).await
    }

    /// The same, in a folder that is there already.
    pub(crate) async fn start_kept_in(folder: TempDir, config: &str, arguments: &[&str]) -> Self {
        let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        let (file, journal) = (path("acdd.toml"), path("journal"));
        std::fs::write(&file, config).expect("a writable temporary folder");
        let mut all = vec!["--config", &file, "--journal", &journal];
        all.extend(arguments);
        Self::launch(&all, folder).await
    }

    /// The folder that keeps its state.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    /// The only segment of its journal, or the last one.
    pub(crate) fn last_segment(&self) -> PathBuf {
        let files = std::fs::read_dir(self.journal().join("segments")).expect("segments");
        let paths = files.map(|file| file.expect("readable").path());
        paths.filter(|path| path.extension().is_some_and(|it| it == "segment")).max().expect("one")
    }

    /// Ends it as a loss of power would end the process.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("a child to wait for");
    }

    /// Starts it again with the same arguments, configuration and folder.
    pub(crate) async fn start_again(self) -> Self {
        self.start_again_with(None).await
    }

    /// The same with another configuration.
    pub(crate) async fn start_again_with(mut self, config: Option<&str>) -> Self {
        self.child.wait().expect("it has ended");
        let arguments = std::mem::take(&mut self.arguments);
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"));
        if let Some(config) = config {
            std::fs::write(folder.path().join("acdd.toml"), config).expect("a writable folder");
        }
        drop(self);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Self::launch(&arguments, folder).await
    }

    /// Tries to start it again with a configuration that it must refuse; what it says.
    pub(crate) fn start_again_in_vain(mut self, config: &str) -> String {
        std::fs::write(self.folder.path().join("acdd.toml"), config).expect("a writable folder");
        self.refuses_to_start().1
    }

    /// Tries to start it again as it was, which it must refuse; its exit code, and what it says.
    pub(crate) fn refuses_to_start(&mut self) -> (Option<i32>, String) {
        self.child.wait().expect("it has ended");
        let mut all = vec!["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        all.extend(self.arguments.iter().map(String::as_str));
        let output = acdd(&all).output().expect("the binary runs");
        assert!(!output.status.success(), "it is refused");
        (output.status.code(), String::from_utf8(output.stderr).expect("readable errors"))
    }

    /// The status, by gRPC.
    pub(crate) async fn status(&self) -> acd::GetStatusResponse {
        let request = acd::GetStatusRequest::default();
        self.admin().await.get_status(request).await.expect("a status").into_inner()
    }

    /// Starts with the configuration that is built in.
    pub(crate) async fn start_built_in(arguments: &[&str]) -> Self {
        Self::launch(arguments, tempfile::tempdir().expect("a temporary folder")).await
    }

    async fn launch(arguments: &[&str], folder: TempDir) -> Self {
        let mut all = vec!["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        all.extend(arguments);
        let arguments = arguments.iter().map(ToString::to_string).collect();
        tokio::task::spawn_blocking({
            let mut command = acdd(&all);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            move || Self::run(&mut command, arguments, folder)
        })
        .await
        .expect("the daemon starts")
    }

    fn run(command: &mut Command, arguments: Vec<String>, folder: TempDir) -> Self {
        let mut child = command.spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let errors = BufReader::new(child.stderr.take().expect("a pipe"));
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in errors.lines().map_while(Result::ok) {
                    let mut log = log.lock().expect("no panic while logging");
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let mut ready_line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.read_line(&mut ready_line).expect("readable output");
        // Whatever else is printed must not fill the pipe.
        std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
        let address = |key: &str| {
            let word = ready_line.split_whitespace().find_map(|word| word.strip_prefix(key));
            word.and_then(|address| address.parse().ok())
        };
        let (Some(grpc), Some(http)) = (address("grpc="), address("http=")) else {
            let _ = child.wait();
            let log = log.lock().expect("no panic while logging").clone();
            panic!("the daemon did not become ready: {ready_line:?}\n{log}");
        };
        Self {
            child,
            grpc,
            http,
            ready_line: ready_line.trim_end().to_owned(),
            log,
            arguments,
            folder,
        }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no panic while logging").clone()
    }

    /// Waits for a line of the log that holds `part`.
    pub(crate) async fn until_logged(&self, part: &str) -> String {
        let logged = async {
            loop {
                if let Some(line) = self.log().lines().find(|line| line.contains(part)) {
                    return line.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(part, logged).await
    }

    /// A connection of its own to the gRPC port.
    pub(crate) async fn channel(&self) -> Channel {
        self.try_channel().await.expect("the daemon accepts")
    }

    /// The same, of a daemon that may be gone.
    pub(crate) async fn try_channel(&self) -> Result<Channel, tonic::transport::Error> {
        let endpoint = Channel::from_shared(format!("http://{}", self.grpc)).expect("an address");
        soon("a connection", endpoint.connect()).await
    }

    /// An adapter with a session.
    pub(crate) async fn adapter(&self, name: &str) -> Adapter {
        Adapter::connect(self, Hello::of(name)).await.expect("the daemon welcomes the adapter")
    }

    /// Tries to open a session by `hello`.
    pub(crate) async fn open_session(&self, hello: Hello) -> Result<Adapter, Status> {
        Adapter::connect(self, hello).await
    }

    /// A session as it is after its Welcome: what the adapter holds is not said yet.
    pub(crate) async fn welcome(&self, hello: Hello) -> Adapter {
        self.try_welcome(hello).await.expect("the daemon welcomes the adapter")
    }

    /// The same, of a daemon that may be gone.
    pub(crate) async fn try_welcome(&self, hello: Hello) -> Result<Adapter, Status> {
        Adapter::open(self, hello).await
    }

    /// An agent who has logged in and is ready.
    pub(crate) async fn agent(&self, id: &str) -> Agent {
        let mut agent = self.agent_at_home(id).await;
        agent.log_in(true).await.expect("the agent logs in");
        agent
    }

    /// An agent who has not logged in.
    pub(crate) async fn agent_at_home(&self, id: &str) -> Agent {
        Agent { id: id.to_owned(), client: AgentServiceClient::new(self.channel().await) }
    }

    /// A subscriber who sees everything from now on.
    pub(crate) async fn watcher(&self) -> Watcher {
        Watcher::start(self, None).await
    }

    /// A supervisor's client.
    pub(crate) async fn supervisor(&self) -> SupervisorServiceClient<Channel> {
        SupervisorServiceClient::new(self.channel().await)
    }

    /// An administrator's client.
    pub(crate) async fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel().await)
    }

    /// A client for calls without a PBX.
    pub(crate) async fn manual(&self) -> AdapterServiceClient<Channel> {
        AdapterServiceClient::new(self.channel().await)
    }

    /// The queue as a supervisor sees it now.
    pub(crate) async fn queue(&self, name: &str) -> acd::Queue {
        let request = acd::ListQueuesRequest::default();
        let answer = self.supervisor().await.list_queues(request).await.expect("a list");
        let queues = answer.into_inner().queues;
        queues.into_iter().find(|queue| queue.queue == name).expect("a configured queue")
    }

    /// The agent as a supervisor sees him now.
    pub(crate) async fn agent_seen(&self, id: &str) -> acd::Agent {
        let request = acd::ListAgentsRequest::default();
        let answer = self.supervisor().await.list_agents(request).await.expect("a list");
        let agents = answer.into_inner().agents;
        agents.into_iter().find(|agent| agent.agent == id).expect("a configured agent")
    }

    /// Live calls, oldest first.
    pub(crate) async fn calls(&self) -> Vec<acd::Call> {
        let request = acd::ListCallsRequest::default();
        self.supervisor().await.list_calls(request).await.expect("a list").into_inner().calls
    }

    /// Sends it a signal, by its own process id.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child to wait for") {
                return status;
            }
            assert!(start.elapsed() < 2 * PATIENCE, "the daemon does not end:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
        }
    }
}
