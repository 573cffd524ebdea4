//! An Asterisk of its own for each test: fresh configuration, own ports, gone with the test.

use std::fmt::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Callers' telephones: whatever comes from here is the trunk's.
pub(crate) const CALLERS: &str = "127.0.0.5";
/// Agents' telephones.
pub(crate) const AGENTS: &str = "127.0.0.6";
/// The agent whose telephone Asterisk takes for dead when it sends no sound: none of them does.
pub(crate) const MUTE: &str = "mute";
/// How long anything may take; a guard against hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something holds.
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    within(PATIENCE, what, holds);
}

/// Waits until something holds that takes its time.
pub(crate) fn within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < patience, "{what} did not come about within {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody uses.
pub(crate) fn free_port(address: &str) -> u16 {
    UdpSocket::bind((address, 0)).expect("loopback").local_addr().expect("bound").port()
}

/// A running Asterisk.
pub(crate) struct Bed {
    root: PathBuf,
    /// As Asterisk sees it, within its root.
    pub(crate) home: String,
    process: Option<Child>,
    pub(crate) sip: u16,
    pub(crate) http: u16,
}

impl Bed {
    /// Starts one that knows these agents' telephones, by name and port; a port of 0 is a telephone
    /// that is not there.
    pub(crate) fn start(agents: &[(&str, u16)]) -> Self {
        let root = std::env::var("ACDD_ASTERISK_ROOT").expect("tests/asterisk/run sets it");
        let root = PathBuf::from(root);
        let sip = free_port("127.0.0.1");
        let http = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
        let http = http.expect("loopback").port();
        let home = format!("/tmp/acdd-bed-{}-{sip}", std::process::id());
        let bed = Self { root, home, process: None, sip, http };
        for folder in ["etc", "run", "spool", "db", "log", "moh"] {
            std::fs::create_dir_all(bed.path(folder)).expect("a writable root");
        }
        bed.configure(agents);
        bed.started()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(self.home.trim_start_matches('/')).join(name)
    }

    fn started(mut self) -> Self {
        let log = std::fs::File::create(self.path("log/console")).expect("a log");
        let errors = log.try_clone().expect("a log");
        let process = self
            .asterisk()
            .arg("-f")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("asterisk runs");
        self.process = Some(process);
        until("Asterisk's start", || self.cli("core waitfullybooted").contains("fully booted"));
        self
    }

