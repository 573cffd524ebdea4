//! A whole site: Asterisk, acdd, the adapter between them, and acdctl to look at it.

use super::bed::{Bed, until};
use super::relay::Relay;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Everything that a call center of one Asterisk runs.
pub(crate) struct Site {
    pub(crate) bed: Option<Bed>,
    pub(crate) acdd: Program,
    pub(crate) adapter: Program,
    /// Between the adapter and Asterisk.
    pub(crate) relay: Relay,
    /// What the adapter logs.
    log: &'static str,
    server: String,
    folder: TempDir,
}

/// A program of ours, killed with its handle.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn binary(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_acd-asterisk")).with_file_name(name)
}

impl Site {
    /// Starts all of it, with a relay that can be cut and a log that tells all; agents are
    /// telephones' names and ports, and log in by `ready`.
    pub(crate) fn start(config: &str, agents: &[(&str, u16)]) -> Self {
        Self::build(config, agents, false, "")
    }

    /// As a site has it that is to be fast, with more settings of the adapter.
    pub(crate) fn start_lean(config: &str, agents: &[(&str, u16)], more: &str) -> Self {
        Self::build(config, agents, true, more)
    }

    fn build(config: &str, agents: &[(&str, u16)], lean: bool, more: &str) -> Self {
        let bed = Bed::start(agents);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut text = config.to_owned();
        for (agent, _) in agents {
            if !config.contains(&format!("[agents.{agent}]")) {
                text += &format!("[agents.{agent}]\nskills = {{ billing = 5 }}\n");
            }
        }
        std::fs::write(folder.path().join("acdd.toml"), text).expect("a writable folder");
        let relay = Relay::to(bed.http);
        let settings = format!(
            "[acdd]\nservers = [\"SERVER\"]\nadapter = \"asterisk\"\n[asterisk]\n\
             address = \"127.0.0.1:{}\"\nuser = \"acd\"\npassword = \"secret\"\n\
             [agents]\nendpoint = \"PJSIP/{{}}\"\n[headers]\nX-CRM = \"crm\"\n\
             [sounds]\nsorry = [\"sound:{}/moh/silence\"]\n{more}",
            if lean { bed.http } else { relay.port },
            bed.home
        );
        std::fs::write(folder.path().join("settings"), settings).expect("a writable folder");
        let (acdd, server) = start_acdd(&folder, "127.0.0.1:0");
        let log = if lean { "info" } else { "debug,h2=info,hyper_util=info,tower=info" };
        let adapter = start_adapter(&folder, &server, log);
        let site = Self { bed: Some(bed), acdd, adapter, relay, log, server, folder };
        site.until_adapter_is_there();
        site
    }

    pub(crate) fn bed(&self) -> &Bed {
        self.bed.as_ref().expect("it runs")
    }

    /// Waits until acdd and the adapter have found each other.
    pub(crate) fn until_adapter_is_there(&self) {
        until("the adapter's session", || self.adapter_is_there());
    }

    pub(crate) fn adapter_is_there(&self) -> bool {
        let status = self.acdctl(&["status"]);
        let adapters = status["adapters"].as_array().cloned().unwrap_or_default();
        adapters.iter().any(|it| it["adapter"] == "asterisk" && it["connected"] == true)
            && status["health"] == "serving"
    }

    /// The adapter again, as after its machine's restart.
    pub(crate) fn adapter_has_said(&self, words: &str) -> bool {
        let log = std::fs::read_to_string(self.folder.path().join("adapter.log"));
        log.is_ok_and(|log| log.contains(words))
    }

    pub(crate) fn start_adapter_again(&mut self) {
        self.adapter.kill();
        self.adapter = start_adapter(&self.folder, &self.server, self.log);
        self.until_adapter_is_there();
    }

    /// acdd again, at its old address.
    pub(crate) fn start_acdd_again(&mut self) {
        self.acdd.kill();
        let address = self.server.trim_start_matches("http://").to_owned();
        (self.acdd, _) = start_acdd(&self.folder, &address);
        self.until_adapter_is_there();
    }

    /// Asterisk again, without its calls.
    pub(crate) fn start_asterisk_again(&mut self) {
        self.bed = self.bed.take().map(Bed::restart);
    }