    /// Kills it and starts it again: its calls are gone.
    pub(crate) fn restart(mut self) -> Self {
        self.kill();
        self.started()
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Nothing is lost: there is nothing to save.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn asterisk(&self) -> Command {
        let config = format!("{}/etc/asterisk.conf", self.home);
        let mut command = if self.root == Path::new("/") {
            Command::new("asterisk")
        } else {
            let mut chroot = Command::new("chroot");
            chroot.arg(&self.root).arg("asterisk");
            chroot
        };
        command.args(["-C", &config]);
        command
    }

    /// What a command on its console comes to.
    pub(crate) fn cli(&self, command: &str) -> String {
        let output = self.asterisk().args(["-rx", command]).output().expect("asterisk runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How many channels and bridges there are; the one for those who wait is not counted.
    pub(crate) fn channels_and_bridges(&self) -> (usize, usize) {
        let channels = self.cli("core show channels concise");
        let bridges = self.cli("bridge show all");
        let talks = |line: &&str| line.contains("acd-talk");
        (
            channels.lines().filter(|line| line.contains('!')).count(),
            bridges.lines().filter(talks).count(),
        )
    }

    /// How many channels are at an extension of the dialplan.
    pub(crate) fn channels_at(&self, context: &str, extension: &str) -> usize {
        let channels = self.cli("core show channels concise");
        let there = format!("!{context}!{extension}!");
        channels.lines().filter(|line| line.contains(&there)).count()
    }

    fn configure(&self, agents: &[(&str, u16)]) {
        let Self { home, sip, http, .. } = self;
        let modules = glob_modules(&self.root);
        let files = [
            (
                "asterisk.conf",
                format!(
                    "[directories]\nastetcdir => {home}/etc\nastmoddir => {modules}\n\
                     astvarlibdir => /var/lib/asterisk\nastdbdir => {home}/db\n\
                     astkeydir => {home}/db\nastdatadir => /usr/share/asterisk\n\
                     astagidir => {home}/db\nastspooldir => {home}/spool\n\
                     astrundir => {home}/run\nastlogdir => {home}/log\n\
                     [options]\nmaxfiles = 20000\nnocolor = yes\n"
                ),
            ),
            ("ari.conf", "[general]\nenabled=yes\n[acd]\ntype=user\npassword=secret\n".to_owned()),
            ("http.conf", format!("[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={http}\n")),
            ("logger.conf", "[logfiles]\nmessages => notice,warning,error\n".to_owned()),
            ("rtp.conf", "[general]\nrtpstart=20000\nrtpend=31998\n".to_owned()),
            ("musiconhold.conf", format!("[default]\nmode=files\ndirectory={home}/moh\n")),
            ("modules.conf", modules_conf()),
            ("extensions.conf", extensions_conf()),
            ("queues.conf", queues_conf(agents)),
            ("pjsip.conf", pjsip_conf(*sip, agents)),
        ];
        // A second of silence is music enough to be sent.
        std::fs::write(self.path("moh/silence.ulaw"), [0xff; 8_000]).expect("a writable root");
        for (name, text) in files {
            std::fs::write(self.path("etc").join(name), text).expect("a writable root");
        }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.path("log/messages")).unwrap_or_default();
            eprintln!("Asterisk said:\n{log}");
        }
        let _ = std::fs::remove_dir_all(self.path(""));
    }
}

/// Debian keeps modules in a folder named by the machine's architecture.
fn glob_modules(root: &Path) -> String {
    let lib = std::fs::read_dir(root.join("usr/lib")).expect("/usr/lib").flatten();
    let mut found = lib.map(|entry| entry.path().join("asterisk/modules"));
    let found = found.find(|path| path.is_dir()).expect("Asterisk's modules");
    format!("/{}", found.strip_prefix(root).expect("within").display())
}

/// The dialplan of the tests, and with it the one that the project ships.
fn extensions_conf() -> String {
    let shipped = include_str!("../../config/adapters/extensions.conf");
    // Whoever is called by a rule answers by himself here.
    let (shipped, _) = shipped.split_once("[acd-transfer]").expect("its last part");
    include_str!("extensions.conf").to_owned() + shipped
}

fn modules_conf() -> String {
    let mut text = "[modules]\nautoload=no\n".to_owned();
    for module in include_str!("modules.txt").split_whitespace() {
        let _ = writeln!(text, "load={module}.so");
    }
    text
}

fn queues_conf(agents: &[(&str, u16)]) -> String {
    let mut text = "[plain]\nstrategy=rrmemory\ntimeout=15\nretry=1\nringinuse=no\n\
                    wrapuptime=0\nautofill=yes\n"
        .to_owned();
    for (agent, _) in agents {
        let _ = writeln!(text, "member => PJSIP/{agent}");
    }
    text
}

fn pjsip_conf(sip: u16, agents: &[(&str, u16)]) -> String {
    let common = "transport=udp\ndisallow=all\nallow=ulaw\ndirect_media=no\n\
                  media_address=127.0.0.1\n";
    let mut text = format!(
        "[global]\ntype=global\nendpoint_identifier_order=ip,username\n\
         [udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip}\n\
         [trunk]\ntype=endpoint\ncontext=callers\naors=trunk\n{common}\
         [trunk]\ntype=aor\ncontact=sip:{CALLERS}:25080\n\
         [trunk]\ntype=identify\nendpoint=trunk\nmatch={CALLERS}\n"
    );
    for (agent, port) in agents {
        let _ = write!(text, "[{agent}]\ntype=endpoint\ncontext=agents\naors={agent}\n{common}");
        if *agent == MUTE {
            text += "rtp_timeout=1\n";
        }
        let _ = writeln!(text, "[{agent}]\ntype=aor\nmax_contacts=1");
        if *port != 0 {
            let _ = writeln!(text, "contact=sip:{agent}@{AGENTS}:{port}");
        }
    }
    text
}