    /// What acdctl says; null if it fails.
    pub(crate) fn acdctl(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(binary("acdctl"));
        command.args(["--server", &self.server, "--json"]).args(arguments);
        let output = command.output().expect("acdctl runs");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// An agent comes to work.
    pub(crate) fn ready(&self, agent: &str) {
        self.acdctl(&["agent", "login", agent, "--ready"]);
        assert_eq!(self.agent(agent)["presence"], "ready", "{agent}");
    }

    /// He is back from a break.
    pub(crate) fn ready_again(&self, agent: &str) {
        self.acdctl(&["agent", "ready", agent]);
        assert_eq!(self.agent(agent)["presence"], "ready", "{agent}");
    }

    pub(crate) fn not_ready(&self, agent: &str) {
        self.acdctl(&["agent", "not-ready", agent, "--reason", "break"]);
    }

    pub(crate) fn agent(&self, agent: &str) -> Value {
        let agents = self.acdctl(&["agents"]);
        let all = agents.as_array().cloned().unwrap_or_default();
        all.into_iter().find(|row| row["agent"] == agent).unwrap_or(Value::Null)
    }

    /// All live calls.
    pub(crate) fn calls(&self) -> Vec<Value> {
        self.acdctl(&["calls"]).as_array().cloned().unwrap_or_default()
    }

    /// How many live calls are in a state.
    pub(crate) fn in_state(&self, state: &str) -> usize {
        self.calls().iter().filter(|call| call["state"] == state).count()
    }

    /// Waits until so many calls are in a state.
    pub(crate) fn until_state(&self, state: &str, count: usize) {
        until(&format!("{count} calls {state}"), || self.in_state(state) == count);
    }

    /// A queue's figure.
    pub(crate) fn queue(&self, queue: &str, figure: &str) -> u64 {
        let queues = self.acdctl(&["queues"]);
        let rows = queues.as_array().cloned().unwrap_or_default();
        let row = rows.iter().find(|row| row["queue"] == queue);
        row.and_then(|row| row[figure].as_u64())
            .unwrap_or_else(|| panic!("{queue} {figure}: {rows:?}"))
    }

    /// Everybody has hung up, and nothing is left behind.
    pub(crate) fn is_quiet(&self) -> bool {
        self.calls().is_empty() && self.bed().channels_and_bridges() == (0, 0)
    }

    pub(crate) fn until_all_is_quiet(&self) {
        until("quiet", || self.is_quiet());
    }
}

fn start_acdd(folder: &TempDir, listen: &str) -> (Program, String) {
    let path = |name: &str| folder.path().join(name);
    let log = std::fs::File::options().create(true).append(true).open(path("acdd.log"));
    let mut child = Command::new(binary("acdd"))
        .args(["--listen", listen, "--http", "127.0.0.1:0"])
        .arg("--config")
        .arg(path("acdd.toml"))
        .arg("--journal")
        .arg(path("journal"))
        .stdout(Stdio::piped())
        .stderr(log.expect("a log"))
        .spawn()
        .expect("acdd runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let address = line.split_whitespace().find_map(|word| word.strip_prefix("grpc="));
    let server = format!("http://{}", address.expect("acdd starts; its log says why it does not"));
    (Program(child), server)
}

fn start_adapter(folder: &TempDir, server: &str, filter: &str) -> Program {
    let path = |name: &str| folder.path().join(name);
    let settings = std::fs::read_to_string(path("settings")).expect("it is there");
    std::fs::write(path("adapter.toml"), settings.replace("SERVER", server)).expect("writable");
    let log = std::fs::File::options().create(true).append(true).open(path("adapter.log"));
    let child = Command::new(env!("CARGO_BIN_EXE_acd-asterisk"))
        .args(["--log", filter, "--config"])
        .arg(path("adapter.toml"))
        .stderr(log.expect("a log"))
        .spawn()
        .expect("the adapter runs");
    Program(child)
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in ["acdd.log", "adapter.log"] {
                let text = std::fs::read_to_string(self.folder.path().join(log));
                eprintln!("{log}:\n{}", text.unwrap_or_default());
            }
        }
    }
}
